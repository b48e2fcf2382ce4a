/// What a file system does when the kernel asks.
///
/// Called on libfuse's threads, several at a time. Every method answers its request once, before it
/// returns or later; libfuse's `fuse_lowlevel_ops` tells what each one means. Names are bytes.
///
/// Those that open, list or close hold up the next request: before they do something that may take long, they
/// call ``FuseRequest/expectDelay()``.
public protocol FuseOperations: AnyObject, Sendable {
    /// Looks up a name.
    func lookup(_ request: FuseRequest, parent: UInt64, name: [UInt8])
    /// Gets attributes.
    func attributes(_ request: FuseRequest, node: UInt64)
    /// Sets attributes; those that are nil stay.
    func setAttributes(_ request: FuseRequest, node: UInt64, _ changes: FuseAttributeChanges)
    /// Reads the target of a symbolic link.
    func readLink(_ request: FuseRequest, node: UInt64)
    /// Opens a file; the flags are those of open(2).
    func open(_ request: FuseRequest, node: UInt64, flags: Int32)
    /// Reads from an open file.
    func read(_ request: FuseRequest, handle: UInt64, offset: Int, byteCount: Int)
    /// Writes to an open file; the bytes are valid until it returns.
    func write(_ request: FuseRequest, handle: UInt64, offset: Int, bytes: UnsafeRawBufferPointer)
    /// A descriptor of an open file is closed; there may be others.
    func flush(_ request: FuseRequest, handle: UInt64)
    /// An open file is to be written to the disk.
    func sync(_ request: FuseRequest, handle: UInt64)
    /// The last descriptor of an open file is closed.
    func release(_ request: FuseRequest, handle: UInt64)
    /// Opens a directory.
    func openDirectory(_ request: FuseRequest, node: UInt64)
    /// Lists an open directory.
    func readDirectory(
        _ request: FuseRequest,
        handle: UInt64,
        from first: Int,
        byteCountMax: Int,
        withAttributes: Bool
    )
    /// Closes an open directory.
    func releaseDirectory(_ request: FuseRequest, handle: UInt64)
    /// Tells the room that there is.
    func space(_ request: FuseRequest)
    /// Creates and opens a file; the flags are those of open(2).
    func create(_ request: FuseRequest, parent: UInt64, name: [UInt8], flags: Int32)
    /// Deletes a file.
    func unlink(_ request: FuseRequest, parent: UInt64, name: [UInt8])
    /// Renames a file; the flags are those of renameat2(2).
    func rename(
        _ request: FuseRequest,
        parent: UInt64,
        name: [UInt8],
        newParent: UInt64,
        newName: [UInt8],
        flags: UInt32
    )
    /// Makes a directory, a link, or a node of another kind.
    func makeOther(_ request: FuseRequest, parent: UInt64)
    /// Removes a directory.
    func removeDirectory(_ request: FuseRequest, parent: UInt64)
}

/// The attributes that a caller wants to change.
public struct FuseAttributeChanges: Hashable, Sendable {
    /// The new size in bytes.
    public var size: Int?
    /// The new modification time.
    public var modificationTime: Time?

    /// A time to set.
    public enum Time: Hashable, Sendable {
        /// The present.
        case now
        /// Nanoseconds since 1970.
        case nanoseconds(Int64)
    }
}
