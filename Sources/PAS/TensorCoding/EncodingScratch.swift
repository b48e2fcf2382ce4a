/// What a thread needs to encode a chunk.
final class EncodingScratch {
    let compressor: ZstdCompressor
    let huffman: ExponentCompressor
    /// Differences of a chunk.
    let differences: UnsafeMutablePointer<UInt32>
    /// Residuals of the lower halves of a chunk.
    let residuals: UnsafeMutablePointer<UInt32>
    /// Contexts of a chunk.
    let contexts: UnsafeMutablePointer<UInt8>
    /// What is looked up for some of its elements.
    let block = TokenKeys()
    /// Bytes of a chunk of any kind, by plane or folded.
    let planes: UnsafeMutableRawBufferPointer
    let folded: UnsafeMutableRawBufferPointer
    /// A token stream under way.
    let stream: UnsafeMutableRawBufferPointer

    init() throws {
        compressor = try ZstdCompressor()
        huffman = try ExponentCompressor()
        let count = ElementKind.chunkElementCount
        differences = .allocate(capacity: count)
        residuals = .allocate(capacity: count)
        contexts = .allocate(capacity: count)
        planes = .allocate(byteCount: count * 8, alignment: 64)
        folded = .allocate(byteCount: count * 8, alignment: 64)
        stream = .allocate(byteCount: TokenStream.byteCountMax(count), alignment: 64)
    }

    deinit {
        differences.deallocate()
        residuals.deallocate()
        contexts.deallocate()
        block.deallocate()
        planes.deallocate()
        folded.deallocate()
        stream.deallocate()
    }
}
