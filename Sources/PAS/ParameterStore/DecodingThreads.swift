import Dispatch
import Foundation
import Synchronization

/// A few threads that decode: what a reader waits for first, then what it will likely want next.
///
/// Readers never hand over a decode and wait: they decode themselves whatever no thread has begun. So
/// one reader uses all cores, and many readers are not held up by each other's work.
final class DecodingThreads: Sendable {
    /// Work for one of the threads.
    typealias Job = @Sendable () -> Void

    private struct Jobs {
        var wanted: [Job] = []
        var likely: [(byteCount: Int, job: Job)] = []
        var likelyByteCount = 0
        var firstLikely = 0
        var hasThreads = false
        var isEnding = false
    }

    /// What the threads hold on to; not the object itself, whose end ends them.
    private final class Queue: Sendable {
        let jobs = Mutex(Jobs())
        let count = DispatchSemaphore(value: 0)
    }

    private let queue = Queue()
    private let likelyByteCountMax: Int

    /// The number of the threads: the processor's cores.
    static let threadCount = max(2, ProcessInfo.processInfo.activeProcessorCount)

    /// - Parameter likelyByteCountMax: The bytes of likely chunks that may wait; more are dropped.
    init(likelyByteCountMax: Int) {
        self.likelyByteCountMax = likelyByteCountMax
    }

    deinit {
        queue.jobs.withLock { $0.isEnding = true }
        for _ in 0..<Self.threadCount { queue.count.signal() }
    }

    /// The bytes that wait to be decoded before anybody asks for them.
    var likelyByteCount: Int { queue.jobs.withLock { $0.likelyByteCount } }

    /// Runs jobs for which a reader waits.
    func runWanted(_ jobs: [Job]) {
        queue.jobs.withLock { $0.wanted += jobs }
        startThreads()
        for _ in jobs { queue.count.signal() }
    }

    /// Runs a job before all for which nobody waits.
    func runSoon(_ job: @escaping Job) {
        queue.jobs.withLock { $0.wanted.insert(job, at: 0) }
        startThreads()
        queue.count.signal()
    }

    /// Runs a job for which nobody waits yet; drops it if too much of that kind waits.
    func runLikely(byteCount: Int, _ job: @escaping Job) {
        let isKept = queue.jobs.withLock { jobs in
            guard jobs.likelyByteCount + byteCount <= likelyByteCountMax else { return false }
            jobs.likely.append((byteCount, job))
            jobs.likelyByteCount += byteCount
            return true
        }
        guard isKept else { return }
        startThreads()
        queue.count.signal()
    }

    /// Starts the threads at the first job: most programs that open a store never need them.
    private func startThreads() {
        let isFirst = queue.jobs.withLock { jobs in
            defer { jobs.hasThreads = true }
            return !jobs.hasThreads
        }
        guard isFirst else { return }
        for number in 0..<Self.threadCount {
            let thread = Thread { [queue] in Self.work(queue) }
            thread.name = "decode-\(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    private static func work(_ queue: Queue) {
        while true {
            queue.count.wait()
            let (job, isEnding) = queue.jobs.withLock { jobs in (next(&jobs), jobs.isEnding) }
            if isEnding { return }
            job?()
        }
    }

    private static func next(_ jobs: inout Jobs) -> Job? {
        if let job = jobs.wanted.popLast() { return job }
        guard jobs.firstLikely < jobs.likely.count else { return nil }
        let (byteCount, job) = jobs.likely[jobs.firstLikely]
        jobs.firstLikely += 1
        jobs.likelyByteCount -= byteCount
        // The list moves up in large steps, so that taking from its front is cheap.
        if jobs.firstLikely == jobs.likely.count || jobs.firstLikely > 256 {
            jobs.likely.removeFirst(jobs.firstLikely)
            jobs.firstLikely = 0
        }
        return job
    }
}
