/// The number of a node of the mounted tree: what FUSE calls an inode number.
///
/// A node of the archive is found again from its number alone, so the file system keeps no object
/// per inode and a FORGET is nothing. The numbers of the writable `query/` directory have bit 62
/// set and are handed out by it.
public struct NodeNumber: Hashable, Sendable {
    /// The number as the kernel sees it; 1 is the root.
    public let rawValue: UInt64

    /// Wraps a number that the kernel gave back.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The root of the mount (FUSE_ROOT_ID).
    public static let root = NodeNumber(rawValue: 1)

    /// The bit that marks the nodes of `query/`.
    public static let queryBit: UInt64 = 1 << 62

    /// Whether the node lies in `query/` (the directory itself included).
    public var isInQueryDirectory: Bool { rawValue & Self.queryBit != 0 }
}
