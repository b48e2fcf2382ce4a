import CFuse
import Glibc
import Synchronization

/// How libfuse's threads wait for requests: one at a time, unless requests take long.
///
/// Left alone, all threads sleep in read(2), and every request wakes the one that has slept longest, mostly on
/// another processor; to wake a processor takes longer than to answer most requests, on a virtual machine ten
/// times as long. So whoever has answered a request that was brief waits for the next one itself, and while
/// requests come in quick succession it does so awake, for a moment. The others are parked; one of them is
/// called before a thread does something that may take long, and one looks every few milliseconds whether a
/// brief request was not brief after all, as when a disk does not answer.
///
/// It rests on what libfuse allows: its threads read through a function of the program's (`fuse_custom_io`).
final class FuseThreads: Sendable {
    /// What a thread of libfuse's is at, kept where only that thread sees it.
    private enum Errand: Int {
        /// Nothing of libfuse's: a thread of another kind, or one that waits for a request.
        case none
        /// A request for which nobody needs to be called.
        case brief
        /// A request that may take long, while somebody else waits for the next one.
        case long
    }

    private let errand: pthread_key_t
    /// A semaphore (eventfd(2)) at which threads are parked.
    ///
    /// Like a read of the device, a read of it ends when libfuse cancels its threads at the end of a session.
    private let parking: Int32
    /// The number of threads that wait in the kernel for a request, or are about to.
    private let waitingCount = Atomic<Int>(0)
    /// The number of requests that were taken, as far as it fits.
    private let takenCount = Atomic<Int>(0)
    /// Whether a parked thread was called and has not come yet.
    private let isCalling = Atomic<Bool>(false)
    /// Whether a parked thread looks whether somebody waits.
    private let isWatched = Atomic<Bool>(false)
    /// Whether requests come soon after a thread has begun to wait for them.
    private let isLively = Atomic<Bool>(false)
    /// The number of requests that one thread took one after the other without having to wait for them.
    private let backlog = Atomic<Int>(0)
    /// Staying awake on the only processor would keep it from whoever makes the requests.
    private let mayStayAwake = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1

    /// How long a thread stays awake: a caller on a virtual machine takes some 30 us from reply to request.
    private static let patienceNanoseconds = 100_000

    /// With so many brief requests waiting in a row there is work for another thread.
    private static let backlogMax = 16

    /// How often it is looked whether somebody waits.
    private static let watchMilliseconds: Int32 = 5

    /// - Throws: ``FuseError`` if the process may have no more descriptors.
    init() throws(FuseError) {
        var key = pthread_key_t()
        guard pthread_key_create(&key, nil) == 0 else {
            throw FuseError("Cannot mount: this process keeps too many values of its threads.")
        }
        errand = key
        parking = eventfd(0, Int32(EFD_SEMAPHORE | EFD_CLOEXEC))
        guard parking >= 0 else {
            pthread_key_delete(key)
            throw FuseError("Cannot make an eventfd: \(String(cString: strerror(Glibc.errno))).")
        }
    }

    deinit {
        close(parking)
        pthread_key_delete(errand)
    }

    /// Has a mounted session's threads wait as this type says.
    ///
    /// - Throws: ``FuseError`` if libfuse refuses, for want of memory.
    static func attach(to session: OpaquePointer) throws(FuseError) {
        var functions = fuse_custom_io()
        functions.read = { device, buffer, byteCount, box in
            guard let box else { return -1 }
            return Unmanaged<OperationsBox>.fromOpaque(box)._withUnsafeGuaranteedRef {
                $0.threads.nextRequest(from: device, into: buffer, byteCount)
            }
        }
        functions.writev = { device, vectors, count, _ in writev(device, vectors, count) }
        guard fuse_session_custom_io(session, &functions, fuse_session_fd(session)) == 0 else {
            throw FuseError("libfuse does not let the program read its requests.")
        }
    }

    /// Has somebody wait for the next request, as the thread that calls is about to do something that may take
    /// long.
    ///
    /// Without effect on other threads than libfuse's, and when called again.
    func expectDelay() {
        guard current == .brief else { return }
        current = .long
        callIfNobodyWaits()
    }

