import CFuse
import Dispatch
import Glibc
import Synchronization

/// A mounted file system, served by the threads of libfuse.
///
/// One a process: libfuse's signal handlers are.
public final class FuseSession {
    private let session: OpaquePointer
    private let operations: Unmanaged<OperationsBox>
    private let mountPoint: String
    private var isMounted = false

    /// What a mount may be told.
    public struct Options: Sendable {
        /// What `mount` shows as the source.
        public var source: String
        /// The part behind `fuse.` of the file system's type.
        public var subtype: String
        /// Whether other users may look into it.
        public var allowsOthers: Bool
        /// Whether the kernel refuses every change by itself.
        public var isReadOnly: Bool

        /// Creates options.
        public init(
            source: String,
            subtype: String,
            allowsOthers: Bool = false,
            isReadOnly: Bool = false
        ) {
            self.source = source
            self.subtype = subtype
            self.allowsOthers = allowsOthers
            self.isReadOnly = isReadOnly
        }
    }

    /// Mounts a file system.
    ///
    /// The corresponding C functions are `fuse_session_new` and `fuse_session_mount`.
    ///
    /// - Parameters:
    ///   - mountPoint: An empty directory.
    ///   - options: What the mount is told.
    ///   - operations: What answers the kernel.
    /// - Throws: ``FuseError``.
    public init(
        at mountPoint: String,
        options: Options,
        operations: any FuseOperations
    ) throws(FuseError) {
        self.mountPoint = mountPoint
        self.operations = Unmanaged.passRetained(OperationsBox(operations, try FuseThreads()))
        // A comma would end the option, a backslash keeps it.
        let source = options.source.reduce(into: "") { text, character in
            if character == "," || character == "\\" { text += "\\" }
            text.append(character)
        }
        var words = ["dlv", "-o", "fsname=\(source),subtype=\(options.subtype),default_permissions"]
        if options.allowsOthers { words[2] += ",allow_other" }
        if options.isReadOnly { words[2] += ",ro" }
        guard let session = Self.makeSession(words, self.operations) else {
            self.operations.release()
            throw FuseError("libfuse refused the mount options '\(words[2])'.")
        }
        self.session = session
        guard fuse_session_mount(session, mountPoint) == 0 else {
            fuse_session_destroy(session)
            self.operations.release()
            throw FuseError("Cannot mount at '\(mountPoint)'; libfuse said why above.")
        }
        isMounted = true
        try FuseThreads.attach(to: session)
    }

    private static func makeSession(
        _ words: [String],
        _ operations: Unmanaged<OperationsBox>
    ) -> OpaquePointer? {
        var callbacks = FuseCallbacks.table
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            var arguments = fuse_args(
                argc: Int32(words.count),
                argv: buffer.baseAddress,
                allocated: 0
            )
            defer { fuse_opt_free_args(&arguments) }
            return fuse_session_new(
                &arguments,
                &callbacks,
                MemoryLayout<fuse_lowlevel_ops>.size,
                operations.toOpaque()
            )
        }
    }

    /// Tells the kernel of changes; of use as long as the session serves.
    public var notifier: FuseNotifier { FuseNotifier(session) }

    /// Answers the kernel until the file system is unmounted, or SIGINT, SIGTERM or SIGHUP comes.
    ///
    /// At the first signal the file system is to leave the tree, so that nothing more is opened, while
    /// what is open can be read to its end. The session ends with the last open file, after a time of
    /// grace, or at a second signal; a request that is under way is always answered.
    ///
    /// The corresponding C function is `fuse_session_loop_mt`.
    ///
    /// - Parameters:
    ///   - graceSeconds: How long open files may stay open after the first signal.
    ///   - isReady: Called once the server has answered the kernel, on another thread.
    ///   - detach: Takes the file system out of the tree lazily; called on another thread, with the
    ///     number of the signal.
    /// - Throws: ``FuseError``.
    public func serve(
        graceSeconds: Int,
        isReady: @escaping @Sendable () -> Void,
        detach: @escaping @Sendable (Int32) -> Void
    ) throws(FuseError) {
        let signals = try FuseSignals.install()
        let end = SessionEnd(session: session, mainThread: pthread_self())
        let isDetached = Atomic<Bool>(false)
        let watch = SignalWatch(signals, end, graceSeconds: graceSeconds) { number in
            isDetached.store(true, ordering: .releasing)
            detach(number)
        }
        watch.start()
        let configuration = fuse_loop_cfg_create()
        defer { fuse_loop_cfg_destroy(configuration) }
        fuse_loop_cfg_set_max_threads(configuration, Self.threadCountMax)
        // Those that are parked count as idle; to end and start threads again and again costs more.
        fuse_loop_cfg_set_idle_threads(configuration, Self.threadCountMax)
        DispatchQueue(label: "ready").async { [mountPoint] in
            // Its answer comes after that to the kernel's first request, which sets up the connection.
            var status = statvfs()
            if statvfs(mountPoint, &status) == 0 { isReady() }
        }
        let result = fuse_session_loop_mt(session, configuration)
        watch.stop()
        FuseSignals.remove(reading: signals)
        // It is out of the tree already, and another mount may be in its place.
        if isDetached.load(ordering: .acquiring) { isMounted = false }
        guard result >= 0 else {
            throw FuseError("Serving '\(mountPoint)' failed: \(String(cString: strerror(-result))).")
        }
    }

    private static let threadCountMax: UInt32 = 16

    /// Unmounts, if it was not unmounted from outside.
    ///
    /// The corresponding C function is `fuse_session_unmount`.
    public func unmount() {
        guard isMounted else { return }
        isMounted = false
        fuse_session_unmount(session)
    }

    deinit {
        unmount()
        fuse_session_destroy(session)
        operations.release()
    }
}
