import Foundation
import GRDB

extension Catalog {
    /// Calls a function with the network of each of some versions.
    public func forEachNetworkID(
        of versions: [VersionID],
        _ body: (VersionID, NetworkID) throws -> Void
    ) throws {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT version, network FROM versionNetwork
                    WHERE version IN (SELECT value FROM json_each(?))
                    """,
                arguments: [Self.list(versions)]
            )
            while let row = try rows.next() {
                try body(VersionID(rawValue: row[0]), NetworkID(rawValue: row[1]))
            }
        }
    }

    /// Calls a function with the encoded bytes of some networks.
    ///
    /// They are read some at a time, and the function is called between the statements, so that a
    /// query that takes long holds no transaction open.
    public func forEachNetwork(
        of networks: [NetworkID],
        _ body: (NetworkID, [UInt8]) throws -> Void
    ) throws {
        let batchCount = 256
        for start in stride(from: 0, to: networks.count, by: batchCount) {
            let batch = networks[start..<min(start + batchCount, networks.count)]
            let list = "[" + batch.map { String($0.rawValue) }.joined(separator: ",") + "]"
            let found = try read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT id, graph FROM network
                        WHERE id IN (SELECT value FROM json_each(?))
                        """,
                    arguments: [list]
                ).map { (NetworkID(rawValue: $0[0]), [UInt8]($0[1] as Data)) }
            }
            for (network, bytes) in found { try body(network, bytes) }
        }
    }
}
