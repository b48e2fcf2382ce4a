import Dispatch
import Foundation
import Glibc
import Synchronization

/// A thread that sees when some process has changed the catalog.
///
/// inotify tells at once where the kernel sees the writes; a look at the files every half second tells
/// on network file systems too. A change of the files is not yet a commit, which SQLite completes a
/// moment later; so the catalog is looked at a few times after each.
final class CatalogWatch: Sendable {
    private let folder: String
    private let look: @Sendable () -> Void
    private let ends: (reading: Int32, writing: Int32)
    private let hasStopped = DispatchSemaphore(value: 0)

    /// How often the files are looked at, whatever inotify tells.
    private static let pauseMilliseconds: Int32 = 500

    /// After a change of the files: when the catalog is looked at, in milliseconds from one to the next.
    private static let looksAfterChange: [UInt32] = [2, 10, 40, 150]

    /// Starts to watch.
    ///
    /// - Parameters:
    ///   - folder: The archive's directory.
    ///   - look: Called on the thread after each change of a file there.
    init(folder: String, look: @escaping @Sendable () -> Void) throws {
        self.folder = folder
        self.look = look
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw MountError("Cannot make a pipe: \(String(cString: strerror(errno))).")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.ends = (ends[0], ends[1])
        let thread = Thread { self.watch() }
        thread.name = "catalog"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Ends the thread, and waits for it.
    func stop() {
        var byte: UInt8 = 0
        _ = write(ends.writing, &byte, 1)
        hasStopped.wait()
        close(ends.writing)
        close(ends.reading)
    }

    private func watch() {
        defer { hasStopped.signal() }
        let notices = inotify_init()
        defer { if notices >= 0 { close(notices) } }
        if notices >= 0 {
            _ = fcntl(notices, F_SETFD, FD_CLOEXEC)
            _ = fcntl(notices, F_SETFL, O_NONBLOCK)
            inotify_add_watch(notices, folder, UInt32(IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO))
        }
        var known = state()
        while true {
            var polled = [
                pollfd(fd: ends.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: notices, events: Int16(POLLIN), revents: 0),
            ]
            let result = poll(&polled, 2, Self.pauseMilliseconds)
            if polled[0].revents != 0 { return }
            if result < 0 { usleep(10_000) }
            drain(notices)
            let current = state()
            guard current != known else { continue }
            known = current
            for pause in Self.looksAfterChange {
                usleep(pause * 1000)
                look()
            }
        }
    }

    private func drain(_ notices: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while notices >= 0, read(notices, &buffer, buffer.count) > 0 {}
    }

    /// Sizes and times of the catalog's files.
    private func state() -> [Int] {
        ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-journal"].flatMap { name -> [Int] in
            var status = stat()
            guard stat("\(folder)/\(name)", &status) == 0 else { return [0, 0, 0] }
            return [Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        }
    }
}
