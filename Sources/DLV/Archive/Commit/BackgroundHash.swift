import Dispatch
import Synchronization

/// The SHA-256 of a file, computed beside its encoding.
final class BackgroundHash: Sendable {
    /// Files below this size are hashed at once: waking a thread would take longer.
    private static let byteCountMin = 1 << 20

    private let result: Mutex<Result<[UInt8], any Error>?> = Mutex(nil)
    private let finished = DispatchSemaphore(value: 0)

    /// Starts to hash.
    init(_ source: FileBytes) {
        guard source.byteCount >= Self.byteCountMin else {
            finish(Result { try source.sha256() })
            return
        }
        DispatchQueue.global().async { self.finish(Result { try source.sha256() }) }
    }

    private func finish(_ value: Result<[UInt8], any Error>) {
        result.withLock { $0 = value }
        finished.signal()
    }

    /// Waits for the hash; called once.
    func value() throws -> [UInt8] {
        finished.wait()
        defer { finished.signal() }
        guard let value = result.withLock({ $0 }) else { return [] }
        return try value.get()
    }
}
