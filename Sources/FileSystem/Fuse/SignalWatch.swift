import CFuse
import Dispatch
import Glibc
import Synchronization

/// Makes a session's loop return.
struct SessionEnd: @unchecked Sendable {
    // Unchecked: `fuse_session_exit` sets a flag, from any thread.
    let session: OpaquePointer
    let mainThread: pthread_t

    /// Called again until the loop has returned: a flag set just before libfuse sleeps goes unseen.
    func request() {
        fuse_session_exit(session)
        // Its handler does nothing new; but libfuse's main thread wakes up and sees the flag.
        pthread_kill(mainThread, SIGHUP)
    }
}

/// A thread that waits for the signals that end a session, and ends it in order.
final class SignalWatch: Sendable {
    private let signals: Int32
    private let end: SessionEnd
    private let graceSeconds: Int
    private let detach: @Sendable (Int32) -> Void
    private let isStopping = Atomic<Bool>(false)
    private let hasStopped = DispatchSemaphore(value: 0)

    init(
        _ signals: Int32,
        _ end: SessionEnd,
        graceSeconds: Int,
        detach: @escaping @Sendable (Int32) -> Void
    ) {
        self.signals = signals
        self.end = end
        self.graceSeconds = graceSeconds
        self.detach = detach
    }

    func start() {
        DispatchQueue(label: "signals").async { self.watch() }
    }

    /// Waits until the thread does nothing any more.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        FuseSignals.wake()
        hasStopped.wait()
    }

    private func watch() {
        defer { hasStopped.signal() }
        guard let number = FuseSignals.wait(reading: signals, milliseconds: -1), number != 0 else {
            return
        }
        detach(number)
        _ = FuseSignals.wait(reading: signals, milliseconds: Int32(clamping: graceSeconds * 1000))
        while !isStopping.load(ordering: .acquiring) {
            end.request()
            usleep(10_000)
        }
    }
}
