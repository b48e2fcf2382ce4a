import Glibc
import Mount

/// Numbers of users and groups, as the system's lists of accounts have them.
enum Accounts {
    /// The number of a user who is given by number or name.
    static func userID(_ text: String) throws -> UInt32 {
        if let number = UInt32(text) { return number }
        guard let entry = getpwnam(text) else { throw MountError("There is no user '\(text)'.") }
        return entry.pointee.pw_uid
    }

    /// The number of a group that is given by number or name.
    static func groupID(_ text: String) throws -> UInt32 {
        if let number = UInt32(text) { return number }
        guard let entry = getgrnam(text) else { throw MountError("There is no group '\(text)'.") }
        return entry.pointee.gr_gid
    }
}