    private func callIfNobodyWaits() {
        guard waitingCount.load(ordering: .sequentiallyConsistent) == 0,
            !isCalling.exchange(true, ordering: .sequentiallyConsistent)
        else { return }
        var one: UInt64 = 1
        _ = write(parking, &one, MemoryLayout<UInt64>.size)
    }

    // MARK: - Waiting

    /// Reads the next request, as read(2) does, once it is this thread's turn.
    private func nextRequest(
        from device: Int32,
        into buffer: UnsafeMutableRawPointer?,
        _ byteCount: Int
    ) -> Int {
        let wasLong = current == .long
        current = .none
        let isFirst = !wasLong && waitFirst()
        if !isFirst {
            // Requests that take long come one after the other: then threads wait side by side, and only
            // one needs to be woken for each.
            guard wasLong || park() else { return -1 }
            waitingCount.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if !wasLong { isCalling.store(false, ordering: .sequentiallyConsistent) }
        }
        let start = Self.now()
        if isFirst { stayAwake(for: device, since: start) }
        let count = read(device, buffer, byteCount)
        let error = errno
        // Being woken took time too.
        isLively.store(Self.now() - start < 2 * Self.patienceNanoseconds, ordering: .relaxed)
        // In this order: whoever watches sees that nobody waits, or that a request was taken meanwhile.
        waitingCount.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        takenCount.wrappingAdd(1, ordering: .sequentiallyConsistent)
        current = .brief
        let isBusy = backlog.load(ordering: .relaxed) >= Self.backlogMax
        if count > 0, isBusy || !isWatched.load(ordering: .sequentiallyConsistent) {
            callIfNobodyWaits()
        }
        errno = error
        return count
    }

    /// Counts this thread as one that waits, if nobody else does.
    private func waitFirst() -> Bool {
        waitingCount.compareExchange(
            expected: 0,
            desired: 1,
            ordering: .sequentiallyConsistent
        ).exchanged
    }

    /// Waits for a request without sleeping, if it is likely to come soon.
    private func stayAwake(for device: Int32, since start: Int) {
        if hasRequest(device) {
            backlog.wrappingAdd(1, ordering: .relaxed)
            return
        }
        backlog.store(0, ordering: .relaxed)
        guard mayStayAwake, isLively.load(ordering: .relaxed) else { return }
        while Self.now() - start < Self.patienceNanoseconds, !hasRequest(device) {}
    }

    /// Sleeps until somebody must wait for requests; false, and errno, if a signal came instead.
    private func park() -> Bool {
        while !isWatched.exchange(true, ordering: .sequentiallyConsistent) {
            let seen = takenCount.load(ordering: .sequentiallyConsistent)
            let sight = watch()
            isWatched.store(false, ordering: .sequentiallyConsistent)
            if sight == .nobodyWaits { return true }
            if sight == .interrupted { return false }
            // Whoever took a request before the watch ended may rely on it.
            let taken = takenCount.load(ordering: .sequentiallyConsistent)
            guard sight == .quiet, taken != seen else { break }
        }
        var count: UInt64 = 0
        return read(parking, &count, MemoryLayout<UInt64>.size) == MemoryLayout<UInt64>.size
    }

    private enum Sight {
        /// Some parked thread was called.
        case called
        /// Somebody waits, and nothing comes.
        case quiet
        /// A request was not as brief as it seemed.
        case nobodyWaits
        case interrupted
    }

    private func watch() -> Sight {
        var polled = pollfd(fd: parking, events: Int16(POLLIN), revents: 0)
        var seen = takenCount.load(ordering: .sequentiallyConsistent)
        while true {
            let result = poll(&polled, 1, Self.watchMilliseconds)
            if result != 0 { return result > 0 ? .called : .interrupted }
            let taken = takenCount.load(ordering: .sequentiallyConsistent)
            if taken == seen {
                return waitingCount.load(ordering: .sequentiallyConsistent) == 0 ? .nobodyWaits : .quiet
            }
            seen = taken
        }
    }

    private func hasRequest(_ device: Int32) -> Bool {
        var polled = pollfd(fd: device, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) != 0
    }

    private var current: Errand {
        get { Errand(rawValue: Int(bitPattern: pthread_getspecific(errand))) ?? .none }
        set { pthread_setspecific(errand, UnsafeRawPointer(bitPattern: newValue.rawValue)) }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
