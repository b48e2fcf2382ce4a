import CFuse
import Glibc

/// What the kernel is told of a node.
public struct FuseAttributes: Hashable, Sendable {
    /// The kinds of nodes that a session shows.
    public enum Kind: Hashable, Sendable {
        case directory
        case regularFile
        case symbolicLink
    }

    /// The number of the node; 1 is the root.
    public var node: UInt64
    /// Directory, regular file or symbolic link.
    public var kind: Kind
    /// The permission bits.
    public var permissions: UInt16
    /// The size in bytes.
    public var size: Int
    /// Access, modification and change time, in nanoseconds since 1970.
    public var modificationTime: Int64
    /// How long the kernel may keep the name and the attributes, in seconds.
    public var timeoutSeconds: Double
    /// Whose it is.
    public var owner: FuseOwner

    /// Creates attributes.
    public init(
        node: UInt64,
        kind: Kind,
        permissions: UInt16,
        size: Int,
        modificationTime: Int64,
        timeoutSeconds: Double,
        owner: FuseOwner = .mounting
    ) {
        self.node = node
        self.kind = kind
        self.permissions = permissions
        self.size = size
        self.modificationTime = modificationTime
        self.timeoutSeconds = timeoutSeconds
        self.owner = owner
    }

    /// The node as `stat` shows it.
    ///
    /// The corresponding C structure is `struct stat`.
    var status: stat {
        var status = stat()
        status.st_ino = UInt(node)
        let type: UInt32 =
            switch kind {
            case .directory: S_IFDIR
            case .regularFile: S_IFREG
            case .symbolicLink: S_IFLNK
            }
        status.st_mode = type | UInt32(permissions)
        status.st_nlink = kind == .directory ? 2 : 1
        status.st_size = size
        status.st_blocks = (size + 511) / 512
        status.st_blksize = 1 << 17
        status.st_uid = owner.user
        status.st_gid = owner.group
        var (seconds, rest) = modificationTime.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest < 0 {
            seconds -= 1
            rest += 1_000_000_000
        }
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        status.st_atim = time
        status.st_mtim = time
        status.st_ctim = time
        return status
    }

    /// The answer to a look-up that found the node.
    ///
    /// The corresponding C structure is `struct fuse_entry_param`.
    var entry: fuse_entry_param {
        var entry = fuse_entry_param()
        entry.ino = node
        entry.generation = 1
        entry.attr = status
        entry.attr_timeout = timeoutSeconds
        entry.entry_timeout = timeoutSeconds
        return entry
    }
}

/// Whose a node is.
public struct FuseOwner: Hashable, Sendable {
    /// The number of the user.
    public var user: UInt32
    /// The number of the group.
    public var group: UInt32

    /// Creates an owner.
    public init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// The user who mounted.
    public static let mounting = FuseOwner(user: getuid(), group: getgid())
}

/// How much room a file system has, for `df`.
public struct FuseSpace: Hashable, Sendable {
    /// The size in bytes.
    public var byteCount: Int
    /// The bytes that are free.
    public var freeByteCount: Int

    /// Creates the numbers.
    public init(byteCount: Int, freeByteCount: Int) {
        self.byteCount = byteCount
        self.freeByteCount = freeByteCount
    }
}
