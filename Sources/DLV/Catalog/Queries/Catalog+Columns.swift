import Foundation
import GRDB

// The facts of many versions at once: one statement a kind of fact, however many versions there are.

extension Catalog {
    /// A set of rows as one argument: `version IN (SELECT value FROM json_each(?))`.
    static func list(_ versions: [VersionID]) -> String {
        "[" + versions.map { String($0.rawValue) }.joined(separator: ",") + "]"
    }

    /// Calls a function with (version, name, JSON value) of the hyperparameters of versions.
    ///
    /// - Parameter name: The hyperparameter; nil for all, in order of their names.
    public func forEachHyperparameter(
        named name: String?,
        of versions: [VersionID],
        _ body: (VersionID, String, String) throws -> Void
    ) throws {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT version, name, value FROM hyperparameter
                    WHERE version IN (SELECT value FROM json_each(?))
                        \(name == nil ? "" : "AND name = ?")
                    """,
                arguments: StatementArguments([Self.list(versions)] + (name.map { [$0] } ?? []))
            )
            while let row = try rows.next() {
                try body(VersionID(rawValue: row[0]), row[1], row[2])
            }
        }
    }

    /// Calls a function with (version, name, iteration, value) of the measurements of versions, in
    /// order of iteration.
    ///
    /// - Parameters:
    ///   - name: The measurement; nil for all.
    ///   - latestOnly: Whether only that of the highest iteration of each is wanted.
    public func forEachMeasurement(
        named name: String?,
        of versions: [VersionID],
        latestOnly: Bool,
        _ body: (VersionID, String, Int64, Double) throws -> Void
    ) throws {
        // The primary key makes the row of the greatest iteration of each group one seek.
        let columns = latestOnly ? "version, name, max(iteration), value" : "version, name, iteration, value"
        let order = latestOnly ? "GROUP BY version, name" : "ORDER BY version, name, iteration"
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT \(columns) FROM measurement
                    WHERE version IN (SELECT value FROM json_each(?))
                        \(name == nil ? "" : "AND name = ?")
                    \(order)
                    """,
                arguments: StatementArguments([Self.list(versions)] + (name.map { [$0] } ?? []))
            )
            while let row = try rows.next() {
                try body(
                    VersionID(rawValue: row[0]), row[1], row[2], row[3] as Double? ?? .nan
                )
            }
        }
    }

    /// Calls a function with (version, tag) of the tags of versions, in order of the tags.
    public func forEachTag(
        of versions: [VersionID],
        _ body: (VersionID, String) throws -> Void
    ) throws {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT version, name FROM tag
                    WHERE version IN (SELECT value FROM json_each(?)) ORDER BY name
                    """,
                arguments: [Self.list(versions)]
            )
            while let row = try rows.next() { try body(VersionID(rawValue: row[0]), row[1]) }
        }
    }

    /// Calls a function with (child, reference of the parent) for every step of the lineage in the
    /// archive, in the order of the parents; removed versions are not among them.
    public func forEachLineageStep(
        _ body: (_ child: VersionRecord, _ parent: VersionRecord) throws -> Void
    ) throws {
        let columns = ["id", "globalID", "model", "number", "creationTime", "message", "removalTime"]
        func list(_ table: String, _ model: String) -> String {
            columns.map { $0 == "number" ? "\(model).name, \(table).number" : "\(table).\($0)" }
                .joined(separator: ", ")
        }
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT \(list("c", "n")), \(list("v", "m"))
                    FROM parent p JOIN version v ON v.globalID = p.parent
                    JOIN model m ON m.id = v.model
                    JOIN version c ON c.id = p.version JOIN model n ON n.id = c.model
                    WHERE c.removalTime IS NULL AND v.removalTime IS NULL
                    ORDER BY p.version, ordinal
                    """
            )
            while let row = try rows.next() {
                guard let child = VersionRecord(row: row),
                    let parent = VersionRecord(row: row, from: 8)
                else { continue }
                try body(child, parent)
            }
        }
    }

    /// The stored bytes of the contents that the files and documents of each version use; a content
    /// that several versions share counts for each.
    public func storedByteCounts(of versions: [VersionID]) throws -> [VersionID: Int64] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT version, sum(stored) FROM (
                        SELECT DISTINCT f.version AS version, s.content AS content,
                            (SELECT sum(storedByteCount) FROM coding WHERE content = s.content)
                                AS stored
                        FROM file f JOIN span s ON s.file = f.id
                        WHERE f.version IN (SELECT value FROM json_each(?)))
                    GROUP BY version
                    """,
                arguments: [Self.list(versions)]
            )
            return Dictionary(
                rows.map { (VersionID(rawValue: $0[0]), $0[1] as Int64? ?? 0) },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }
}

extension Catalog {
    /// Calls a function with the snapshots of versions and what is known of their weights, in order.
    public func forEachSnapshotFact(
        of versions: [VersionID],
        _ body: (VersionID, SnapshotFactRecord) throws -> Void
    ) throws {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT s.version, s.ordinal, iteration, label, isNumbered, tensorCount,
                        parameterCount, byteCount, nonFiniteCount, dtypes
                    FROM snapshot s LEFT JOIN snapshotFact f
                        ON f.version = s.version AND f.ordinal = s.ordinal
                    WHERE s.version IN (SELECT value FROM json_each(?))
                    ORDER BY s.version, s.ordinal
                    """,
                arguments: [Self.list(versions)]
            )
            while let row = try rows.next() {
                let snapshot = SnapshotRecord(
                    ordinal: row[1], iteration: row[2], label: row[3], isNumbered: row[4]
                )
                var fact = SnapshotFactRecord(snapshot: snapshot, weights: nil)
                if let tensorCount = row[5] as Int64? {
                    fact.weights = SnapshotFactRecord.Weights(
                        tensorCount: tensorCount,
                        parameterCount: row[6],
                        byteCount: row[7],
                        nonFiniteCount: row[8],
                        dtypes: (row[9] as String).split(separator: ",").map(String.init)
                    )
                }
                try body(VersionID(rawValue: row[0]), fact)
            }
        }
    }

    /// The bytes of all files of each version.
    public func fileByteCounts(of versions: [VersionID]) throws -> [VersionID: Int64] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT version, sum(byteCount) FROM file
                    WHERE version IN (SELECT value FROM json_each(?)) GROUP BY version
                    """,
                arguments: [Self.list(versions)]
            )
            return Dictionary(
                rows.map { (VersionID(rawValue: $0[0]), $0[1]) },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }
}
