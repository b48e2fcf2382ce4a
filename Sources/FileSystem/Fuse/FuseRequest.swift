import CFuse
import Glibc

/// A request of the kernel, to be answered exactly once, at once or later, from any thread.
///
/// A reply that the kernel does not want any more, since the caller was killed, is dropped without harm.
public struct FuseRequest: @unchecked Sendable {
    // Unchecked: libfuse allows a reply from any thread, and a request is answered by one.
    private let request: fuse_req_t

    init(_ request: fuse_req_t) {
        self.request = request
    }

    /// Whether the caller was interrupted, so that nobody waits for the reply.
    ///
    /// The corresponding C function is `fuse_req_interrupted`.
    public var isInterrupted: Bool { fuse_req_interrupted(request) != 0 }

    /// Has another thread take the next request, as what follows may take long.
    ///
    /// To be called on the thread that was called with the request, before it replies.
    public func expectDelay() {
        guard let box = fuse_req_userdata(request) else { return }
        Unmanaged<OperationsBox>.fromOpaque(box)._withUnsafeGuaranteedRef { $0.threads.expectDelay() }
    }

    /// The corresponding C function is `fuse_reply_err`; 0 is success.
    public func reply(errno: Int32) {
        fuse_reply_err(request, errno)
    }

    /// The corresponding C function is `fuse_reply_entry`.
    public func reply(entry attributes: FuseAttributes) {
        var entry = attributes.entry
        fuse_reply_entry(request, &entry)
    }

    /// Tells that a name is not there, and that the kernel may remember so for some seconds.
    public func reply(noEntryFor seconds: Double) {
        var entry = fuse_entry_param()
        entry.entry_timeout = seconds
        fuse_reply_entry(request, &entry)
    }

    /// The corresponding C function is `fuse_reply_attr`.
    public func reply(attributes: FuseAttributes) {
        var status = attributes.status
        fuse_reply_attr(request, &status, attributes.timeoutSeconds)
    }

    /// The corresponding C function is `fuse_reply_readlink`.
    public func reply(target: [UInt8]) {
        fuse_reply_readlink(request, target.map { CChar(bitPattern: $0) } + [0])
    }

    /// Tells that a file or directory is open.
    ///
    /// The corresponding C function is `fuse_reply_open`.
    ///
    /// - Returns: False if nobody waits any more; no release will follow then.
    public func reply(open options: FuseOpenOptions) -> Bool {
        var info = options.info
        return fuse_reply_open(request, &info) == 0
    }

    /// Tells that a file was created and is open; as ``reply(open:)``.
    ///
    /// The corresponding C function is `fuse_reply_create`.
    public func reply(created attributes: FuseAttributes, _ options: FuseOpenOptions) -> Bool {
        var entry = attributes.entry
        var info = options.info
        return fuse_reply_create(request, &entry, &info) == 0
    }

    /// The corresponding C function is `fuse_reply_buf`; the bytes are copied before it returns.
    public func reply(bytes: UnsafeRawBufferPointer) {
        fuse_reply_buf(request, bytes.baseAddress, bytes.count)
    }

