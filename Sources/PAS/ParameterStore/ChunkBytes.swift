import Synchronization

/// Bytes in memory that stay where they are as long as somebody holds the object, and are never
/// changed once it is shared: a decoded chunk, or a part of a file that is made in memory.
public final class ChunkBytes: @unchecked Sendable {
    // Unchecked: the bytes are written by the thread that makes the object, before others see it.
    let bytes: UnsafeMutableRawBufferPointer

    /// The bytes, valid as long as the object lives.
    public var readOnly: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

    init(byteCount: Int) {
        bytes = UnsafeMutableRawBufferPointer(
            start: ChunkBuffers.take(byteCount: byteCount),
            count: byteCount
        )
    }

    /// Makes bytes with a function that fills all of them.
    ///
    /// - Parameters:
    ///   - byteCount: The number of bytes.
    ///   - fill: Writes every byte of the buffer.
    public convenience init<Failure: Error>(
        byteCount: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(byteCount: byteCount)
        try fill(bytes)
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        ChunkBuffers.giveBack(start, byteCount: bytes.count)
    }
}

/// Memory for chunks, used again: fresh memory from the system costs a page fault every 4 KiB, a fifth
/// of the time that decoding takes.
private enum ChunkBuffers {
    private struct Buffer: @unchecked Sendable {
        // Unchecked: a buffer in the pool belongs to the pool alone.
        let start: UnsafeMutableRawPointer
    }

    private struct Idle {
        var buffers: [Int: [Buffer]] = [:]
        var byteCount = 0
    }

    private static let idle = Mutex(Idle())

    /// What may lie idle; as much as a few readers have in flight.
    private static let idleByteCountMax = 32 << 20

    /// Sizes are multiples of this; smaller buffers come from the allocator, which is quick for them.
    private static let grain = 1 << 16

    static func take(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= grain else { return .allocate(byteCount: max(byteCount, 1), alignment: 64) }
        let size = rounded(byteCount)
        let known = idle.withLock { idle -> Buffer? in
            guard let buffer = idle.buffers[size]?.popLast() else { return nil }
            idle.byteCount -= size
            return buffer
        }
        return known?.start ?? .allocate(byteCount: size, alignment: 4096)
    }

    static func giveBack(_ start: UnsafeMutableRawPointer, byteCount: Int) {
        guard byteCount >= grain else { return start.deallocate() }
        let size = rounded(byteCount)
        let buffer = Buffer(start: start)
        let isKept = idle.withLock { idle in
            guard idle.byteCount + size <= idleByteCountMax else { return false }
            idle.buffers[size, default: []].append(buffer)
            idle.byteCount += size
            return true
        }
        if !isKept { start.deallocate() }
    }

    private static func rounded(_ byteCount: Int) -> Int {
        (byteCount + grain - 1) / grain * grain
    }
}
