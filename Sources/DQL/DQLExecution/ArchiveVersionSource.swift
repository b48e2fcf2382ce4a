public import Archive
import Catalog
import Foundation

/// The versions and saved queries of an archive.
public struct ArchiveVersionSource: VersionSource {
    private let archive: ModelArchive

    /// Looks into an archive.
    public init(_ archive: ModelArchive) {
        self.archive = archive
    }

    /// The versions in order of name and number.
    public func versions(matching filter: VersionFilter) throws -> [VersionFacts] {
        let catalog = archive.catalog
        let records = try catalog.versions(of: filter.model)
        var facts = records.map { record in
            VersionFacts(
                model: record.model,
                number: record.number,
                globalID: record.globalID.description,
                creationTime: Timestamp.text(record.creationTime),
                message: record.message
            )
        }
        var places: [VersionID: Int] = [:]
        for (place, record) in records.enumerated() { places[record.id] = place }
        try catalog.forEachTag { version, tag in
            if let place = places[version] { facts[place].tags.append(tag) }
        }
        try catalog.forEachParent { version, parent in
            if let place = places[version] { facts[place].parents.append(parent.reference) }
        }
        try catalog.forEachHyperparameter { version, name, value in
            guard let place = places[version] else { return }
            facts[place].hyperparameters[name] = Self.value(json: value)
        }
        try catalog.forEachMeasurement(
            atEveryIterationOf: filter.measurementsAtEveryIteration
        ) { version, name, iteration, value in
            guard let place = places[version] else { return }
            facts[place].measurements[name, default: []].append(
                .init(iteration: iteration, value: value)
            )
        }
        return facts
    }

    /// A hyperparameter of the catalog; lists and objects are texts.
    private static func value(json: String) -> DQLValue {
        switch json {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .missing
        default: break
        }
        if let integer = Int64(json) { return .integer(integer) }
        if let number = Double(json) { return .number(number) }
        guard json.hasPrefix("\""),
            let text = try? JSONDecoder().decode(String.self, from: Data(json.utf8))
        else { return .text(json) }
        return .text(text)
    }

    /// The text of a saved query; nil if there is none of that name.
    public func savedQuery(named name: String) -> [UInt8]? {
        guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
        return FileManager.default.contents(atPath: "\(archive.queriesPath)/\(name).dql")
            .map { [UInt8]($0) }
    }

    /// The names of all saved queries, in order.
    public func savedQueryNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: archive.queriesPath)
            .filter { $0.hasSuffix(".dql") && !$0.hasPrefix(".") }
            .map { String($0.dropLast(4)) }.sorted()
    }
}
