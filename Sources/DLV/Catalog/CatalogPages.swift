import Foundation
import GRDB

/// The size of the pages of a catalog.
///
/// Most archives are small, and a catalog has some forty tables and indexes that end within a page: pages
/// of 512 bytes waste 20 kB less of it than those of 1024. Many versions are searched faster in larger
/// ones (by 40 % in pages of 4096 bytes, 30,000 versions), so a catalog that has grown gets those.
enum CatalogPages {
    /// The bytes of a page of a new catalog.
    static let initialByteCount = 512
    /// The bytes of a page of a catalog that has grown.
    static let grownByteCount = 4096
    /// The bytes from which on a catalog has grown.
    static let grownCatalogByteCount = 1 << 20

    /// Gives a catalog larger pages if it has grown.
    ///
    /// SQLite can do that only while nobody else has the file open (https://www.sqlite.org/lang_vacuum.html);
    /// else the catalog stays as it is until the next one who opens it for writing. A crash leaves it as
    /// it was.
    static func enlarge(_ path: String) throws {
        guard let header = try header(of: path), header.fileByteCount >= grownCatalogByteCount,
            header.pageByteCount < grownByteCount
        else { return }
        do {
            let queue = try DatabaseQueue(path: path)
            defer { try? queue.close() }
            try queue.writeWithoutTransaction { database in
                // A log cannot hold pages of two sizes.
                let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")
                guard mode == "delete" else { return }
                try database.execute(
                    sql: "PRAGMA page_size = \(grownByteCount); VACUUM; PRAGMA journal_mode = WAL"
                )
            }
        } catch let error as DatabaseError
            where [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL].contains(error.resultCode)
        {
            // It serves as it is.
        }
    }

    /// The size of a catalog and of its pages; nil if there is no SQLite file.
    private static func header(
        of path: String
    ) throws -> (fileByteCount: UInt64, pageByteCount: Int)? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        // Bytes 16 and 17 hold the size of a page (https://www.sqlite.org/fileformat2.html#page_size).
        guard let bytes = try file.read(upToCount: 18), bytes.count == 18 else { return nil }
        return (try file.seekToEnd(), Int(bytes[16]) << 8 | Int(bytes[17]))
    }
}
