import Foundation
import GRDB

extension Catalog {
    /// The count of changes to models, versions and tags so far; grows with every one.
    public func generation() throws -> Int64 {
        try read { database in
            try Int64.fetchOne(
                database,
                cachedSQL: "SELECT value FROM counter WHERE name = 'generation'"
            ) ?? 0
        }
    }

    /// The names of all models that have a version that was not removed, in order.
    public func modelNames() throws -> [String] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT name FROM model m WHERE EXISTS
                        (SELECT 1 FROM version WHERE model = m.id AND removalTime IS NULL)
                    ORDER BY name COLLATE BINARY
                    """
            )
        }
    }

    /// The models in order: row, name, and the number of their versions that were not removed.
    public func models() throws -> [(id: ModelID, name: String, versionCount: Int)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT m.id, name, count(*) FROM model m JOIN version v ON v.model = m.id
                    WHERE removalTime IS NULL GROUP BY m.id ORDER BY name COLLATE BINARY
                    """
            ).map { (ModelID(rawValue: $0[0]), $0[1], $0[2]) }
        }
    }

    /// The models that have a version that was not removed, with the time of the newest one in
    /// milliseconds since 1970.
    public func newestTimes() throws -> [(name: String, newestTime: Int64)] {
        try read { database in
            // One look into the index a model, however many versions it has.
            try database.values(
                cachedSQL: """
                    SELECT m.name, v.creationTime FROM model m JOIN version v ON v.id =
                        (SELECT id FROM version WHERE model = m.id AND removalTime IS NULL
                         ORDER BY number DESC LIMIT 1)
                    """,
                arguments: []
            ) { ($0.text(0), Int64($0.integer(1))) }
        }
    }

    /// A model whose name is equal but for the case of its letters: its row and its name.
    public func model(named name: String) throws -> (id: ModelID, name: String)? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: "SELECT id, name FROM model WHERE name = ?",
                arguments: [name]
            ).map { (ModelID(rawValue: $0[0]), $0[1]) }
        }
    }

    private static let versionColumns = """
        SELECT v.id, globalID, v.model, m.name, number, creationTime, message, removalTime
        FROM version v JOIN model m ON m.id = v.model
        """

    /// The versions of a model, or of all models, in order of name and number.
    ///
    /// - Parameters:
    ///   - model: The name of the model; nil for all.
    ///   - includingRemoved: Whether removed versions are in the answer too.
    public func versions(
        of model: String? = nil,
        includingRemoved: Bool = false
    ) throws -> [VersionRecord] {
        try read { database in
            var conditions: [String] = []
            var arguments: StatementArguments = []
            if let model {
                conditions.append("m.name = ?")
                arguments += [model]
            }
            if !includingRemoved { conditions.append("removalTime IS NULL") }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            return try Row.fetchAll(
                database,
                sql: "\(Self.versionColumns) \(filter) ORDER BY m.name COLLATE BINARY, number",
                arguments: arguments
            ).compactMap(VersionRecord.init(row:))
        }
    }

    /// The versions of a model that were not removed, in order of their numbers.
    public func listedVersions(of model: ModelID) throws -> [ListedVersion] {
        try read { try Self.listedVersions(of: model, $0) }
    }

    /// The versions of every model that were not removed: models in order of their names, versions of their
    /// numbers.
    public func listedVersions() throws -> [(model: String, versions: [ListedVersion])] {
        try read { database in
            // Sorted here: SQLite would sort all the versions.
            try database.values(cachedSQL: "SELECT id, name FROM model", arguments: []) {
                (id: ModelID(rawValue: Int64($0.integer(0))), name: $0.text(1))
            }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .map { ($0.name, try Self.listedVersions(of: $0.id, database)) }
        }
    }

    private static func listedVersions(
        of model: ModelID,
        _ database: Database
    ) throws -> [ListedVersion] {
        try database.values(
            cachedSQL: """
                SELECT id, number, creationTime FROM version
                WHERE model = ? AND removalTime IS NULL ORDER BY number
                """,
            arguments: [model.rawValue]
        ) { columns in
            ListedVersion(
                id: VersionID(rawValue: Int64(columns.integer(0))),
                number: columns.integer(1),
                creationTime: Int64(columns.integer(2))
            )
        }
    }

    /// The version of a row, removed or not.
    public func version(_ id: VersionID) throws -> VersionRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: "\(Self.versionColumns) WHERE v.id = ?",
                arguments: [id.rawValue]
            ).flatMap(VersionRecord.init(row:))
        }
    }

    /// The version of a model that has a number, removed or not.
    public func version(of model: String, number: Int) throws -> VersionRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: "\(Self.versionColumns) WHERE m.name = ? AND number = ?",
                arguments: [model, number]
            ).flatMap(VersionRecord.init(row:))
        }
    }

    /// The newest version of a model that was not removed.
    public func newestVersion(of model: String) throws -> VersionRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    \(Self.versionColumns) WHERE m.name = ? AND removalTime IS NULL
                    ORDER BY number DESC LIMIT 1
                    """,
                arguments: [model]
            ).flatMap(VersionRecord.init(row:))
        }
    }

    /// The version of a model that carries a tag.
    public func version(of model: String, tag: String) throws -> VersionRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    \(Self.versionColumns) JOIN tag t ON t.version = v.id AND t.model = m.id
                    WHERE m.name = ? AND t.name = ? AND removalTime IS NULL
                    """,
                arguments: [model, tag]
            ).flatMap(VersionRecord.init(row:))
        }
    }

    /// The tags of a model, in order, with the versions that carry them.
    public func tags(of model: ModelID) throws -> [(name: String, version: VersionRecord)] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT v.id, globalID, v.model, m.name, number, creationTime, message,
                        removalTime, t.name
                    FROM tag t JOIN version v ON v.id = t.version JOIN model m ON m.id = t.model
                    WHERE t.model = ? AND removalTime IS NULL ORDER BY t.name
                    """,
                arguments: [model.rawValue]
            ).compactMap { row in VersionRecord(row: row).map { (row[8], $0) } }
        }
    }

    /// The tags of a version, in order.
    public func tags(of version: VersionID) throws -> [String] {
        try read { database in
            try String.fetchAll(
                database,
                cachedSQL: "SELECT name FROM tag WHERE version = ? ORDER BY name",
                arguments: [version.rawValue]
            )
        }
    }

    /// The parents of a version in the order of its commit; nil for one this archive lacks.
    public func parents(
        of version: VersionID
    ) throws -> [(globalID: GlobalID, record: VersionRecord?)] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT v.id, globalID, v.model, m.name, number, creationTime, message,
                        removalTime, parent
                    FROM parent p LEFT JOIN version v ON v.globalID = p.parent
                    LEFT JOIN model m ON m.id = v.model
                    WHERE p.version = ? ORDER BY ordinal
                    """,
                arguments: [version.rawValue]
            ).compactMap { row in
                GlobalID(bytes: [UInt8](row[8] as Data)).map { ($0, VersionRecord(row: row)) }
            }
        }
    }

    /// The versions that have a version as a parent, in order of name and number.
    public func children(of globalID: GlobalID) throws -> [VersionRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    \(Self.versionColumns) JOIN parent p ON p.version = v.id
                    WHERE p.parent = ? AND removalTime IS NULL
                    ORDER BY m.name COLLATE BINARY, number
                    """,
                arguments: [Data(globalID.bytes)]
            ).compactMap(VersionRecord.init(row:))
        }
    }
}

extension VersionRecord {
    /// Reads the columns id, globalID, model, name, number, creationTime, message, removalTime.
    init?(row: Row) {
        self.init(row: row, from: 0)
    }

    /// Reads the same columns from a place on.
    init?(row: Row, from first: Int) {
        guard let id = row[first] as Int64?,
            let globalID = GlobalID(bytes: [UInt8](row[first + 1] as Data))
        else { return nil }
        self.init(
            id: VersionID(rawValue: id),
            globalID: globalID,
            modelID: ModelID(rawValue: row[first + 2]),
            model: row[first + 3],
            number: row[first + 4],
            creationTime: row[first + 5],
            message: row[first + 6],
            removalTime: row[first + 7]
        )
    }
}