    /// Replies with bytes that lie in several places, in order; they are copied before it returns.
    ///
    /// The corresponding C function is `fuse_reply_iov`.
    public func reply(pieces: [UnsafeRawBufferPointer]) {
        guard pieces.count > 1 else {
            return reply(bytes: pieces.first ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
        guard pieces.count <= Self.pieceCountMax else { return reply(joining: pieces) }
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: pieces.count) { vectors in
            for (index, piece) in pieces.enumerated() {
                // The kernel only reads from them.
                let start = UnsafeMutableRawPointer(mutating: piece.baseAddress)
                vectors.initializeElement(at: index, to: iovec(iov_base: start, iov_len: piece.count))
            }
            fuse_reply_iov(request, vectors.baseAddress, Int32(pieces.count))
        }
    }

    /// Many small pieces cost the kernel more than copying them; and it takes 1,024 at most (UIO_MAXIOV).
    private static let pieceCountMax = 128

    private func reply(joining pieces: [UnsafeRawBufferPointer]) {
        let byteCount = pieces.reduce(0) { $0 + $1.count }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
        defer { buffer.deallocate() }
        var done = 0
        for piece in pieces {
            UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + piece.count])
                .copyMemory(from: piece)
            done += piece.count
        }
        reply(bytes: UnsafeRawBufferPointer(buffer))
    }

    /// The corresponding C function is `fuse_reply_write`.
    public func reply(writtenByteCount: Int) {
        fuse_reply_write(request, writtenByteCount)
    }

    /// The corresponding C function is `fuse_reply_statfs`.
    public func reply(space: FuseSpace) {
        var status = statvfs()
        status.f_bsize = 4096
        status.f_frsize = 4096
        status.f_blocks = UInt(space.byteCount / 4096)
        status.f_bfree = UInt(space.freeByteCount / 4096)
        status.f_bavail = status.f_bfree
        status.f_namemax = 255
        fuse_reply_statfs(request, &status)
    }

    /// Replies with entries of a directory, as many as there is room for.
    ///
    /// The corresponding C functions are `fuse_add_direntry` and `fuse_add_direntry_plus`.
    ///
    /// - Parameters:
    ///   - directory: The whole listing.
    ///   - first: The number of the first entry that the kernel lacks.
    ///   - byteCountMax: The room that the kernel has.
    ///   - withAttributes: Whether it wants the attributes too (READDIRPLUS).
    public func reply(
        entriesOf directory: FuseDirectory,
        from first: Int,
        byteCountMax: Int,
        withAttributes: Bool
    ) {
        withUnsafeTemporaryAllocation(byteCount: byteCountMax, alignment: 16) { buffer in
            let used = fill(buffer, with: directory, from: first, withAttributes)
            fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), used)
        }
    }

    /// Writes entries into a buffer as far as there is room, and gives the bytes that they take.
    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        with directory: FuseDirectory,
        from first: Int,
        _ withAttributes: Bool
    ) -> Int {
        guard let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
        var used = 0
        directory.forEachEntry(from: first) { index, name, attributes in
            let room = buffer.count - used
            let size: Int
            if withAttributes {
                var entry = attributes.entry
                // "." and ".." carry no attributes: the kernel must not count a look-up.
                if index < FuseDirectory.dotCount { entry.ino = 0 }
                size = fuse_add_direntry_plus(request, start + used, room, name, &entry, index + 1)
            } else {
                var status = attributes.status
                size = fuse_add_direntry(request, start + used, room, name, &status, index + 1)
            }
            guard size <= room else { return false }
            used += size
            return true
        }
        return used
    }
}

/// What the kernel is told when a file or directory is opened.
public struct FuseOpenOptions: Sendable {
    /// A number that comes back with every operation on the open file.
    public var handle: UInt64
    /// Whether what the kernel has of an earlier opening stays valid.
    public var keepsCache: Bool
    /// Whether the kernel may keep the listing of a directory.
    public var cachesDirectory: Bool
    /// Whether every close is to be told, which costs it a round trip.
    public var wantsFlush: Bool
    /// Whether every read comes here, whatever size the file is said to have.
    public var isDirect: Bool

    /// Creates options.
    public init(
        handle: UInt64,
        keepsCache: Bool = false,
        cachesDirectory: Bool = false,
        wantsFlush: Bool = false,
        isDirect: Bool = false
    ) {
        self.handle = handle
        self.keepsCache = keepsCache
        self.cachesDirectory = cachesDirectory
        self.wantsFlush = wantsFlush
        self.isDirect = isDirect
    }

    /// The corresponding C structure is `struct fuse_file_info`.
    fileprivate var info: fuse_file_info {
        var info = fuse_file_info()
        info.fh = handle
        info.keep_cache = keepsCache ? 1 : 0
        info.cache_readdir = cachesDirectory ? 1 : 0
        info.noflush = wantsFlush ? 0 : 1
        info.direct_io = isDirect ? 1 : 0
        return info
    }
}
