import Foundation
import GRDB
public import ParameterStore

/// Where a content is used: by a tensor at its beginning.
public struct ContentUse: Hashable, Sendable {
    /// The content.
    public var content: ContentID
    /// The version of the file.
    public var version: VersionID
    /// The snapshot of the file (an ordinal); nil for a file outside snapshots.
    public var snapshot: Int?
    /// The tensor that begins the content.
    public var tensor: String
}

extension Catalog {
    /// The records of all contents, ascending by id.
    public func contentRecords() throws -> [ContentRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT c.id, hash, byteCount, kind, pack, indexOffset, indexByteCount,
                        storedByteCount, base, depth
                    FROM content c JOIN coding ON content = c.id AND tier = 0 ORDER BY c.id
                    """
            ).map(ContentRecord.init(row:))
        }
    }

    /// The contents that a version needs itself, not only as a base of others.
    public func usedContents() throws -> Set<ContentID> {
        try read { database in
            let ids = try Int64.fetchAll(
                database,
                sql: """
                    SELECT content FROM span
                    UNION SELECT content FROM tensor WHERE content IS NOT NULL
                    UNION SELECT content FROM document WHERE content IS NOT NULL
                    """
            )
            return Set(ids.map(ContentID.init(rawValue:)))
        }
    }

    /// Every use of a content by a tensor that begins it, in order of version, snapshot and file.
    public func contentUses() throws -> [ContentUse] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT t.content, f.version, f.snapshot, t.name
                    FROM tensor t JOIN file f ON f.id = t.file
                    WHERE t.content IS NOT NULL AND t.byteOffset = 0
                    ORDER BY f.version, f.snapshot, f.ordinal, t.ordinal
                    """
            ).map { row in
                ContentUse(
                    content: ContentID(rawValue: row[0]),
                    version: VersionID(rawValue: row[1]),
                    snapshot: row[2],
                    tensor: row[3]
                )
            }
        }
    }

    /// The contents of the weights of every snapshot.
    public func snapshotContents() throws -> [[ContentID]] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT DISTINCT f.version, f.snapshot, t.content
                    FROM tensor t JOIN file f ON f.id = t.file
                    WHERE t.content IS NOT NULL AND f.snapshot IS NOT NULL AND f.role = ?
                    ORDER BY f.version, f.snapshot
                    """,
                arguments: [FileRole.weights.rawValue]
            )
            var groups: [[ContentID]] = []
            var last: (version: Int64, snapshot: Int)?
            for row in rows {
                let key = (row[0] as Int64, row[1] as Int)
                if last.map({ $0 != key }) ?? true { groups.append([]) }
                last = key
                groups[groups.count - 1].append(ContentID(rawValue: row[2]))
            }
            return groups
        }
    }

    /// The pairs (version, parent) of all versions that are there.
    public func lineageEdges() throws -> [(version: VersionID, parent: VersionID)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT p.version, v.id FROM parent p JOIN version v ON v.globalID = p.parent
                    ORDER BY p.version, p.ordinal
                    """
            ).map { (VersionID(rawValue: $0[0]), VersionID(rawValue: $0[1])) }
        }
    }

    /// The numbers and names of all packs.
    public func packs() throws -> [(id: PackID, name: String)] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT id, name FROM pack ORDER BY id")
                .map { (PackID(rawValue: $0[0]), $0[1]) }
        }
    }

    /// Notes where the low-order planes of a pack are.
    ///
    /// - Parameters:
    ///   - directory: Their directory; nil for that of the packs.
    ///   - pack: The pack.
    public func setLowPlanesDirectory(_ directory: String?, of pack: PackID) throws {
        try write { database in
            try database.execute(
                sql: "UPDATE pack SET lowPlanesDirectory = ? WHERE id = ?",
                arguments: [directory, pack.rawValue]
            )
        }
    }

    /// The directories to which low-order planes were moved, each with the number of its packs.
    public func lowPlanesDirectories() throws -> [(directory: String, packCount: Int)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT lowPlanesDirectory, count(*) FROM pack
                    WHERE lowPlanesDirectory IS NOT NULL GROUP BY 1 ORDER BY 1
                    """
            ).map { ($0[0], $0[1]) }
        }
    }

    /// No chain is longer; a longer one can only be a circle.
    private static let depthMax = 10_000

    /// Gives contents the depth that follows from their bases, and those that are coded against them.
    ///
    /// - Parameter contents: A base stands before what is coded against it.
    static func updateDepths(of contents: [ContentID], in database: Database) throws {
        for content in contents {
            try database.execute(
                cachedSQL: """
                    WITH RECURSIVE chain (content, depth) AS (
                        SELECT content, CASE WHEN base IS NULL THEN 0 ELSE
                            1 + (SELECT b.depth FROM coding b
                                WHERE b.content = coding.base AND b.tier = 0) END
                            FROM coding WHERE content = ?1 AND tier = 0
                        UNION ALL
                        SELECT coding.content, chain.depth + 1
                            FROM coding JOIN chain ON coding.base = chain.content
                            WHERE tier = 0 AND chain.depth < ?2
                    )
                    UPDATE coding SET depth = chain.depth FROM chain
                    WHERE coding.content = chain.content AND tier = 0
                    """,
                arguments: [content.rawValue, depthMax]
            )
        }
        let longest = try Int.fetchOne(database, sql: "SELECT max(depth) FROM coding") ?? 0
        guard longest < depthMax else {
            throw CatalogError(
                .database,
                "The new delta chains would form a circle; nothing was changed."
            )
        }
    }
}
