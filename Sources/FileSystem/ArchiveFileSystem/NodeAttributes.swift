/// What `stat` tells of a node.
public struct NodeAttributes: Hashable, Sendable {
    /// The three kinds of nodes in a mounted archive.
    public enum Kind: Hashable, Sendable {
        case directory
        case regularFile
        case symbolicLink
    }

    /// The number of the node.
    public var node: NodeNumber

    /// Directory, regular file or symbolic link.
    public var kind: Kind

    /// The size in bytes; for a symbolic link the length of its target.
    public var size: Int

    /// The permission bits, without the kind.
    public var permissions: UInt16

    /// The modification time in nanoseconds since 1970.
    public var modificationTime: Int64

    /// How long the kernel may keep these attributes and the name that led to them, in seconds.
    public var timeoutSeconds: Double

    /// Creates attributes.
    public init(
        node: NodeNumber,
        kind: Kind,
        size: Int,
        permissions: UInt16,
        modificationTime: Int64,
        timeoutSeconds: Double
    ) {
        self.node = node
        self.kind = kind
        self.size = size
        self.permissions = permissions
        self.modificationTime = modificationTime
        self.timeoutSeconds = timeoutSeconds
    }
}
