public import Archive
import ArchiveFileSystem
import Catalog
import Foundation
import Fuse
import Glibc
public import Logging
import Synchronization

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
        /// Whether `query/` cannot be written either.
        public var isReadOnly = false
        /// The number of the user whom everything belongs to; nil for the one who mounts.
        public var userID: UInt32?
        /// The number of the group that everything belongs to; nil for that of the one who mounts.
        public var groupID: UInt32?
        /// The directory that becomes the root, such as `models/lenet`; empty for all.
        public var subdirectory = ""
        /// How far the kernel reads ahead, in KiB; its default of 128 makes eight times as many requests.
        public var readAheadKilobytes = 1024
        /// How long open files may be read on after SIGTERM, in seconds.
        public var graceSeconds = 10

        /// The usual options.
        public init() {}
    }

    private let session: FuseSession
    private let operations: ArchiveOperations
    private let fileSystem: ArchiveFileSystem
    private let archive: ModelArchive
    private let mountPoint: String
    private let options: Options
    private let logger: Logger

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
        self.archive = archive
        self.options = options
        self.logger = logger
        let queries = QueryDirectory(
            path: archive.queriesPath,
            isWritable: archive.catalog.isWritable && !options.isReadOnly,
            runner: ArchiveQueryRunner(archive: archive, logger: logger),
            reportsErrorsAtClose: options.reportsQueryErrorsAtClose
        )
        fileSystem = ArchiveFileSystem(
            tree: ArchiveTree(archive: archive, logger: logger),
            queries: queries
        )
        let archivePath = archive.path
        let status = MountStatus(archive: archive, mountPoint: path)
        operations = ArchiveOperations(
            fileSystem: fileSystem,
            view: try Self.view(of: fileSystem, options),
            status: status
        ) { Self.space(of: archivePath) }
        session = try FuseSession(
            at: path,
            options: .init(
                source: archivePath,
                subtype: "dlv",
                allowsOthers: options.allowsOthers,
                isReadOnly: options.isReadOnly
            ),
            operations: operations
        )
        Self.raiseFileLimit()
    }

    /// Open files hold their packs open, so the server may need more descriptors than the usual 1,024.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 1 << 16)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func view(
        of fileSystem: ArchiveFileSystem,
        _ options: Options
    ) throws -> ArchiveOperations.View {
        var view = ArchiveOperations.View()
        if let user = options.userID { view.owner.user = user }
        if let group = options.groupID { view.owner.group = group }
        for part in options.subdirectory.split(separator: "/") {
            guard let found = try? fileSystem.lookup(Array(part.utf8), in: view.root),
                found.kind == .directory, !found.node.isInQueryDirectory
            else {
                throw MountError(
                    "There is no directory '\(options.subdirectory)' in the archive's tree; "
                        + "'models/NAME' and 'models/NAME/vN' are such directories."
                )
            }
            view.root = found.node
        }
        return view
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
    public func serve(isReady: @escaping @Sendable () -> Void) throws {
        let watch = try CatalogWatch(folder: archive.path, look: changeObserver())
        defer {
            watch.stop()
            operations.end()
            session.unmount()
            logger.notice("The mount at '\(mountPoint)' has ended.")
        }
        let (archivePath, mountPoint, logger, fileSystem) = (archive.path, mountPoint, logger, fileSystem)
        let readAhead = options.readAheadKilobytes
        try session.serve(graceSeconds: options.graceSeconds) {
            logger.notice("The archive '\(archivePath)' is mounted at '\(mountPoint)'.")
            Self.setReadAhead(of: mountPoint, kilobytes: readAhead, logger)
            isReady()
            fileSystem.warmUp()
        } detach: { signal in
            logger.notice("Signal \(signal): '\(mountPoint)' is being unmounted.")
            do {
                try RunningMount.unmount(mountPoint, lazily: true)
            } catch {
                logger.warning("\(error)")
            }
        }
    }

    /// Tells the kernel of a commit, and lets go of what it made useless.
    private func changeObserver() -> @Sendable () -> Void {
        let (fileSystem, operations, notifier) = (fileSystem, operations, session.notifier)
        let known = Mutex<Int64?>(try? fileSystem.generation())
        return {
            // A new storage plan changes no version, but the packs.
            fileSystem.archiveHasChanged()
            guard let generation = try? fileSystem.generation(),
                known.withLock({ old in
                    defer { old = generation }
                    return old != generation
                })
            else { return }
            let nodes = fileSystem.changeableNodes()
            for node in nodes.nodes { notifier.invalidate(node: operations.number(node)) }
            for name in nodes.names {
                notifier.invalidate(name: name.name, in: operations.number(name.parent))
            }
        }
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

    /// Raises the kernel's read-ahead, where this process may: it makes sequential reads faster, and
    /// is not needed for anything.
    ///
    /// Before the connection is set up it would be in vain: the kernel lowers it to 128 KiB then.
    private static func setReadAhead(of mountPoint: String, kilobytes: Int, _ logger: Logger) {
        guard let mount = RunningMount.all().last(where: { $0.mountPoint == mountPoint }) else { return }
        let file = "/sys/class/bdi/\(mount.device)/read_ahead_kb"
        let descriptor = Glibc.open(file, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            return logger.info("Cannot raise the kernel's read-ahead: it takes root to write \(file).")
        }
        defer { Glibc.close(descriptor) }
        let text = "\(kilobytes)\n"
        _ = Glibc.write(descriptor, text, text.utf8.count)
    }
}
