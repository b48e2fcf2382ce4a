import Foundation
import GRDB

extension Catalog {
    /// Sets a tag on a version of its model, taking it from another that has it.
    public func setTag(_ name: String, on version: VersionRecord) throws {
        try write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO tag VALUES (?, ?, ?)",
                arguments: [version.modelID.rawValue, name, version.id.rawValue]
            )
            try Self.countChange(in: database)
        }
    }

    /// Removes a tag of a model.
    ///
    /// - Returns: Whether there was one.
    public func removeTag(_ name: String, of model: ModelID) throws -> Bool {
        try write { database in
            try database.execute(
                sql: "DELETE FROM tag WHERE model = ? AND name = ?",
                arguments: [model.rawValue, name]
            )
            let removed = database.changesCount > 0
            if removed { try Self.countChange(in: database) }
            return removed
        }
    }

    /// Removes a version: its row stays as a tombstone, everything that it consists of goes.
    ///
    /// The contents stay until ``collectContents()``.
    ///
    /// - Parameters:
    ///   - version: The row of the version.
    ///   - time: When, in milliseconds since 1970.
    public func remove(_ version: VersionID, at time: Int64) throws {
        try write { database in
            let id = version.rawValue
            try database.execute(
                sql: """
                    DELETE FROM span WHERE file IN (SELECT id FROM file WHERE version = ?);
                    DELETE FROM tensor WHERE file IN (SELECT id FROM file WHERE version = ?);
                    DELETE FROM file WHERE version = ?;
                    DELETE FROM snapshotFact WHERE version = ?;
                    DELETE FROM snapshot WHERE version = ?;
                    DELETE FROM hyperparameter WHERE version = ?;
                    DELETE FROM measurement WHERE version = ?;
                    DELETE FROM document WHERE version = ?;
                    DELETE FROM lossyVersion WHERE version = ?;
                    DELETE FROM tag WHERE version = ?;
                    UPDATE version SET removalTime = ? WHERE id = ?;
                    """,
                arguments: [id, id, id, id, id, id, id, id, id, id, time, id]
            )
            try Self.removeNetwork(of: id, in: database)
            try Self.countChange(in: database)
        }
    }

    /// Deletes the rows of contents that nothing needs, and of packs that hold none any more.
    ///
    /// A content is needed by a span, a tensor, a document, or as the base of a needed content.
    ///
    /// - Parameter keepingPacks: The names of packs that readers hold open: their contents stay.
    /// - Returns: How many contents went, the stored bytes that they took, and how many packs stay for
    ///   their readers alone.
    public func collectContents(
        keepingPacks held: [String] = []
    ) throws -> (count: Int, storedByteCount: Int, heldPackCount: Int) {
        try write { database in
            try database.execute(
                sql: """
                    CREATE TEMPORARY TABLE needed (id INTEGER PRIMARY KEY);
                    WITH RECURSIVE reached (id) AS (
                        SELECT content FROM span
                        UNION SELECT content FROM tensor WHERE content IS NOT NULL
                        UNION SELECT content FROM document WHERE content IS NOT NULL
                        UNION SELECT base FROM coding JOIN reached ON content = reached.id
                            WHERE base IS NOT NULL
                    )
                    INSERT INTO needed SELECT id FROM reached;
                    """
            )
            let heldPackCount = try Self.keepContents(ofPacks: held, in: database)
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT count(*), total(storedByteCount) FROM coding
                    WHERE content NOT IN (SELECT id FROM needed)
                    """
            )
            try database.execute(
                sql: """
                    DELETE FROM coding WHERE content NOT IN (SELECT id FROM needed);
                    DELETE FROM content WHERE id NOT IN (SELECT id FROM needed);
                    DELETE FROM pack WHERE id NOT IN (SELECT pack FROM coding);
                    DELETE FROM tensorFact WHERE id NOT IN
                        (SELECT fact FROM tensor WHERE fact IS NOT NULL);
                    DROP TABLE needed;
                    """
            )
            return (row?[0] ?? 0, Int(row?[1] as Double? ?? 0), heldPackCount)
        }
    }

    /// Counts the contents of packs among the needed ones, with their bases; gives the number of those
    /// packs that nothing else needs.
    private static func keepContents(ofPacks held: [String], in database: Database) throws -> Int {
        var count = 0
        for name in held {
            let isNeeded = try Bool.fetchOne(
                database,
                cachedSQL: """
                    SELECT EXISTS (SELECT 1 FROM coding JOIN needed ON content = needed.id
                        WHERE pack = (SELECT id FROM pack WHERE name = ?))
                    """,
                arguments: [name]
            )
            if isNeeded == false { count += 1 }
        }
        for name in held {
            try database.execute(
                sql: """
                    WITH RECURSIVE reached (id) AS (
                        SELECT content FROM coding WHERE pack = (SELECT id FROM pack WHERE name = ?)
                        UNION SELECT base FROM coding JOIN reached ON content = reached.id
                            WHERE base IS NOT NULL
                    )
                    INSERT OR IGNORE INTO needed SELECT id FROM reached
                    """,
                arguments: [name]
            )
        }
        return count
    }
}
