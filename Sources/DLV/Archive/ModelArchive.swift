public import Catalog
import Foundation
import PackFiles
public import ParameterStore
import SystemPackage

/// An archive of models: the directory with `catalog.sqlite`, `packs/` and `queries/`.
///
/// For example:
///
///     let archive = try ModelArchive(at: "zoo.dlv")
///     let version = try archive.version(Reference("lenet@v3"))
///     try archive.export(version, to: "lenet-3")
///
/// A value can be used from any thread. What changes an archive takes its lock first, so that
/// changes by several processes follow one another; reading needs no lock.
public final class ModelArchive: Sendable {
    /// The absolute path of the archive's directory.
    public let path: String

    /// Models, versions, files: everything but stored bytes.
    public let catalog: Catalog

    /// The stored bytes.
    public let store: ParameterStore

    /// Opens an archive.
    ///
    /// - Parameters:
    ///   - path: The archive's directory.
    ///   - readOnly: Whether the archive must not be changed through this value.
    ///   - cacheByteCount: How many decoded bytes are kept for the next reader.
    /// - Throws: ``ArchiveError`` or ``CatalogError`` if there is no archive, or one of a newer
    ///   format.
    public init(
        at path: String,
        readOnly: Bool = false,
        cacheByteCount: Int = ModelArchive.defaultCacheByteCount
    ) throws {
        let absolute = Self.absolutePath(path)
        guard Self.isArchive(absolute) else {
            throw ArchiveError(
                .notFound,
                "'\(path)' is not an archive: it holds no \(Catalog.fileName). "
                    + "Make one with 'dlv init \(path)'."
            )
        }
        self.path = absolute
        catalog = try Catalog(path: absolute + "/" + Catalog.fileName, readOnly: readOnly)
        store = ParameterStore(
            packs: absolute + "/" + Self.packsName,
            catalog: catalog,
            cacheByteCount: cacheByteCount
        )
    }

    /// The size of the cache of decoded chunks unless said otherwise: a quarter of a gibibyte, since
    /// the kernel's page cache is the second, larger one.
    public static let defaultCacheByteCount = 256 << 20

    static let packsName = "packs"
    static let queriesName = "queries"

    /// The directory of the saved queries.
    public var queriesPath: String { path + "/" + Self.queriesName }

    var packsPath: String { path + "/" + Self.packsName }

    var packDirectory: PackDirectory { PackDirectory(path: packsPath) }

    /// Makes an empty archive.
    ///
    /// - Parameter path: A directory that is empty or not there yet.
    /// - Throws: ``ArchiveError`` if it is there and not empty.
    public static func create(at path: String) throws {
        let absolute = absolutePath(path)
        let manager = FileManager.default
        guard !isArchive(absolute) else {
            throw ArchiveError(.exists, "'\(path)' is an archive already.")
        }
        do {
            try manager.createDirectory(atPath: absolute, withIntermediateDirectories: true)
            guard try manager.contentsOfDirectory(atPath: absolute).isEmpty else {
                throw ArchiveError(
                    .exists,
                    "'\(path)' is not empty. Choose a new directory for the archive."
                )
            }
            for name in [packsName, queriesName] {
                try manager.createDirectory(
                    atPath: absolute + "/" + name,
                    withIntermediateDirectories: false
                )
            }
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw ArchiveError(
                .system,
                "Cannot make the archive '\(path)': \(error.localizedDescription)"
            )
        }
        try Catalog.create(at: absolute + "/" + Catalog.fileName)
    }

    /// The archive that a command works on when it is told none: the first directory upwards from
    /// `directory` that is an archive or holds one named `.dlv`.
    public static func find(from directory: String) -> String? {
        var folder = absolutePath(directory)
        while true {
            if isArchive(folder) { return folder }
            let hidden = folder == "/" ? "/.dlv" : folder + "/.dlv"
            if isArchive(hidden) { return hidden }
            guard folder != "/" else { return nil }
            folder = (folder as NSString).deletingLastPathComponent
        }
    }

    private static func isArchive(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + Catalog.fileName)
    }

    /// A path from the root, with `.`, `..` and symbolic links resolved as far as it exists.
    public static func absolutePath(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }

    /// Runs a change while no other process changes the archive.
    ///
    /// Waits for another change to end. The lock goes with the process, so a crash leaves none.
    func withLock<Value>(_ body: () throws -> Value) throws -> Value {
        guard catalog.isWritable else {
            throw ArchiveError(.system, "The archive '\(path)' cannot be written.")
        }
        let lock: FileDescriptor
        do {
            lock = try FileDescriptor.open(
                FilePath(path + "/lock"),
                .readWrite,
                options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
        } catch {
            throw ArchiveError.system("lock the archive '\(path)'", error)
        }
        // Closing gives the lock up; the value that is being returned matters more than its failure.
        defer { try? lock.close() }
        while flock(lock.rawValue, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw ArchiveError.system("lock the archive '\(path)'", Errno(rawValue: errno))
            }
        }
        return try body()
    }

    /// The time of a change: milliseconds since 1970.
    static func now() -> Int64 {
        Int64((Date().timeIntervalSince1970 * 1000).rounded())
    }
}
