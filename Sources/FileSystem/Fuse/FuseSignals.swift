import Glibc

/// The signals that ask a session to end, as a pipe that a thread can wait on.
///
/// One a process, as signal handlers are. A storm of signals fills the pipe and does no harm.
enum FuseSignals {
    // Written by `install` before a signal can come, and read by a handler, which may not take locks.
    nonisolated(unsafe) private static var writing: Int32 = -1

    private static let numbers = [SIGINT, SIGTERM, SIGHUP]

    /// Has the signals written to a pipe, and gives its reading end; SIGPIPE is ignored from now on.
    static func install() throws(FuseError) -> Int32 {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw FuseError("Cannot make a pipe: \(String(cString: strerror(errno))).")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A handler must never wait for the thread that reads.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        writing = ends[1]
        for number in numbers {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(FuseSignals.writing, &byte, 1)
                errno = saved
            }
            // Without SA_RESTART, so that libfuse's main thread wakes up.
            sigaction(number, &action, nil)
        }
        signal(SIGPIPE, SIG_IGN)
        return ends[0]
    }

    /// Gives the signals their usual effect again.
    static func remove(reading: Int32) {
        for number in numbers { signal(number, SIG_DFL) }
        close(writing)
        writing = -1
        close(reading)
    }

    /// Has whoever waits get a zero.
    static func wake() {
        var byte: UInt8 = 0
        _ = write(writing, &byte, 1)
    }

    /// Waits for a signal, at most for some milliseconds (-1: for ever); nil if none came.
    static func wait(reading: Int32, milliseconds: Int32) -> Int32? {
        var polled = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        var result = poll(&polled, 1, milliseconds)
        while result < 0, errno == EINTR { result = poll(&polled, 1, milliseconds) }
        guard result == 1, polled.revents & Int16(POLLIN) != 0 else { return nil }
        var byte: UInt8 = 0
        return read(reading, &byte, 1) == 1 ? Int32(byte) : nil
    }
}
