import Foundation
import GRDB
public import ParameterStore
import TensorCoding

extension Catalog: ContentCatalog {
    /// Where and how a content is stored; nil if there is none of that id.
    public func record(of id: ContentID) throws -> ContentRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    SELECT c.id, hash, byteCount, kind, pack, indexOffset, indexByteCount,
                        storedByteCount, base, depth
                    FROM content c JOIN coding ON content = c.id
                    WHERE c.id = ? ORDER BY tier LIMIT 1
                    """,
                arguments: [id.rawValue]
            ).map(ContentRecord.init(row:))
        }
    }

    /// The content that holds the bytes of a hash, if there is one.
    public func id(of hash: ContentHash) throws -> ContentID? {
        try read { database in
            try Int64.fetchOne(
                database,
                cachedSQL: "SELECT id FROM content WHERE \(CatalogSchema.isHash("hash"))",
                arguments: [Data(hash.bytes)]
            ).map(ContentID.init(rawValue:))
        }
    }

    /// The name of a pack; nil if there is none of that id.
    public func packName(of id: PackID) throws -> String? {
        try read { database in
            try String.fetchOne(
                database,
                cachedSQL: "SELECT name FROM pack WHERE id = ?",
                arguments: [id.rawValue]
            )
        }
    }

    /// The names of the packs that hold contents and their bases, each once.
    public func packNames(of contents: [ContentID]) throws -> [String] {
        let list = "[" + contents.map { "\($0.rawValue)" }.joined(separator: ",") + "]"
        return try read { database in
            try String.fetchAll(
                database,
                cachedSQL: """
                    WITH RECURSIVE reached (id) AS (
                        SELECT value FROM json_each(?)
                        UNION SELECT base FROM coding JOIN reached ON content = reached.id
                            WHERE base IS NOT NULL
                    )
                    SELECT DISTINCT name FROM reached JOIN coding ON content = reached.id
                        JOIN pack ON pack.id = pack
                    """,
                arguments: [list]
            )
        }
    }

    /// The names of all packs.
    public func packNames() throws -> [String] {
        try read { try String.fetchAll($0, sql: "SELECT name FROM pack ORDER BY id") }
    }

    /// The ids of all contents, ascending, after a given one; at most `limit`.
    public func contentIDs(after id: ContentID?, limit: Int) throws -> [ContentID] {
        try read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT id FROM content WHERE id > ? ORDER BY id LIMIT ?",
                arguments: [id?.rawValue ?? 0, limit]
            ).map(ContentID.init(rawValue:))
        }
    }

    /// Replaces the codings of contents by those of a new pack: the commit point of storing them anew.
    ///
    /// The bytes are the same, so no reader sees a difference. The depths of all contents that are coded
    /// against them follow. Packs that hold nothing any more lose their rows; their files are the next
    /// collection's.
    ///
    /// - Parameters:
    ///   - records: What ``ContentWriter/finish()`` gave, a base before what is coded against it; contents
    ///     of other numbers stay as they are.
    ///   - pack: The pack that was written; it is already synced.
    /// - Throws: ``CatalogError``; the catalog is then as it was. It throws as well if a content is gone.
    public func replaceCodings(
        _ records: [ContentRecord],
        pack: (id: PackID, name: String)
    ) throws {
        guard !records.isEmpty else { return }
        try write { database in
            try database.execute(
                sql: "INSERT INTO pack (id, name) VALUES (?, ?)",
                arguments: [pack.id.rawValue, pack.name]
            )
            try database.execute(
                sql: "UPDATE counter SET value = ? WHERE name = 'pack'",
                arguments: [pack.id.rawValue]
            )
            for record in records {
                try database.execute(
                    cachedSQL: """
                        UPDATE coding SET pack = ?, indexOffset = ?, indexByteCount = ?,
                            storedByteCount = ?, base = ?, depth = ?
                        WHERE content = ? AND tier = 0
                        """,
                    arguments: [
                        record.pack.rawValue, record.indexOffset, record.indexByteCount,
                        record.storedByteCount, record.base?.rawValue, record.depth,
                        record.id.rawValue,
                    ]
                )
                guard database.changesCount == 1 else {
                    throw CatalogError(
                        .database,
                        "Content \(record.id.rawValue) is gone; nothing was changed."
                    )
                }
            }
            try Self.updateDepths(of: records.map(\.id), in: database)
            try database.execute(
                sql: "DELETE FROM pack WHERE id NOT IN (SELECT pack FROM coding)"
            )
        }
    }

    /// The number of contents, and the sums of their bytes raw and stored.
    public func contentTotals() throws -> (count: Int, byteCount: Int, storedByteCount: Int) {
        try read { database in
            guard
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT count(*), total(byteCount), total(storedByteCount)
                        FROM content JOIN coding ON content = id
                        """
                )
            else { return (0, 0, 0) }
            return (row[0], Int(row[1] as Double), Int(row[2] as Double))
        }
    }
}

extension ContentRecord {
    init(row: Row) {
        self.init(
            id: ContentID(rawValue: row[0]),
            hash: ContentHash(bytes: [UInt8](row[1] as Data)),
            byteCount: row[2],
            kind: ElementKind(rawValue: row[3]) ?? .bytes,
            pack: PackID(rawValue: row[4]),
            indexOffset: row[5],
            indexByteCount: row[6],
            storedByteCount: row[7],
            base: (row[8] as Int64?).map(ContentID.init(rawValue:)),
            depth: row[9]
        )
    }
}
