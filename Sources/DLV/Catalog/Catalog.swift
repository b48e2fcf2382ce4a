import Foundation
import GRDB

/// The catalog of an archive: everything but the bytes of its contents, in one SQLite file.
///
/// Each reading method is one short read transaction and gives a consistent answer; nothing holds a
/// transaction open between calls. Changes happen through few methods, each one transaction, called
/// while the archive's lock is held.
///
/// An archive that can be written is opened in WAL mode with `synchronous=FULL`: a commit that has
/// returned survives a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous). One that
/// cannot be written and has no `-wal` beside it is opened immutable, so that read-only media work.
public final class Catalog: Sendable {
    /// The name of the file in the archive's directory.
    public static let fileName = "catalog.sqlite"

    let reader: any DatabaseReader
    let writer: (any DatabaseWriter)?

    /// Whether the catalog can be changed through this value.
    public var isWritable: Bool { writer != nil }

    private init(reader: any DatabaseReader, writer: (any DatabaseWriter)?) {
        self.reader = reader
        self.writer = writer
    }

    deinit {
        close()
    }

    /// Closes the file; nothing can be read or changed after.
    public func close() {
        // Readers go first, so that the last connection to close is the writer's: it then writes the log
        // back and deletes it. There is nobody to tell of a failure.
        (reader as? DatabasePool)?.releaseMemory()
        try? reader.close()
    }

    /// Creates the catalog of a new archive.
    ///
    /// - Parameter path: Where the file will be; nothing may be there yet.
    /// - Throws: ``CatalogError``.
    public static func create(at path: String) throws {
        try translatingErrors(path) {
            var configuration = Configuration()
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA page_size = \(CatalogPages.initialByteCount)")
            }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.write { try CatalogSchema.create(in: $0) }
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try queue.close()
        }
    }

    /// Opens the catalog of an archive.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - readOnly: Whether to open it without ever writing; chosen as well if the file or its
    ///     folder cannot be written.
    /// - Throws: ``CatalogError`` if there is none, if it is something else, or of a newer format.
    public convenience init(path: String, readOnly: Bool) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CatalogError(.missing, "There is no catalog at '\(path)'.")
        }
        let folder = (path as NSString).deletingLastPathComponent
        let canWrite = access(path, W_OK) == 0 && access(folder, W_OK) == 0
        let (reader, writer) = try Self.translatingErrors(path) {
            () -> (any DatabaseReader, (any DatabaseWriter)?) in
            if canWrite {
                if !readOnly { try CatalogPages.enlarge(path) }
                let pool = try DatabasePool(path: path, configuration: Self.configuration())
                return (pool, readOnly ? nil : pool)
            }
            let hasLog = FileManager.default.fileExists(atPath: path + "-wal")
            return (try Self.readOnlyQueue(path, immutable: !hasLog), nil)
        }
        self.init(reader: reader, writer: writer)
        try checkFormat(path)
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(20)
        configuration.maximumReaderCount = 8
        configuration.prepareDatabase { database in
            if !database.configuration.readonly {
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        }
        return configuration
    }

    private static func readOnlyQueue(_ path: String, immutable: Bool) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(20)
        guard immutable else { return try DatabaseQueue(path: path, configuration: configuration) }
        let allowed = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: "?#%"))
        let escaped = path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
        return try DatabaseQueue(
            path: "file:\(escaped)?immutable=1",
            configuration: configuration
        )
    }

    private func checkFormat(_ path: String) throws {
        let (application, format) = try read { database in
            (
                try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            )
        }
        guard application == CatalogSchema.applicationID else {
            throw CatalogError(.notACatalog, "'\(path)' is an SQLite file, but not a catalog.")
        }
        guard format <= CatalogSchema.formatVersion else {
            throw CatalogError(
                .newerFormat,
                "The archive has format \(format), and this dlv reads formats up to "
                    + "\(CatalogSchema.formatVersion). Use a newer dlv."
            )
        }
    }

    /// Reads in one transaction, with SQLite's errors turned into ``CatalogError``.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Self.translatingErrors(nil) { try reader.read(body) }
    }

    /// Changes the catalog in one transaction, with SQLite's errors turned into ``CatalogError``.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let writer else {
            throw CatalogError(.readOnly, "The archive is open for reading only.")
        }
        return try Self.translatingErrors(nil) {
            try writer.write { database in
                try CatalogSchema.markFormat(in: database)
                return try body(database)
            }
        }
    }

    /// Writes the log back into the catalog, so that the archive can be copied as plain files.
    public func checkpoint() throws {
        guard let writer else { return }
        try Self.translatingErrors(nil) {
            _ = try writer.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        }
    }

    static func translatingErrors<Value>(
        _ path: String?,
        _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            let place = path.map { " '\($0)'" } ?? ""
            let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
            switch error.resultCode {
            case .SQLITE_FULL:
                throw CatalogError(.full, "The disk is full; the archive is as it was.")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                throw CatalogError(
                    .busy,
                    "Another program holds the catalog\(place). Try again when it has finished."
                )
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                throw CatalogError(
                    .notACatalog,
                    "The catalog\(place) is damaged or not a catalog (\(reason))."
                )
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
                throw CatalogError(.readOnly, "Cannot open or write the catalog\(place): \(reason).")
            default:
                throw CatalogError(.database, "The catalog\(place) failed: \(reason).")
            }
        }
    }
}
