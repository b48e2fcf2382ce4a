import Dispatch
import Foundation
import Glibc
import Synchronization

/// A mounted archive of this machine, as the kernel lists it.
public struct RunningMount: Hashable, Sendable {
    /// The archive's directory.
    public let archive: String
    /// Where it is mounted.
    public let mountPoint: String
    /// The kernel's number of the device, `MAJOR:MINOR`.
    public let device: String

    /// What its server says when it is asked.
    public enum Reply: Hashable, Sendable {
        /// It answers: the text of its status, JSON; empty if it is of another release.
        case running(String)
        /// There is no server any more.
        case dead
        /// It does not answer, for some time at least.
        case silent
    }

    /// Asks the server for its status, and waits for a short time.
    public func reply() -> Reply {
        Self.replies(of: [self])[0]
    }

    /// Asks the servers of mounts, all at once, so that several silent ones cost no more time than one.
    public static func replies(of mounts: [RunningMount]) -> [Reply] {
        let boxes = mounts.map { mount in
            // On a thread of its own, since reading from a server that hangs does not end.
            let box = ReplyBox()
            Thread.detachNewThread {
                box.reply.withLock { $0 = ask(mount.mountPoint) }
                box.hasCome.signal()
            }
            return box
        }
        let deadline = DispatchTime.now() + patienceSeconds
        return boxes.map { box in
            box.hasCome.wait(timeout: deadline) == .success ? box.reply.withLock { $0 } : .silent
        }
    }

    private final class ReplyBox: Sendable {
        let reply = Mutex<Reply>(.silent)
        let hasCome = DispatchSemaphore(value: 0)
    }

    private static let patienceSeconds = 3.0

    private static func ask(_ mountPoint: String) -> Reply {
        let descriptor = open(mountPoint + "/.status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno != ENOTCONN else { return .dead }
            // The kernel may answer a stat(2) by itself; this one goes to the server.
            var status = statvfs()
            return statvfs(mountPoint, &status) == 0 || errno != ENOTCONN ? .running("") : .dead
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        return .running(String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self))
    }

    /// The numbers in a server's status.
    public func facts(_ reply: Reply) -> [String: Int]? {
        guard case .running(let text) = reply,
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        else { return nil }
        return object.compactMapValues { $0 as? Int }
    }

    /// The process that serves it: the server says so itself, or its command line does.
    public func processID(_ reply: Reply) -> Int? {
        facts(reply)?["pid"] ?? Self.servers()[mountPoint]
    }

    /// All mounted archives that this process can see, in the order of mounting.
    ///
    /// Looks at no mount itself, so that a server may ask before it serves.
    public static func all() -> [RunningMount] {
        let list = FileManager.default.contents(atPath: "/proc/self/mountinfo") ?? Data()
        return String(decoding: list, as: UTF8.self).split(separator: "\n").compactMap { line in
            // ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS (proc(5))
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash + 2 < fields.count, fields.count > 4,
                fields[dash + 1] == ArchiveMount.fileSystemType
            else { return nil }
            return RunningMount(
                archive: unescaped(fields[dash + 2]),
                mountPoint: unescaped(fields[4]),
                device: String(fields[2])
            )
        }
    }

    /// Unmounts an archive, and waits for its server to end, so that the archive is free afterwards. If it is in
    /// use, waits a short time for that to end too.
    ///
    /// - Parameter mountPoint: Where it is mounted.
    /// - Returns: The process of the server if it goes on: a mount namespace that was made meanwhile, a
    ///   container's for example, has a copy of the mount (mount_namespaces(7)).
    /// - Throws: ``MountError`` if it is not mounted, or in use.
    public static func unmountAndWait(_ mountPoint: String) throws -> Int? {
        let mount = all().last { $0.mountPoint == mountPoint }
        // Asked only where no command line tells: a question that a server is slow to answer keeps its mount
        // busy.
        let server = (servers()[mountPoint] ?? mount.flatMap { $0.processID($0.reply()) }).map(pid_t.init)
        // A question of 'dlv status' keeps a mount busy as long as it waits.
        let deadline = DispatchTime.now() + patienceSeconds
        while try !unmountIfIdle(mountPoint, lazily: false) {
            guard DispatchTime.now() < deadline else { throw busy(mountPoint) }
            usleep(50_000)
        }
        guard let server, server != getpid() else { return nil }
        for _ in 0..<1000 {
            guard kill(server, 0) == 0 || errno == EPERM else { return nil }
            usleep(5000)
        }
        return Int(server)
    }

    /// Unmounts an archive.
    ///
    /// - Parameters:
    ///   - mountPoint: Where it is mounted.
    ///   - lazily: Whether it goes out of the tree at once, though files of it may be open.
    /// - Throws: ``MountError`` if it is not mounted, or in use.
    public static func unmount(_ mountPoint: String, lazily: Bool = false) throws {
        guard try unmountIfIdle(mountPoint, lazily: lazily) else { throw busy(mountPoint) }
    }

    /// Unmounts an archive, unless it is in use; then it gives false.
    private static func unmountIfIdle(_ mountPoint: String, lazily: Bool) throws -> Bool {
        guard all().contains(where: { $0.mountPoint == mountPoint }) else {
            throw MountError("No archive is mounted at '\(mountPoint)'; 'dlv status' lists all mounts.")
        }
        // Root may unmount by itself; others through the helper of FUSE, which checks whose it is.
        if geteuid() == 0 {
            // MNT_DETACH is 2, UMOUNT_NOFOLLOW 8 (umount2(2)).
            guard umount2(mountPoint, lazily ? 2 | 8 : 8) != 0 else { return true }
            guard errno != EBUSY else { return false }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["fusermount3", lazily ? "-uzq" : "-uq", mountPoint]
        let messages = Pipe()
        process.standardError = messages
        do {
            try process.run()
        } catch {
            throw MountError("Cannot run 'fusermount3': \(error.localizedDescription)")
        }
        let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return true }
        if text.contains("busy") || text.isEmpty { return false }
        throw MountError(
            "Cannot unmount '\(mountPoint)': \(text.trimmingCharacters(in: .whitespacesAndNewlines))."
        )
    }

    private static func busy(_ mountPoint: String) -> MountError {
        MountError(
            "'\(mountPoint)' is busy: a program has a file of it open, or works in it. "
                + "'fuser -vm \(mountPoint)' lists them."
        )
    }

    /// The processes that serve mounts, by the mount point that is their last argument.
    private static func servers() -> [String: Int] {
        var servers: [String: Int] = [:]
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for processID in processes.compactMap(Int.init) {
            guard let data = FileManager.default.contents(atPath: "/proc/\(processID)/cmdline"),
                let words = Optional(data.split(separator: 0)), words.count > 2,
                words.contains(Data("mount".utf8)), words.contains(Data("--foreground".utf8)),
                let last = words.last
            else { continue }
            let folder = (try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(processID)/cwd"
            )) ?? "/"
            let path = String(decoding: last, as: UTF8.self)
            let absolute = path.hasPrefix("/") ? path : folder + "/" + path
            servers[(absolute as NSString).standardizingPath] = processID
        }
        return servers
    }

    /// Undoes the octal escapes of the list of mounts: `\040` is a space.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
