import TensorCoding

/// Bytes in memory that stay where they are as long as somebody holds the object, and are never
/// changed once it is shared: a decoded chunk, or a part of a file that is made in memory.
public final class ChunkBytes: @unchecked Sendable {
    // Unchecked: the bytes are written by the thread that makes the object, before others see it.
    let bytes: UnsafeMutableRawBufferPointer

    /// The bytes, valid as long as the object lives.
    public var readOnly: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

    init(byteCount: Int) {
        bytes = UnsafeMutableRawBufferPointer(
            start: LargeBuffers.shared.take(byteCount: byteCount),
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
        LargeBuffers.shared.giveBack(start, byteCount: bytes.count)
    }
}
