import Foundation
import Glibc
import Synchronization

/// Starts a mount in the background: a program of its own, since threads do not survive a fork.
///
/// The new program reports through a pipe: one line, `ready` or a sentence of what went wrong.
public enum BackgroundMount {
    /// The variable that tells the new program the number of the pipe.
    private static let variable = "DLV_MOUNT_REPORT"

    /// Starts this program again with other arguments, and waits for its report.
    ///
    /// - Parameters:
    ///   - arguments: Those of the new program, without its name.
    ///   - logPath: Where its messages go; nil for nowhere.
    /// - Throws: ``MountError`` with the sentence that the new program reported.
    public static func start(arguments: [String], logPath: String?) throws {
        if let logPath { try checkLog(logPath) }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw MountError("Cannot make a pipe.") }
        let (reading, writing) = (ends[0], ends[1])
        _ = fcntl(reading, F_SETFD, FD_CLOEXEC)
        do {
            defer { close(writing) }
            try spawn(arguments, reportingTo: writing, logPath)
        } catch {
            close(reading)
            throw error
        }
        let report = FileHandle(fileDescriptor: reading, closeOnDealloc: true).readDataToEndOfFile()
        let text = String(decoding: report, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard text == "ready" else {
            throw MountError(text.isEmpty ? "The mount ended before it was ready." : text)
        }
    }

    /// Makes the file of the log, or says why that cannot be.
    private static func checkLog(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw MountError("Cannot write the log '\(path)': \(String(cString: strerror(errno))).")
        }
        close(descriptor)
    }

    private static func spawn(
        _ arguments: [String],
        reportingTo descriptor: Int32,
        _ logPath: String?
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, logPath ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        closeAllAtExec()
        // The copy stays open in the new program, under a number that both know.
        posix_spawn_file_actions_adddup2(&actions, descriptor, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A session of its own, so that closing the terminal does not end the mount. Swift does not see
        // the macro POSIX_SPAWN_SETSID.
        posix_spawnattr_setflags(&attributes, 0x80)
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = "3"
        var processID = pid_t()
        let program = "/proc/self/exe"
        // Not the name that this program was started by, which may be that of the helper of mount(8).
        let words = ["dlv"] + arguments
        let result = withPointers(words) { words in
            withPointers(environment.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawn(&processID, program, &actions, &attributes, words, variables)
            }
        }
        guard result == 0 else {
            throw MountError("Cannot start the mount: \(String(cString: strerror(result))).")
        }
    }

    /// Lets nothing that is open here stay open in the new program: it would outlive whoever opened it.
    private static func closeAllAtExec() {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for number in open.compactMap(Int32.init) where number > 2 {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
    }

    private static func withPointers<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }

    /// The pipe to the program that waits for the report; nil once it was told, or if none waits.
    private static let waiting = Mutex<Int32?>(nil)

    /// Takes over what this program was started with, before it starts threads: the environment is not for
    /// several.
    public static func begin() {
        guard let text = ProcessInfo.processInfo.environment[variable], let number = Int32(text) else {
            return
        }
        unsetenv(variable)
        waiting.withLock { $0 = number }
    }

    /// Tells the program that started this one how the mount went; does nothing if none waits.
    ///
    /// - Parameter failure: What went wrong; nil once the mount is ready.
    public static func report(failure: String?) {
        guard let number = waiting.withLock({ $0.take() }) else { return }
        // Otherwise the server would keep the directory busy that it was started in.
        _ = chdir("/")
        let line = (failure ?? "ready") + "\n"
        _ = Glibc.write(number, line, line.utf8.count)
        Glibc.close(number)
    }
}
