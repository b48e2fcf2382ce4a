import ArchiveFileSystem
import Fuse
import Glibc
import Logging
import ParameterStore

/// Turns requests of the kernel into calls of the file system, and their results into replies.
///
/// Nothing is decided here but how long a reply may be kept, and which thread does the work: queries go
/// to threads of their own, all else is answered on libfuse's.
final class ArchiveOperations: FuseOperations {
    let fileSystem: ArchiveFileSystem
    private let space: @Sendable () -> FuseSpace
    let files = Handles<ArchiveFileSystem.OpenFile>()
    let directories = Handles<OpenDirectory>()
    let listings = DirectoryListings()
    let executors = QueryExecutors()

    private let view: View
    private let status: MountStatus

    /// What of the file system is shown, and how.
    struct View: Sendable {
        /// The node that is the root of the mount.
        var root = NodeNumber.root
        /// Whose everything is.
        var owner = FuseOwner.mounting
    }

    init(
        fileSystem: ArchiveFileSystem,
        view: View,
        status: MountStatus,
        space: @escaping @Sendable () -> FuseSpace
    ) {
        self.fileSystem = fileSystem
        self.view = view
        self.status = status
        self.space = space
    }

    /// Lets the queries that run come to an end; no request may come any more.
    func end() {
        executors.end()
    }

    func answer(_ request: FuseRequest, _ body: () throws(FileSystemError) -> Void) {
        do throws(FileSystemError) {
            try body()
        } catch {
            request.reply(errno: error.errno)
        }
    }

    /// The node that the kernel means: its root is the root of what is shown.
    func node(_ number: UInt64) -> NodeNumber {
        number == NodeNumber.root.rawValue ? view.root : NodeNumber(rawValue: number)
    }

    /// The number under which the kernel knows a node.
    func number(_ node: NodeNumber) -> UInt64 {
        node == view.root ? NodeNumber.root.rawValue : node.rawValue
    }

    func translated(_ attributes: NodeAttributes) -> FuseAttributes {
        let kind: FuseAttributes.Kind =
            switch attributes.kind {
            case .directory: .directory
            case .regularFile: .regularFile
            case .symbolicLink: .symbolicLink
            }
        return FuseAttributes(
            node: number(attributes.node),
            kind: kind,
            permissions: attributes.permissions,
            size: attributes.size,
            modificationTime: attributes.modificationTime,
            timeoutSeconds: attributes.timeoutSeconds,
            owner: view.owner
        )
    }

    // MARK: - Looking

    func lookup(_ request: FuseRequest, parent: UInt64, name: [UInt8]) {
        if parent == NodeNumber.root.rawValue, name == StatusFile.name {
            return request.reply(entry: statusAttributes)
        }
        guard name.count <= Self.nameByteCountMax else { return request.reply(errno: ENAMETOOLONG) }
        let directory = node(parent)
        guard fileSystem.mayRunQuery(lookup: name, in: directory) else {
            return find(name, in: directory, for: request)
        }
        executors.run { self.find(name, in: directory, for: request) }
    }

    /// The longest name, as everywhere in Linux; the kernel lets FUSE have longer ones.
    static let nameByteCountMax = 255

    private func find(_ name: [UInt8], in directory: NodeNumber, for request: FuseRequest) {
        do throws(FileSystemError) {
            let found = try fileSystem.lookup(name, in: directory) {
                request.isInterrupted || self.executors.isEnding
            }
            request.reply(entry: translated(found))
        } catch {
            // Where names can come, the kernel must ask again; what is sealed lacks a name for ever.
            guard error.code == .noSuchEntry, let attributes = try? fileSystem.attributes(of: directory),
                attributes.timeoutSeconds > 1
            else { return request.reply(errno: error.errno) }
            request.reply(noEntryFor: attributes.timeoutSeconds)
        }
    }

    func attributes(_ request: FuseRequest, node: UInt64) {
        if node == StatusFile.number { return request.reply(attributes: statusAttributes) }
        answer(request) { () throws(FileSystemError) in
            let attributes = try fileSystem.attributes(of: self.node(node))
            request.reply(attributes: translated(attributes))
        }
    }

    private var statusText: String {
        let queries = executors.counts
        return status.text(
            .init(
                openFileCount: files.count,
                runningQueryCount: queries.running,
                waitingQueryCount: queries.waiting
            )
        )
    }

    private var statusAttributes: FuseAttributes {
        FuseAttributes(
            node: StatusFile.number,
            kind: .regularFile,
            permissions: 0o444,
            size: statusText.utf8.count,
            modificationTime: 0,
            timeoutSeconds: 0,
            owner: view.owner
        )
    }

    func readLink(_ request: FuseRequest, node: UInt64) {
        answer(request) { () throws(FileSystemError) in
            request.reply(target: try fileSystem.target(of: self.node(node)))
        }
    }

    func space(_ request: FuseRequest) {
        request.reply(space: space())
    }

    // MARK: - Files

    func open(_ request: FuseRequest, node: UInt64, flags: Int32) {
        if node == StatusFile.number { return openStatus(request) }
        answer(request) { () throws(FileSystemError) in
            let number = self.node(node)
            let file = try fileSystem.open(
                number,
                forWriting: flags & O_ACCMODE != O_RDONLY,
                truncating: flags & O_TRUNC != 0,
                willTakeLong: request.expectDelay
            )
            let options = options(for: file, isInQueryDirectory: number.isInQueryDirectory)
            if !request.reply(open: options) { close(options.handle) }
        }
    }

    private func openStatus(_ request: FuseRequest) {
        let handle = files.add(.sealed(StatusFile(statusText)))
        if !request.reply(open: FuseOpenOptions(handle: handle, isDirect: true)) { close(handle) }
    }

    func options(
        for file: ArchiveFileSystem.OpenFile,
        isInQueryDirectory: Bool
    ) -> FuseOpenOptions {
        FuseOpenOptions(
            handle: files.add(file),
            keepsCache: !isInQueryDirectory,
            wantsFlush: isInQueryDirectory
        )
    }

    func read(_ request: FuseRequest, handle: UInt64, offset: Int, byteCount: Int) {
        guard let file = files.value(handle) else { return request.reply(errno: EBADF) }
        answer(request) { () throws(FileSystemError) in
            let pieces = try fileSystem.pieces(of: file, at: offset, byteCount: byteCount)
            withExtendedLifetime(pieces) { request.reply(pieces: pieces.map(\.bytes)) }
        }
    }

    func write(
        _ request: FuseRequest,
        handle: UInt64,
        offset: Int,
        bytes: UnsafeRawBufferPointer
    ) {
        guard let file = files.value(handle) else { return request.reply(errno: EBADF) }
        answer(request) { () throws(FileSystemError) in
            try fileSystem.write(file, bytes, at: offset)
            request.reply(writtenByteCount: bytes.count)
        }
    }

    func flush(_ request: FuseRequest, handle: UInt64) {
        guard let file = files.value(handle) else { return request.reply(errno: EBADF) }
        answer(request) { () throws(FileSystemError) in
            try fileSystem.flush(file)
            request.reply(errno: 0)
        }
    }

    func sync(_ request: FuseRequest, handle: UInt64) {
        flush(request, handle: handle)
    }

    func release(_ request: FuseRequest, handle: UInt64) {
        close(handle)
        request.reply(errno: 0)
    }

    func close(_ handle: UInt64) {
        if let file = files.remove(handle) { fileSystem.release(file) }
    }
}
