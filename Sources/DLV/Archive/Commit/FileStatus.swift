public import Foundation
import SystemPackage

/// Times of files as one number.
public enum FileTime {
    /// A time in nanoseconds since 1970; one that 64 bits cannot hold becomes the nearest that they
    /// can, in the years 1677 and 2262.
    public static func nanoseconds(_ time: timespec) -> Int64 {
        let (product, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(Int64(time.tv_nsec))
        guard overflow || carry else { return sum }
        return time.tv_sec < 0 ? .min : .max
    }
}

/// What stat(2) tells of a file, as far as commits need it.
struct FileStatus {
    enum Kind {
        case regularFile
        case directory
        case symbolicLink
        case other
    }

    let kind: Kind
    let byteCount: Int
    let isExecutable: Bool
    /// In nanoseconds since 1970.
    let modificationTime: Int64
    /// Device and inode: the identity of the file while it exists.
    let identity: Identity

    struct Identity: Hashable {
        let device: UInt
        let inode: UInt
    }

    /// The corresponding C function is `fstat`.
    init?(_ descriptor: FileDescriptor) {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The corresponding C functions are `stat` and `lstat`.
    init?(path: String, followingLinks: Bool) {
        var status = stat()
        let result = followingLinks ? stat(path, &status) : lstat(path, &status)
        guard result == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regularFile
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        byteCount = Int(status.st_size)
        isExecutable = status.st_mode & 0o100 != 0
        modificationTime = FileTime.nanoseconds(status.st_mtim)
        identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    }
}
