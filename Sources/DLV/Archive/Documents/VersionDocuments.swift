import Catalog
import Foundation

/// Renders the facts of a version as the files that a mount shows of it.
///
/// They are rendered once, at commit, and never change after: what changes (tags, children) is not in
/// them.
enum VersionDocuments {
    /// The documents of a whole version, except those that are empty.
    static func render(
        _ commit: CommitRecord,
        parents: [VersionRecord],
        parameterCount: Int,
        lossyCopy: LossyCopy? = nil
    ) -> [DocumentRecord] {
        [
            document(.metadata, metadata(commit, parents: parents, parameterCount, lossyCopy)),
            document(.hyperparameters, hyperparameters(commit.hyperparameters)),
            document(.measurements, measurements(commit.measurements)),
            document(.lineage, lineage(commit, parents: parents)),
        ]
    }

    private static func document(_ kind: DocumentKind, _ text: String) -> DocumentRecord {
        let bytes = Array(text.utf8)
        return DocumentRecord(
            snapshot: nil,
            kind: kind,
            byteCount: bytes.count,
            body: .inline(bytes)
        )
    }

    private static func metadata(
        _ commit: CommitRecord,
        parents: [VersionRecord],
        _ parameterCount: Int,
        _ lossyCopy: LossyCopy?
    ) -> String {
        let weights = commit.files.filter { $0.record.role == .weights }
        let snapshots = commit.snapshots.map { snapshot in
            JSONText.object([
                .init("name", .string(snapshot.name)),
                .init("iteration", .integer(snapshot.iteration)),
                .init("label", .string(snapshot.label)),
                .init("numbered", .boolean(snapshot.isNumbered)),
            ])
        }
        let members: [JSONText.Member] = [
            .init("model", .string(commit.model)),
            .init("version", .string("v\(commit.number)")),
            .init("id", .string(commit.globalID.description)),
            .init("created", .string(Timestamp.text(commit.creationTime))),
            .init("message", .string(commit.message)),
            .init("parents", .array(parents.map { .string($0.reference) })),
            .init("snapshots", .array(snapshots)),
            .init("files", .integer(Int64(commit.files.count))),
            .init("bytes", .integer(Int64(commit.files.map(\.record.byteCount).reduce(0, +)))),
            .init("weight_files", .integer(Int64(weights.count))),
            .init("parameters", .integer(Int64(parameterCount))),
            .init("network", network(commit.network)),
        ]
        let scheme = lossyCopy.map { [JSONText.Member("scheme", $0.json)] } ?? []
        return JSONText.object(members + scheme).rendered()
    }

    private static func network(_ network: NetworkRecord?) -> JSONText {
        guard let network else { return .null }
        return .object([
            .init("source", .string(network.source)),
            .init(
                "file",
                network.filePath.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
            ),
            .init("layers", .integer(Int64(network.layerCount))),
            .init("parameters", network.parameterCount.map { .integer(Int64($0)) } ?? .null),
        ])
    }

    private static func hyperparameters(_ values: [(name: String, value: String)]) -> String {
        JSONText.object(
            values.sorted { $0.name < $1.name }.map { .init($0.name, .raw($0.value)) }
        ).rendered()
    }

    private static func lineage(_ commit: CommitRecord, parents: [VersionRecord]) -> String {
        let entries = zip(commit.parents, parents).map { id, parent in
            JSONText.object([
                .init("version", .string(parent.reference)), .init("id", .string(id.description)),
            ])
        }
        return JSONText.object([
            .init("version", .string("\(commit.model)@v\(commit.number)")),
            .init("id", .string(commit.globalID.description)),
            .init("parents", .array(entries)),
        ]).rendered()
    }

    /// A column a measurement, a row an iteration; empty where nothing was measured.
    private static func measurements(_ measurements: [MeasurementRecord]) -> String {
        var columns: [String: Int] = [:]
        for name in Set(measurements.map(\.name)).sorted() { columns[name] = columns.count }
        var rows: [Int64: [String]] = [:]
        for measurement in measurements {
            guard let column = columns[measurement.name] else { continue }
            let text =
                measurement.value.isNaN ? "nan" : JSONText.shortest(measurement.value)
            rows[
                measurement.iteration,
                default: Array(repeating: "", count: columns.count)
            ][column] = text
        }
        let header = ["iteration"] + columns.sorted { $0.value < $1.value }.map { escaped($0.key) }
        let lines = rows.sorted { $0.key < $1.key }.map { ["\($0.key)"] + $0.value }
        return ([header] + lines).map { $0.joined(separator: "\t") + "\n" }.joined()
    }

    /// A field of a TSV file: backslash, tab and newline become `\\`, `\t` and `\n`.
    static func escaped(_ text: String) -> String {
        guard text.contains(where: { $0 == "\t" || $0.isNewline || $0 == "\\" }) else { return text }
        return text.replacingOccurrences(of: "\\", with: "\\\\")
            .replacingOccurrences(of: "\t", with: "\\t")
            .replacingOccurrences(of: "\n", with: "\\n")
            .replacingOccurrences(of: "\r", with: "\\r")
    }
}
