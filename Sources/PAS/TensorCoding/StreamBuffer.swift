/// Memory for the streams of a chunk, with the padding behind that decoders may read.
public final class StreamBuffer {
    private var memory: UnsafeMutableRawBufferPointer

    /// Makes a buffer; it grows with what it is asked for.
    public init() {
        memory = .allocate(byteCount: 256 << 10, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        memory.deallocate()
    }

    /// Room for a stream; what the buffer held before is lost.
    public func prepare(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        let needed = byteCount + TokenStream.paddingByteCount
        if memory.count < needed {
            memory.deallocate()
            memory = .allocate(byteCount: needed, alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 0)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount])
    }

    /// The first bytes, as a stream to decode; valid until the buffer is prepared anew.
    public func stream(byteCount: Int) -> PaddedStream {
        precondition(byteCount + TokenStream.paddingByteCount <= memory.count)
        return PaddedStream(bytes: UnsafeRawBufferPointer(rebasing: memory[..<byteCount]))
    }
}

/// A stream in memory that goes on behind its end.
public struct PaddedStream {
    let bytes: UnsafeRawBufferPointer

    /// The number of bytes of the stream itself.
    public var byteCount: Int { bytes.count }

    /// The checksum of the stream: 64 bits.
    public var checksum: UInt64 { StreamChecksum.of(bytes) }
}
