import TensorCoding

/// What a thread needs to decode a chunk: a decoder, and buffers for its streams.
final class DecodingScratch {
    let decoder: ChunkDecoder
    let high = StreamBuffer()
    let low = StreamBuffer()

    init() throws {
        decoder = try ChunkDecoder()
    }
}
