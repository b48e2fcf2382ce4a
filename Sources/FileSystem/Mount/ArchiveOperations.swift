import ArchiveFileSystem
import Fuse
import Glibc
import Logging

/// Turns requests of the kernel into calls of the file system, and their results into replies.
///
/// Nothing is decided here but how long a reply may be kept, and which thread does the work: queries go
/// to threads of their own, all else is answered on libfuse's.
final class ArchiveOperations: FuseOperations {
    private let fileSystem: ArchiveFileSystem
    private let space: @Sendable () -> FuseSpace
    private let files = Handles<ArchiveFileSystem.OpenFile>()
    private let directories = Handles<OpenDirectory>()
    private let buffers = ReadBuffers()
    private let executors = QueryExecutors()

    /// A directory that is open; listed when it is first read, since a listing may take a query.
    private final class OpenDirectory: Sendable {
        let node: NodeNumber
        let listing: OnceListing

        init(_ node: NodeNumber) {
            self.node = node
            listing = OnceListing()
        }
    }

    init(fileSystem: ArchiveFileSystem, space: @escaping @Sendable () -> FuseSpace) {
        self.fileSystem = fileSystem
        self.space = space
    }

    /// Lets the queries that run come to an end; no request may come any more.
    func end() {
        executors.end()
    }

    private func answer(_ request: FuseRequest, _ body: () throws(FileSystemError) -> Void) {
        do throws(FileSystemError) {
            try body()
        } catch {
            request.reply(errno: error.errno)
        }
    }

    private func translated(_ attributes: NodeAttributes) -> FuseAttributes {
        let kind: FuseAttributes.Kind =
            switch attributes.kind {
            case .directory: .directory
            case .regularFile: .regularFile
            case .symbolicLink: .symbolicLink
            }
        return FuseAttributes(
            node: attributes.node.rawValue,
            kind: kind,
            permissions: attributes.permissions,
            size: attributes.size,
            modificationTime: attributes.modificationTime,
            timeoutSeconds: attributes.timeoutSeconds
        )
    }

    // MARK: - Looking

