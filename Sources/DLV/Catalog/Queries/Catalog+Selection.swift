import Foundation
import GRDB

extension Catalog {
    /// The versions or snapshots that a selection finds, in its order, by one statement.
    ///
    /// - Returns: Versions; with each the snapshot if the selection is of snapshots.
    public func select(
        _ selection: VersionSelection
    ) throws -> [(version: VersionRecord, snapshot: SnapshotRecord?)] {
        let (sql, arguments) = VersionSQL.statement(selection)
        return try read { database in
            var found: [(version: VersionRecord, snapshot: SnapshotRecord?)] = []
            let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while let row = try rows.next() {
                guard let version = VersionRecord(row: row) else { continue }
                guard selection.table == .snapshots else {
                    found.append((version, nil))
                    continue
                }
                let snapshot = SnapshotRecord(
                    ordinal: row[8], iteration: row[9], label: row[10], isNumbered: row[11]
                )
                found.append((version, snapshot))
            }
            return found
        }
    }

    /// How many rows a selection has.
    public func count(_ selection: VersionSelection) throws -> Int {
        let (sql, arguments) = VersionSQL.countStatement(selection)
        return try read { try Int.fetchOne($0, sql: sql, arguments: arguments) ?? 0 }
    }

    /// The statement of a selection, as explanations show it.
    public static func statement(of selection: VersionSelection) -> String {
        VersionSQL.statement(selection).sql
    }

    /// Whether any version has a hyperparameter of a name.
    public func hasHyperparameter(_ name: String) throws -> Bool {
        try exists("SELECT 1 FROM hyperparameter WHERE name = ? LIMIT 1", name)
    }

    /// Whether any version has a measurement of a name.
    public func hasMeasurement(_ name: String) throws -> Bool {
        try exists("SELECT 1 FROM measurement WHERE name = ? LIMIT 1", name)
    }

    private func exists(_ sql: String, _ name: String) throws -> Bool {
        try read { try Int.fetchOne($0, cachedSQL: sql, arguments: [name]) != nil }
    }

    /// The names of all hyperparameters.
    public func hyperparameterNames() throws -> Set<String> {
        try read { try String.fetchSet($0, sql: "SELECT DISTINCT name FROM hyperparameter") }
    }

    /// The names of all measurements.
    public func measurementNames() throws -> Set<String> {
        try read { try String.fetchSet($0, sql: "SELECT DISTINCT name FROM measurement") }
    }

    /// The names of all tags.
    public func tagNames() throws -> Set<String> {
        try read { try String.fetchSet($0, sql: "SELECT DISTINCT name FROM tag") }
    }
}

extension Catalog {
    /// A value of a hyperparameter if none of its values has one of some types.
    ///
    /// - Parameter types: As SQLite's `json_type` names them.
    /// - Returns: The JSON text and the version that has it; nil if a value has such a type, or if
    ///   there is no value.
    public func hyperparameter(
        _ name: String,
        isNever types: [String]
    ) throws -> (value: String, reference: String)? {
        let marks = types.map { _ in "?" }.joined(separator: ", ")
        return try read { database in
            let hasType = try Int.fetchOne(
                database,
                sql: """
                    SELECT 1 FROM hyperparameter WHERE name = ? AND json_valid(value)
                        AND json_type(value) IN (\(marks)) LIMIT 1
                    """,
                arguments: StatementArguments([name] + types)
            )
            guard hasType == nil else { return nil }
            return try Row.fetchOne(
                database,
                sql: """
                    SELECT value, m.name || '@v' || number FROM hyperparameter h
                    JOIN version v ON v.id = h.version JOIN model m ON m.id = v.model
                    WHERE h.name = ? AND json_valid(value) AND json_type(value) <> 'null' LIMIT 1
                    """,
                arguments: [name]
            ).map { ($0[0], $0[1]) }
        }
    }
}
