public import Archive
import ArchiveFileSystem
import Catalog
import Foundation
import Fuse
import Glibc
public import Logging

/// A mounted archive.
///
/// For example:
///
///     let mount = try ArchiveMount(archive, at: "/mnt/zoo", options: .init(), logger: logger)
///     try mount.serve { print("ready") }
public final class ArchiveMount {
    /// What a mount may be told.
    public struct Options: Sendable {
        /// Whether other users may look into it (`allow_other` of fuse(8)).
        public var allowsOthers = false
        /// Whether closing a query that does not compile is an error.
        public var reportsQueryErrorsAtClose = true

        /// The usual options.
        public init() {}
    }

    private let session: FuseSession
    private let operations: ArchiveOperations
    private let mountPoint: String

    /// The type that the kernel lists mounted archives under.
    static let fileSystemType = "fuse.dlv"

    /// Mounts an archive.
    ///
    /// - Parameters:
    ///   - archive: The archive.
    ///   - mountPoint: An empty directory.
    ///   - options: What the mount is told.
    ///   - logger: Gets a line for what goes wrong.
    /// - Throws: ``MountError`` or `FuseError`.
    public init(
        _ archive: ModelArchive,
        at mountPoint: String,
        options: Options,
        logger: Logger
    ) throws {
        let path = ModelArchive.absolutePath(mountPoint)
        try MountPoint.prepare(path)
        self.mountPoint = path
        let queries = QueryDirectory(
            path: archive.queriesPath,
            isWritable: archive.catalog.isWritable,
            runner: ArchiveQueryRunner(archive: archive, logger: logger),
            reportsErrorsAtClose: options.reportsQueryErrorsAtClose
        )
        let fileSystem = ArchiveFileSystem(
            tree: ArchiveTree(archive: archive, logger: logger),
            queries: queries
        )
        let archivePath = archive.path
        operations = ArchiveOperations(fileSystem: fileSystem) { Self.space(of: archivePath) }
        session = try FuseSession(
            at: path,
            options: .init(
                source: archivePath,
                subtype: "dlv",
                allowsOthers: options.allowsOthers
            ),
            operations: operations
        )
        setReadAhead()
    }

    /// Checks that an archive can be mounted at a path, and clears a mount whose server is dead.
    ///
    /// - Throws: ``MountError``.
    public static func prepare(_ mountPoint: String) throws {
        try MountPoint.prepare(ModelArchive.absolutePath(mountPoint))
    }

    /// Answers the kernel until the mount is unmounted, or SIGINT, SIGTERM or SIGHUP comes.
    ///
    /// - Parameter isReady: Called once the mount can be used.
    public func serve(isReady: () -> Void) throws {
        defer {
            operations.end()
            session.unmount()
        }
        try session.serve(isReady: isReady)
    }

    /// The room on the disk that holds the archive.
    private static func space(of path: String) -> FuseSpace {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return FuseSpace(byteCount: 0, freeByteCount: 0) }
        return FuseSpace(
            byteCount: Int(status.f_blocks * status.f_frsize),
            freeByteCount: Int(status.f_bavail * status.f_frsize)
        )
    }

    /// The kernel reads this far ahead; its default of 128 KiB makes eight times as many requests.
    private static let readAheadKilobytes = 1024

    /// Raises the kernel's read-ahead, where this process may: it makes sequential reads faster, and
    /// is not needed for anything.
    private func setReadAhead() {
        // Nobody answers yet, so the device's number comes from the list of mounts, not from stat(2).
        guard let mount = RunningMount.all().last(where: { $0.mountPoint == mountPoint }) else { return }
        let file = "/sys/class/bdi/\(mount.device)/read_ahead_kb"
        let descriptor = Glibc.open(file, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { Glibc.close(descriptor) }
        let text = "\(Self.readAheadKilobytes)\n"
        _ = Glibc.write(descriptor, text, text.utf8.count)
    }
}
