public import Foundation
import GRDB

/// The row of a network; versions of one architecture share it.
public struct NetworkID: RawRepresentable, Hashable, Sendable {
    /// The number in the catalog.
    public let rawValue: Int64

    /// Wraps a number of the catalog.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// A network as the catalog keeps it: encoded, and known by its hash.
public struct NetworkRecord: Hashable, Sendable {
    /// The SHA-256 of ``graph``.
    public var hash: [UInt8]
    /// Where it was found: `caffe`, `onnx`, `names only`.
    public var source: String
    /// The number of layers, inputs not among them.
    public var layerCount: Int
    /// The number of learned elements, if known.
    public var parameterCount: Int?
    /// The encoded network.
    public var graph: [UInt8]
    /// The committed file that it was read from; nil if only tensors tell of it.
    public var filePath: [UInt8]?

    /// Creates a record.
    public init(
        hash: [UInt8],
        source: String,
        layerCount: Int,
        parameterCount: Int?,
        graph: [UInt8],
        filePath: [UInt8]?
    ) {
        self.hash = hash
        self.source = source
        self.layerCount = layerCount
        self.parameterCount = parameterCount
        self.graph = graph
        self.filePath = filePath
    }
}

extension Catalog {
    /// The network of a version; nil if nothing tells of one.
    public func network(of version: VersionID) throws -> NetworkRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    SELECT hash, source, layerCount, parameterCount, graph, path
                    FROM versionNetwork JOIN network ON id = network WHERE version = ?
                    """,
                arguments: [version.rawValue]
            ).map { row in
                NetworkRecord(
                    hash: [UInt8](row[0] as Data),
                    source: row[1],
                    layerCount: row[2],
                    parameterCount: row[3],
                    graph: [UInt8](row[4] as Data),
                    filePath: (row[5] as Data?).map { [UInt8]($0) }
                )
            }
        }
    }

    /// The networks of all versions that are there.
    public func networksByVersion() throws -> [VersionID: NetworkID] {
        try read { database in
            var networks: [VersionID: NetworkID] = [:]
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT version, network FROM versionNetwork"
            )
            while let row = try rows.next() {
                networks[VersionID(rawValue: row[0])] = NetworkID(rawValue: row[1])
            }
            return networks
        }
    }

    /// Calls a function with every distinct network, encoded.
    ///
    /// - Parameter body: Gets the network's row and bytes, which are valid during the call.
    public func forEachNetwork(_ body: (NetworkID, Data) throws -> Void) throws {
        try read { database in
            let rows = try Row.fetchCursor(database, sql: "SELECT id, graph FROM network")
            while let row = try rows.next() {
                try row.withUnsafeData(atIndex: 1) { data in
                    guard let data else { return }
                    try body(NetworkID(rawValue: row[0]), data)
                }
            }
        }
    }

    /// Adds the network of a version, or a reference to an equal one.
    static func insert(
        _ network: NetworkRecord,
        version: Int64,
        in database: Database
    ) throws {
        try database.execute(
            cachedSQL: """
                INSERT INTO network (hash, source, layerCount, parameterCount, graph)
                VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
            arguments: [
                Data(network.hash), network.source, network.layerCount, network.parameterCount,
                Data(network.graph),
            ]
        )
        try database.execute(
            cachedSQL: """
                INSERT INTO versionNetwork (version, network, path)
                SELECT ?, id, ? FROM network WHERE hash = ?
                """,
            arguments: [version, network.filePath.map { Data($0) }, Data(network.hash)]
        )
    }

    /// Takes the network of a version away, and those that no version has any more.
    static func removeNetwork(of version: Int64, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM versionNetwork WHERE version = ?",
            arguments: [version]
        )
        try database.execute(
            sql: "DELETE FROM network WHERE id NOT IN (SELECT network FROM versionNetwork)"
        )
    }
}