    func lookup(_ request: FuseRequest, parent: UInt64, name: [UInt8]) {
        let directory = NodeNumber(rawValue: parent)
        guard fileSystem.mayRunQuery(lookup: name, in: directory) else {
            return find(name, in: directory, for: request)
        }
        executors.run { self.find(name, in: directory, for: request) }
    }

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
        answer(request) { () throws(FileSystemError) in
            let attributes = try fileSystem.attributes(of: NodeNumber(rawValue: node))
            request.reply(attributes: translated(attributes))
        }
    }

    func readLink(_ request: FuseRequest, node: UInt64) {
        answer(request) { () throws(FileSystemError) in
            request.reply(target: try fileSystem.target(of: NodeNumber(rawValue: node)))
        }
    }

    func space(_ request: FuseRequest) {
        request.reply(space: space())
    }

    // MARK: - Files

    func open(_ request: FuseRequest, node: UInt64, flags: Int32) {
        answer(request) { () throws(FileSystemError) in
            let number = NodeNumber(rawValue: node)
            let file = try fileSystem.open(
                number,
                forWriting: flags & O_ACCMODE != O_RDONLY,
                truncating: flags & O_TRUNC != 0
            )
            let options = options(for: file, isInQueryDirectory: number.isInQueryDirectory)
            if !request.reply(open: options) { close(options.handle) }
        }
    }

    private func options(
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
        buffers.use(byteCount: byteCount) { buffer in
            answer(request) { () throws(FileSystemError) in
                let count = try fileSystem.read(file, into: buffer, at: offset)
                request.reply(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
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

    private func close(_ handle: UInt64) {
        if let file = files.remove(handle) { fileSystem.release(file) }
    }

    // MARK: - Directories

    func openDirectory(_ request: FuseRequest, node: UInt64) {
        answer(request) { () throws(FileSystemError) in
            let directory = NodeNumber(rawValue: node)
            let attributes = try fileSystem.attributes(of: directory)
            guard attributes.kind == .directory else {
                throw FileSystemError(.notDirectory, "The node is not a directory.")
            }
            let isSealed = attributes.timeoutSeconds > 1
            let options = FuseOpenOptions(
                handle: directories.add(OpenDirectory(directory)),
                keepsCache: isSealed,
                cachesDirectory: isSealed
            )
            if !request.reply(open: options) { _ = directories.remove(options.handle) }
        }
    }

    func readDirectory(
        _ request: FuseRequest,
        handle: UInt64,
        from first: Int,
        byteCountMax: Int,
        withAttributes: Bool
    ) {
        guard let directory = directories.value(handle) else { return request.reply(errno: EBADF) }
        let reply: @Sendable () -> Void = {
            self.answer(request) { () throws(FileSystemError) in
                let listing = try self.listing(of: directory, for: request, isRewind: first == 0)
                request.reply(
                    entriesOf: listing,
                    from: first,
                    byteCountMax: byteCountMax,
                    withAttributes: withAttributes
                )
            }
        }
        guard first == 0, fileSystem.mayRunQuery(list: directory.node) else { return reply() }
        executors.run(reply)
    }

    /// The listing at the first read; a rewind makes it anew, as rewinddir(3) asks.
    private func listing(
        of directory: OpenDirectory,
        for request: FuseRequest,
        isRewind: Bool
    ) throws(FileSystemError) -> FuseDirectory {
        if !isRewind, let known = directory.listing.value { return known }
        let own = try fileSystem.attributes(of: directory.node)
        let parent = try fileSystem.attributes(of: fileSystem.parent(of: directory.node))
        let entries = try fileSystem.entries(of: directory.node) {
            request.isInterrupted || self.executors.isEnding
        }
        let listing = FuseDirectory(
            own: translated(own),
            parent: translated(parent),
            entries.map { .init(name: $0.name, attributes: translated($0.attributes)) }
        )
        directory.listing.value = listing
        return listing
    }

    func releaseDirectory(_ request: FuseRequest, handle: UInt64) {
        _ = directories.remove(handle)
        request.reply(errno: 0)
    }

    // MARK: - Changes

    func create(_ request: FuseRequest, parent: UInt64, name: [UInt8], flags: Int32) {
        answer(request) { () throws(FileSystemError) in
            let (attributes, file) = try fileSystem.create(
                name,
                in: NodeNumber(rawValue: parent),
                isExclusive: flags & O_EXCL != 0,
                truncating: flags & O_TRUNC != 0
            )
            let options = options(for: file, isInQueryDirectory: true)
            if !request.reply(created: translated(attributes), options) { close(options.handle) }
        }
    }

    func setAttributes(_ request: FuseRequest, node: UInt64, _ changes: FuseAttributeChanges) {
        answer(request) { () throws(FileSystemError) in
            let number = NodeNumber(rawValue: node)
            if let size = changes.size { try fileSystem.resize(number, to: size) }
            switch changes.modificationTime {
            case .now: try fileSystem.setModificationTime(nil, of: number)
            case .nanoseconds(let time): try fileSystem.setModificationTime(time, of: number)
            case nil: break
            }
            try fileSystem.setOwnership(of: number)
            request.reply(attributes: translated(try fileSystem.attributes(of: number)))
        }
    }

    func unlink(_ request: FuseRequest, parent: UInt64, name: [UInt8]) {
        answer(request) { () throws(FileSystemError) in
            try fileSystem.unlink(name, in: NodeNumber(rawValue: parent))
            request.reply(errno: 0)
        }
    }

    func rename(
        _ request: FuseRequest,
        parent: UInt64,
        name: [UInt8],
        newParent: UInt64,
        newName: [UInt8],
        flags: UInt32
    ) {
        // RENAME_NOREPLACE is 1; an exchange is refused, and tools then fall back.
        guard flags & ~1 == 0 else { return request.reply(errno: EINVAL) }
        answer(request) { () throws(FileSystemError) in
            try fileSystem.rename(
                name,
                in: NodeNumber(rawValue: parent),
                to: newName,
                in: NodeNumber(rawValue: newParent),
                isExclusive: flags == 1
            )
            request.reply(errno: 0)
        }
    }

    func makeOther(_ request: FuseRequest, parent: UInt64) {
        answer(request) { () throws(FileSystemError) in
            try fileSystem.refuseOther(in: NodeNumber(rawValue: parent))
        }
    }

    func removeDirectory(_ request: FuseRequest, parent: UInt64) {
        makeOther(request, parent: parent)
    }
}
