import Dispatch
import Foundation
import Synchronization

/// Threads on which queries run, so that reads of weights never wait for one.
///
/// They are started when there is work and end when there is none.
final class QueryExecutors: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var threadCount = 0
        var isEnding = false
    }

    private let isIdle = DispatchSemaphore(value: 0)

    private let state = Mutex(State())

    /// Queries are bound by the CPU; more at a time would only slow each other and the readers.
    private static let threadCountMax = 4

    /// How many queries run, and how many wait for a thread.
    var counts: (running: Int, waiting: Int) {
        state.withLock { ($0.threadCount, $0.waiting.count) }
    }

    /// Runs a function on one of the threads, after those that came before.
    func run(_ job: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.waiting.append(job)
            guard state.threadCount < Self.threadCountMax else { return false }
            state.threadCount += 1
            return true
        }
        guard needsThread else { return }
        let thread = Thread { self.work() }
        thread.name = "query"
        // Deep expressions recurse; the default stack of secondary threads is half a megabyte.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Whether queries should give up, since the mount ends.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Waits until all queries have ended, which they are told to do: their requests must be answered
    /// before the session goes.
    func end() {
        let mustWait = state.withLock { state in
            state.isEnding = true
            return state.threadCount > 0
        }
        if mustWait { isIdle.wait() }
    }

    private func work() {
        while true {
            let job = state.withLock { state -> (@Sendable () -> Void)? in
                guard !state.waiting.isEmpty else {
                    state.threadCount -= 1
                    if state.threadCount == 0, state.isEnding { isIdle.signal() }
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let job else { return }
            job()
        }
    }
}
