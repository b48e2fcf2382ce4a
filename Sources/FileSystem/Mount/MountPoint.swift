import Foundation
import Fuse
import Glibc

/// Why an archive cannot be mounted or unmounted, in one sentence with the way out.
public struct MountError: Error, Hashable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Creates an error.
    public init(_ description: String) {
        self.description = description
    }
}

/// The directory that an archive is mounted at.
enum MountPoint {
    /// Checks that an archive can be mounted at a path, and clears a mount whose server is dead.
    static func prepare(_ path: String) throws {
        guard access("/dev/fuse", R_OK | W_OK) == 0 else {
            throw MountError(
                "Cannot open /dev/fuse: \(String(cString: strerror(errno))). Mounting needs FUSE: on a "
                    + "host 'modprobe fuse', in a container the option '--device /dev/fuse'."
            )
        }
        // Opened, since the kernel may answer a stat(2) for a dead server.
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno == ENOTCONN {
            // The server of an earlier mount was killed; nothing can be read through it any more.
            try RunningMount.unmount(path, lazily: true)
        } else {
            throw MountError(
                "The mount point '\(path)' cannot be used: \(String(cString: strerror(errno))). "
                    + "Make an empty directory with 'mkdir'."
            )
        }
        if let mount = RunningMount.all().last(where: { $0.mountPoint == path }) {
            throw MountError(
                "The archive '\(mount.archive)' is mounted at '\(path)' already. "
                    + "'dlv unmount \(path)' ends that."
            )
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw MountError("The mount point '\(path)' is not a directory that can be listed.")
        }
        guard names.isEmpty else {
            throw MountError("The mount point '\(path)' is not empty. Choose an empty directory.")
        }
    }
}
