import Foundation
import GRDB
public import ParameterStore

/// Where a file or a tensor of an archive is found.
public struct CommittedPlace: Hashable, Sendable {
    /// The version.
    public let version: VersionID
    /// The name that users write: `lenet@v3`.
    public let reference: String
    /// The name of the snapshot, if the file belongs to one.
    public let snapshot: String?
    /// The path below `files/`.
    public let path: String
    /// The name of the tensor; nil for a file.
    public let tensor: String?

    /// The snapshot as users write it, `lenet@v3:10000`, or the version.
    public var snapshotReference: String { snapshot.map { "\(reference):\($0)" } ?? reference }
}

extension Catalog {
    /// More places than this of one file or tensor tell nothing new.
    private static let placeCountMax = 1000

    private static let places = """
        FROM file f JOIN version v ON v.id = f.version JOIN model m ON m.id = v.model
        LEFT JOIN snapshot s ON s.version = f.version AND s.ordinal = f.snapshot
        """

    /// The committed files whose bytes have a hash, the newest first.
    ///
    /// - Parameter hash: The SHA-256 of the whole file.
    public func files(withHash hash: [UInt8]) throws -> [CommittedPlace] {
        try places(
            "SELECT v.id, m.name, v.number, s.iteration, s.label, f.path, NULL " + Self.places
                + " WHERE \(CatalogSchema.isHash("f.hash"))",
            [Data(hash)]
        )
    }

    /// The tensors of weights that equal one, the newest first.
    ///
    /// - Parameter hash: As in ``TensorFacts/hash``.
    public func tensors(withHash hash: [UInt8]) throws -> [CommittedPlace] {
        try places(
            "SELECT v.id, m.name, v.number, s.iteration, s.label, f.path, t.name " + Self.places
                + """
                 JOIN tensor t ON t.file = f.id JOIN tensorFact k ON k.id = t.fact
                WHERE \(CatalogSchema.isHash("k.hash"))
                """,
            [Data(hash)]
        )
    }

    /// The tensors that begin a content, the newest first.
    public func tensors(beginning content: ContentID) throws -> [CommittedPlace] {
        try places(
            "SELECT v.id, m.name, v.number, s.iteration, s.label, f.path, t.name " + Self.places
                + " JOIN tensor t ON t.file = f.id WHERE t.content = ? AND t.byteOffset = 0",
            [content.rawValue]
        )
    }

    private func places(
        _ sql: String,
        _ arguments: StatementArguments
    ) throws -> [CommittedPlace] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: sql
                    + " AND v.removalTime IS NULL ORDER BY v.id DESC LIMIT \(Self.placeCountMax)",
                arguments: arguments
            ).map { row in
                let label = row[4] as String? ?? ""
                return CommittedPlace(
                    version: VersionID(rawValue: row[0]),
                    reference: "\(row[1] as String)@v\(row[2] as Int)",
                    snapshot: (row[3] as Int64?).map { label.isEmpty ? "\($0)" : "\($0)-\(label)" },
                    path: String(decoding: row[5] as Data, as: UTF8.self),
                    tensor: row[6]
                )
            }
        }
    }
}
