import Foundation
import GRDB

extension Catalog {
    /// The hyperparameters of a version in order of their names, each value a JSON text.
    public func hyperparameters(
        of version: VersionID
    ) throws -> [(name: String, value: String)] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: "SELECT name, value FROM hyperparameter WHERE version = ? ORDER BY name",
                arguments: [version.rawValue]
            ).map { ($0[0], $0[1]) }
        }
    }

    /// The measurements of a version in order of name and iteration.
    public func measurements(of version: VersionID) throws -> [MeasurementRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT name, iteration, value FROM measurement WHERE version = ?
                    ORDER BY name, iteration
                    """,
                arguments: [version.rawValue]
            ).map {
                MeasurementRecord(
                    name: $0[0],
                    iteration: $0[1],
                    value: $0[2] as Double? ?? .nan
                )
            }
        }
    }

    /// Calls a function with every (version, name, JSON value) of all hyperparameters.
    public func forEachHyperparameter(
        _ body: (VersionID, String, String) throws -> Void
    ) throws {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT version, name, value FROM hyperparameter ORDER BY version"
            )
            while let row = try rows.next() {
                try body(VersionID(rawValue: row[0]), row[1], row[2])
            }
        }
    }

    /// Calls a function with the last measurement of every (version, name), or with all of some
    /// names.
    ///
    /// - Parameters:
    ///   - names: The names whose measurements are wanted at every iteration.
    ///   - body: Gets version, name, iteration, value.
    public func forEachMeasurement(
        atEveryIterationOf names: Set<String>,
        _ body: (VersionID, String, Int64, Double) throws -> Void
    ) throws {
        try read { database in
            // The primary key makes the last row of each group one seek.
            let last = try Row.fetchCursor(
                database,
                sql: """
                    SELECT version, name, max(iteration), value FROM measurement
                    GROUP BY version, name
                    """
            )
            while let row = try last.next() {
                let name = row[1] as String
                guard !names.contains(name) else { continue }
                try body(
                    VersionID(rawValue: row[0]), name, row[2], row[3] as Double? ?? .nan
                )
            }
            guard !names.isEmpty else { return }
            let marks = names.map { _ in "?" }.joined(separator: ",")
            let all = try Row.fetchCursor(
                database,
                sql: """
                    SELECT version, name, iteration, value FROM measurement
                    WHERE name IN (\(marks)) ORDER BY version, name, iteration
                    """,
                arguments: StatementArguments(names.sorted())
            )
            while let row = try all.next() {
                try body(
                    VersionID(rawValue: row[0]), row[1], row[2], row[3] as Double? ?? .nan
                )
            }
        }
    }

    /// Calls a function with every (version, tag), in order of the tags.
    public func forEachTag(_ body: (VersionID, String) throws -> Void) throws {
        try read { database in
            let rows = try Row.fetchCursor(database, sql: "SELECT version, name FROM tag ORDER BY name")
            while let row = try rows.next() {
                try body(VersionID(rawValue: row[0]), row[1])
            }
        }
    }

    /// Calls a function with every (version, parent) whose parent this archive has.
    public func forEachParent(_ body: (VersionID, VersionRecord) throws -> Void) throws {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT v.id, globalID, v.model, m.name, number, creationTime, message,
                        removalTime, p.version
                    FROM parent p JOIN version v ON v.globalID = p.parent
                    JOIN model m ON m.id = v.model ORDER BY p.version, ordinal
                    """
            )
            while let row = try rows.next() {
                guard let record = VersionRecord(row: row) else { continue }
                try body(VersionID(rawValue: row[8]), record)
            }
        }
    }
}
