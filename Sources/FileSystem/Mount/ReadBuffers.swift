import Synchronization

/// Buffers for replies to reads, used again: a megabyte fresh from the system costs 256 page faults.
final class ReadBuffers: Sendable {
    private struct Buffer: @unchecked Sendable {
        // Unchecked: whoever takes it out of the pool is the only one to use it.
        let bytes: UnsafeMutableRawBufferPointer
    }

    private let idle = Mutex<[Buffer]>([])

    /// Calls a function with a buffer of a size.
    func use<Result>(
        byteCount: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result {
        var buffer = idle.withLock { $0.popLast() }
        if let small = buffer, small.bytes.count < byteCount {
            small.bytes.deallocate()
            buffer = nil
        }
        let used = buffer ?? Buffer(bytes: .allocate(byteCount: max(byteCount, 1 << 17), alignment: 4096))
        defer { idle.withLock { $0.append(used) } }
        return body(UnsafeMutableRawBufferPointer(rebasing: used.bytes[..<byteCount]))
    }
}
