import Synchronization
import TensorCoding

/// What a thread needs to decode a chunk: a decoder, and a buffer for its streams.
final class DecodingScratch {
    let decoder: ChunkDecoder
    private var buffer: UnsafeMutableRawBufferPointer

    init() throws {
        decoder = try ChunkDecoder()
        buffer = .allocate(byteCount: 256 << 10, alignment: 64)
    }

    deinit {
        buffer.deallocate()
    }

    /// A buffer of a size; what it held before is lost.
    func buffer(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        if buffer.count < byteCount {
            buffer.deallocate()
            buffer = .allocate(byteCount: byteCount, alignment: 64)
        }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount])
    }
}

/// Scratch for as many threads as decode at a time.
final class DecodingScratchPool: Sendable {
    private struct Box: @unchecked Sendable {
        // Unchecked: whoever takes it out of the pool is the only one to use it.
        let scratch: DecodingScratch
    }

    private let idle = Mutex<[Box]>([])

    /// Runs a function with scratch that no other thread uses.
    func use<Value>(_ body: (DecodingScratch) throws -> Value) throws -> Value {
        let scratch = try idle.withLock { $0.popLast() } ?? Box(scratch: DecodingScratch())
        defer { idle.withLock { $0.append(scratch) } }
        return try body(scratch.scratch)
    }
}
