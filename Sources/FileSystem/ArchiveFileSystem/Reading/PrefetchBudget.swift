import Glibc
import Synchronization

/// Shares what may be decoded ahead among the open files, so that many readers do not push out of the
/// cache what others had decoded for them and have not read yet.
final class PrefetchBudget: Sendable {
    private struct Share {
        var byteCount: Int
        var lastUse: Int
    }

    private struct State {
        var shares: [ObjectIdentifier: Share] = [:]
        var byteCount = 0
    }

    private let state = Mutex(State())
    private let byteCountMax: Int

    /// A file that was not read for so long is taken to be abandoned; in seconds.
    private static let patienceSeconds = 2

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Whether an open file may have as much decoded ahead of it.
    func grant(_ byteCount: Int, to file: ObjectIdentifier) -> Bool {
        let now = Self.now()
        return state.withLock { state in
            let old = state.shares[file]?.byteCount ?? 0
            if state.byteCount - old + byteCount > byteCountMax {
                for (key, share) in state.shares where now - share.lastUse > Self.patienceSeconds {
                    state.byteCount -= share.byteCount
                    state.shares[key] = nil
                }
            }
            let others = state.byteCount - (state.shares[file]?.byteCount ?? 0)
            guard others + byteCount <= byteCountMax else { return false }
            state.shares[file] = Share(byteCount: byteCount, lastUse: now)
            state.byteCount = others + byteCount
            return true
        }
    }

    /// Gives back what an open file had.
    func release(_ file: ObjectIdentifier) {
        state.withLock { state in
            if let share = state.shares.removeValue(forKey: file) { state.byteCount -= share.byteCount }
        }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec
    }
}
