/// The decoded bytes of a chunk; never changed once it is shared.
final class ChunkBytes: @unchecked Sendable {
    // Unchecked: the bytes are written by the thread that makes the object, before others see it.
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit {
        bytes.deallocate()
    }
}
