import ArchiveFileSystem
import Glibc

extension FileSystemError {
    /// The number that the kernel gets: the only place where errors become numbers.
    var errno: Int32 {
        switch code {
        case .noSuchEntry: ENOENT
        case .notDirectory: ENOTDIR
        case .isDirectory: EISDIR
        case .readOnly: EROFS
        case .notPermitted: EPERM
        case .exists: EEXIST
        case .invalidArgument: EINVAL
        case .inputOutput: EIO
        case .fileTooBig: EFBIG
        case .noSpace: ENOSPC
        case .nameTooLong: ENAMETOOLONG
        case .noMedium: ENOMEDIUM
        case .stale: ESTALE
        case .timedOut: ETIMEDOUT
        case .noAttribute: ENODATA
        case .interrupted: EINTR
        case .badHandle: EBADF
        }
    }
}
