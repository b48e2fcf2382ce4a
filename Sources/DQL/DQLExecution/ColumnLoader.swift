import Catalog
import DQLSyntax
import Foundation
import Networks

/// Finds out facts of many rows at once, one statement a kind of fact.
final class ColumnLoader {
    private let catalog: Catalog
    private let clock: QueryClock
    private lazy var lineage = Lineage(catalog)
    private lazy var networks = NetworkColumns(catalog, clock)
    /// The versions without a graph that a selector with a step was asked of.
    var namesOnlyCount: Int { networks.namesOnly.count }

    init(_ catalog: Catalog, _ clock: QueryClock) {
        self.catalog = catalog
        self.clock = clock
    }

    /// Fills the slots of a table that a condition or an answer needs.
    func load(_ slots: Set<Int>, of table: EntityTable) throws {
        for slot in table.missing(slots) {
            try clock.check()
            let attribute = table.variable.attributes[slot]
            table.setColumn(slot, try column(attribute, table.entities))
        }
    }

    /// The network of an entity; nil if it has none.
    func network(of entity: Entity) throws -> Network? {
        try networks.network(of: entity)
    }

    /// The values of an attribute.
    func column(_ attribute: Attribute, _ entities: [Entity]) throws -> [DQLValue] {
        if let plain = Self.plain(attribute) { return entities.map(plain) }
        let versions = Set(entities.map(\.version.id)).sorted()
        switch attribute {
        case .tags:
            var tags: [VersionID: [DQLValue]] = [:]
            try catalog.forEachTag(of: versions) { tags[$0, default: []].append(.text($1)) }
            return entities.map { .list(tags[$0.version.id] ?? []) }
        case .parents, .children, .ancestors, .descendants:
            return try lineage.column(attribute, entities)
        case .hyperparameter(let name):
            var values: [VersionID: DQLValue] = [:]
            try catalog.forEachHyperparameter(named: name, of: versions) { version, _, json in
                values[version] = DQLValue(json: json)
            }
            return entities.map { values[$0.version.id] ?? .missing }
        case .measurement(let name, let reading):
            return try measurements(name, reading, entities, versions)
        case .storedByteCount:
            let counts = try catalog.storedByteCounts(of: versions)
            return entities.map { counts[$0.version.id].map(DQLValue.integer) ?? .missing }
        case .iteration, .label, .parameters, .byteCount, .dtypes, .isFinite:
            return try snapshotFacts(attribute, entities, versions)
        default: return try networks.column(attribute, entities)
        }
    }

    /// What an entity itself knows.
    private static func plain(_ attribute: Attribute) -> ((Entity) -> DQLValue)? {
        switch attribute {
        case .reference: { .text($0.reference) }
        case .name: { .text($0.name) }
        case .version: { .integer(Int64($0.version.number)) }
        case .creationTime: { .integer($0.version.creationTime) }
        case .message: { .text($0.version.message) }
        case .globalID: { .text($0.version.globalID.description) }
        default: nil
        }
    }

    // MARK: Measurements

    private func measurements(
        _ name: String,
        _ reading: Attribute.Reading,
        _ entities: [Entity],
        _ versions: [VersionID]
    ) throws -> [DQLValue] {
        let isOfSnapshots = entities.contains { $0.snapshot != nil }
        let latestOnly = reading == .latest && !isOfSnapshots
        var series: [VersionID: [(iteration: Int64, value: Double)]] = [:]
        try catalog.forEachMeasurement(
            named: name, of: versions, latestOnly: latestOnly
        ) { version, _, iteration, value in
            series[version, default: []].append((iteration, value))
        }
        return entities.map { entity in
            let values = series[entity.version.id] ?? []
            switch reading {
            case .latest:
                guard let iteration = entity.snapshot?.iteration else {
                    return .measured(values.last?.value)
                }
                return .measured(values.last { $0.iteration == iteration }?.value)
            case .first: return .measured(values.first?.value)
            case .at(let iteration):
                return .measured(values.last { $0.iteration == iteration }?.value)
            case .minimum: return .measured(values.map(\.value).filter { !$0.isNaN }.min())
            case .maximum: return .measured(values.map(\.value).filter { !$0.isNaN }.max())
            }
        }
    }

    // MARK: Snapshots

    private func snapshotFacts(
        _ attribute: Attribute,
        _ entities: [Entity],
        _ versions: [VersionID]
    ) throws -> [DQLValue] {
        var facts: [VersionID: [SnapshotFactRecord]] = [:]
        try catalog.forEachSnapshotFact(of: versions) { facts[$0, default: []].append($1) }
        var byteCounts: [VersionID: Int64] = [:]
        if attribute == .byteCount { byteCounts = try catalog.fileByteCounts(of: versions) }
        return entities.map { entity in
            if attribute == .byteCount, entity.snapshot == nil {
                return byteCounts[entity.version.id].map(DQLValue.integer) ?? .missing
            }
            let known = facts[entity.version.id] ?? []
            let fact =
                entity.snapshot.map { snapshot in
                    known.first { $0.snapshot.ordinal == snapshot.ordinal }
                } ?? known.last
            return fact.map { Self.value(attribute, $0) } ?? .missing
        }
    }

    private static func value(_ attribute: Attribute, _ fact: SnapshotFactRecord) -> DQLValue {
        switch attribute {
        case .iteration: return .integer(fact.snapshot.iteration)
        case .label: return .text(fact.snapshot.label)
        default: break
        }
        guard let weights = fact.weights else { return .missing }
        switch attribute {
        case .parameters: return .integer(weights.parameterCount)
        case .byteCount: return .integer(weights.byteCount)
        case .dtypes: return .list(weights.dtypes.map(DQLValue.text))
        case .isFinite: return .boolean(weights.nonFiniteCount == 0)
        default: return .missing
        }
    }
}

extension DQLValue {
    /// A measured number; nil and NaN are missing.
    static func measured(_ value: Double?) -> DQLValue {
        value.map(measured) ?? .missing
    }

    /// A hyperparameter of the catalog; objects are texts.
    init(json: String) {
        switch json {
        case "true": self = .boolean(true)
        case "false": self = .boolean(false)
        case "null": self = .missing
        default:
            if let integer = Int64(json) {
                self = .integer(integer)
            } else if let number = Double(json), number.isFinite {
                self = .number(number)
            } else {
                self = Self.decoded(json)
            }
        }
    }

    private static func decoded(_ json: String) -> DQLValue {
        let data = Data(json.utf8)
        if json.hasPrefix("\"") {
            return (try? JSONDecoder().decode(String.self, from: data)).map(DQLValue.text)
                ?? .text(json)
        }
        guard json.hasPrefix("["),
            let values = try? JSONDecoder().decode([JSONScalar].self, from: data)
        else { return .text(json) }
        return .list(values.map(\.value))
    }
}

/// An element of a list in JSON that is no list or object itself.
private struct JSONScalar: Decodable {
    let value: DQLValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let boolean = try? container.decode(Bool.self) {
            value = .boolean(boolean)
        } else if let integer = try? container.decode(Int64.self) {
            value = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            value = .number(number)
        } else {
            value = .text(try container.decode(String.self))
        }
    }
}
