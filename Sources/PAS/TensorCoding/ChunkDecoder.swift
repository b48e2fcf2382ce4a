import Foundation

/// Decodes chunks.
///
/// Owns a buffer and a context of libzstd, so it is used by one thread at a time. Whatever the streams
/// hold, it writes into the output alone, and gives the chunk that was encoded or an error.
public final class ChunkDecoder {
    private let decompressor: ZstdDecompressor
    private let planes: UnsafeMutableRawBufferPointer

    /// Makes buffers for chunks of any kind.
    public init() throws(TensorCodingError) {
        decompressor = try ZstdDecompressor()
        planes = .allocate(byteCount: ElementKind.chunkElementCount * 8, alignment: 64)
    }

    deinit {
        planes.deallocate()
    }

    /// Decodes a chunk.
    ///
    /// - Parameters:
    ///   - coding: How it is coded.
    ///   - high: Its stream of the pack of high-order planes.
    ///   - low: Its stream of the pack of low-order planes.
    ///   - kind: What the elements are.
    ///   - base: The chunk of the base, as many bytes, if the coding needs one.
    ///   - output: Gets the bytes; their number must be the chunk's.
    /// - Throws: ``TensorCodingError`` if a stream is damaged.
    public func decode(
        _ coding: ChunkCoding,
        high: UnsafeRawBufferPointer,
        low: UnsafeRawBufferPointer,
        kind: ElementKind,
        base: UnsafeRawBufferPointer?,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        if coding.needsBase, base?.count != output.count {
            throw TensorCodingError(.damaged, "a chunk needs a base of its size")
        }
        switch coding {
        case .whole:
            let end = try decompressor.decompress(high, into: output)
            guard end == high.count, low.isEmpty else { throw Self.trailing }
        case .same:
            guard high.isEmpty, low.isEmpty, let base else { throw Self.trailing }
            output.copyMemory(from: base)
        case .planes:
            ChunkPlanes.join(try decodePlanes(high, low, kind, output.count), kind: kind, into: output)
        case .delta:
            guard let base else { throw Self.trailing }
            ChunkPlanes.joinDifference(
                try decodePlanes(high, low, kind, output.count),
                base,
                kind: kind,
                into: output
            )
        }
    }

    private static let trailing = TensorCodingError(.damaged, "a stream is longer than its frames")

    private func decodePlanes(
        _ high: UnsafeRawBufferPointer,
        _ low: UnsafeRawBufferPointer,
        _ kind: ElementKind,
        _ byteCount: Int
    ) throws(TensorCodingError) -> UnsafeRawBufferPointer {
        guard byteCount % kind.width == 0, byteCount <= planes.count else {
            throw TensorCodingError(.damaged, "a chunk is no whole number of elements")
        }
        let count = byteCount / kind.width
        var rest = high
        for index in 0..<kind.width {
            let plane = UnsafeMutableRawBufferPointer(
                rebasing: planes[index * count..<(index + 1) * count]
            )
            let end = try decompressor.decompress(rest, into: plane)
            rest = UnsafeRawBufferPointer(rebasing: rest[end...])
            if index == 0 {
                guard rest.isEmpty else { throw Self.trailing }
                rest = low
            }
        }
        guard rest.isEmpty else { throw Self.trailing }
        return UnsafeRawBufferPointer(rebasing: planes[..<byteCount])
    }
}
