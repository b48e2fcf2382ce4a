import Foundation

/// Decodes chunks.
///
/// Owns buffers and a context of libzstd, so it is used by one thread at a time. Whatever the streams
/// hold, it writes into the output alone, and gives the chunk that was encoded or an error, provided
/// that the caller compared the streams' checksums.
public final class ChunkDecoder {
    private let decompressor: ZstdDecompressor
    private let planes: UnsafeMutableRawBufferPointer
    private let differences = DifferenceDecoder()

    /// Makes buffers for chunks of any kind.
    public init() throws(TensorCodingError) {
        decompressor = try ZstdDecompressor()
        planes = .allocate(byteCount: ElementKind.chunkElementCount * 8, alignment: 64)
    }

    deinit {
        planes.deallocate()
    }

    /// Decodes a chunk, or the first elements of one.
    ///
    /// - Parameters:
    ///   - chunk: The number of the chunk in its segment.
    ///   - model: The model of the segment.
    ///   - high: The chunk's stream of the pack of high-order planes.
    ///   - low: Its stream of the pack of low-order planes; nil for the upper halves of the elements
    ///     alone, if ``SegmentModel/canDecodeUpperAlone``: the lower ones become zero.
    ///   - output: Holds the bytes of the base, if the coding needs one, and gets those of the chunk;
    ///     as many as the chunk has, or fewer, a whole number of elements.
    /// - Throws: ``TensorCodingError`` if a stream is damaged.
    public func decode(
        _ chunk: Int,
        of model: SegmentModel,
        high: PaddedStream,
        low: PaddedStream?,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        let full = model.byteCount(ofChunk: chunk)
        guard chunk >= 0, output.count <= full else { throw Self.size }
        guard let low else {
            try decodeUpper(chunk, of: model, high: high.bytes, full, into: output)
            return
        }
        if !model.hasLowStreams { guard low.bytes.isEmpty else { throw Self.trailing } }
        switch model.coding {
        case .same:
            guard high.bytes.isEmpty else { throw Self.trailing }
        case .whole:
            try decodeWhole(high.bytes, byteCount: full, into: output)
        case .planes, .fast:
            try decodePlanes(high.bytes, low.bytes, model, chunkByteCount: full, into: output)
        case .raw:
            try decodeRaw(high.bytes, low.bytes, model.kind, chunkByteCount: full, into: output)
        case .tokens, .lowRank, .fields:
            let low = model.coding == .fields ? low.bytes : nil
            try decodeDifferences(chunk, of: model, high: high.bytes, low: low, full, into: output)
        case .codebook:
            try decodeCodebook(high.bytes, model, chunkByteCount: full, into: output)
        }
    }

    private func decodeCodebook(
        _ stream: UnsafeRawBufferPointer,
        _ model: SegmentModel,
        chunkByteCount: Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        let count = chunkByteCount / model.kind.width
        guard let codebook = model.codebook, chunkByteCount % model.kind.width == 0,
            count <= planes.count
        else { throw Self.size }
        let indices = UnsafeMutableRawBufferPointer(rebasing: planes[..<count])
        guard try decompressor.decompress(stream, into: indices) == stream.count else {
            throw Self.trailing
        }
        guard codebook.write(UnsafeRawBufferPointer(indices), into: output) else {
            throw TensorCodingError(.damaged, "an element has a number that its codebook lacks")
        }
    }

    /// Decodes the upper halves of floats, from the stream of the high-order planes alone.
    private func decodeUpper(
        _ chunk: Int,
        of model: SegmentModel,
        high: UnsafeRawBufferPointer,
        _ full: Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        switch model.coding {
        case .same:
            guard high.isEmpty else { throw Self.trailing }
        case .raw where model.kind == .float32:
            guard let rest = try decodeExponents(high, count: full / 4),
                let words = output.baseAddress, let exponents = planes.baseAddress
            else { return }
            RawFloats.join(
                exponents: exponents.assumingMemoryBound(to: UInt8.self),
                high: rest,
                count: output.count / 4,
                into: words.assumingMemoryBound(to: UInt32.self)
            )
        case .fields:
            try decodeDifferences(chunk, of: model, high: high, low: nil, full, into: output)
        case .planes where model.kind == .float32:
            try decodePlanes(high, nil, model, chunkByteCount: full, into: output)
        default:
            throw TensorCodingError(.damaged, "a chunk lacks its low-order planes")
        }
    }

    private func decodeDifferences(
        _ chunk: Int,
        of model: SegmentModel,
        high: UnsafeRawBufferPointer,
        low: UnsafeRawBufferPointer?,
        _ full: Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        let isWhole = output.count == full
        let isSound =
            model.kind.width == 4
            ? differences.decode(chunk, of: model, high, low, isWhole, as: UInt32.self, into: output)
            : differences.decode(chunk, of: model, high, low, isWhole, as: UInt16.self, into: output)
        guard isSound else { throw Self.tokens }
    }

    private static let size = TensorCodingError(.damaged, "a chunk has another size than its base")
    private static let trailing = TensorCodingError(.damaged, "a stream is longer than its content")
    private static let tokens = TensorCodingError(.damaged, "a token stream does not end as it must")

    // MARK: - Planes

    private func decodeWhole(
        _ stream: UnsafeRawBufferPointer,
        byteCount: Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        let isWhole = output.count == byteCount
        let target = isWhole ? output : UnsafeMutableRawBufferPointer(rebasing: planes[..<byteCount])
        guard try decompressor.decompress(stream, into: target) == stream.count else {
            throw Self.trailing
        }
        if !isWhole {
            output.copyMemory(from: UnsafeRawBufferPointer(rebasing: target[..<output.count]))
        }
    }

    /// Decodes byte planes; without a low stream the planes that it would hold are zero.
    private func decodePlanes(
        _ high: UnsafeRawBufferPointer,
        _ low: UnsafeRawBufferPointer?,
        _ model: SegmentModel,
        chunkByteCount: Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        let kind = model.kind
        guard chunkByteCount % kind.width == 0, chunkByteCount <= planes.count else {
            throw Self.size
        }
        let count = chunkByteCount / kind.width
        var rest = high
        for index in 0..<kind.width {
            if index == kind.highPlaneCount {
                guard rest.isEmpty else { throw Self.trailing }
                guard let low else {
                    for place in index * count..<chunkByteCount { planes[place] = 0 }
                    break
                }
                rest = low
            }
            let plane = UnsafeMutableRawBufferPointer(
                rebasing: planes[index * count..<(index + 1) * count]
            )
            let end = try decompressor.decompress(rest, into: plane)
            rest = UnsafeRawBufferPointer(rebasing: rest[end...])
        }
        guard rest.isEmpty, low?.isEmpty ?? true || kind.highPlaneCount < kind.width else {
            throw Self.trailing
        }
        let all = UnsafeRawBufferPointer(rebasing: planes[..<chunkByteCount])
        if model.coding == .planes {
            ChunkPlanes.join(all, planeCount: count, kind: kind, into: output)
        } else {
            ChunkPlanes.addDifference(all, planeCount: count, kind: kind, to: output)
        }
    }

    private func decodeRaw(
        _ high: UnsafeRawBufferPointer,
        _ low: UnsafeRawBufferPointer,
        _ kind: ElementKind,
        chunkByteCount: Int,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        guard kind.hasTokens, chunkByteCount % kind.width == 0 else { throw Self.size }
        let count = chunkByteCount / kind.width
        let rest = try decodeExponents(high, count: count)
        guard low.count == (kind.width - 2) * count else { throw Self.trailing }
        guard let words = output.baseAddress, let rest,
            let exponents = planes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else { return }
        let wanted = output.count / kind.width
        guard kind.width == 4 else {
            RawFloats.join(
                exponents: exponents,
                rest: rest,
                count: wanted,
                into: words.assumingMemoryBound(to: UInt16.self)
            )
            return
        }
        guard let middle = low.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        RawFloats.join(
            exponents: exponents,
            high: rest,
            middle: middle,
            low: middle + count,
            count: wanted,
            into: words.assumingMemoryBound(to: UInt32.self)
        )
    }

    /// Decodes the exponents of a chunk to the first of the planes.
    ///
    /// - Returns: The bytes behind them in the stream: one an element.
    private func decodeExponents(
        _ high: UnsafeRawBufferPointer,
        count: Int
    ) throws(TensorCodingError) -> UnsafePointer<UInt8>? {
        guard count > 0 else {
            guard high.isEmpty else { throw Self.trailing }
            return nil
        }
        guard high.count >= 4 + count else { throw Self.trailing }
        let size = Int(UInt32(littleEndian: high.loadUnaligned(as: UInt32.self)))
        guard size == high.count - 4 - count else { throw Self.trailing }
        let frame = UnsafeRawBufferPointer(rebasing: high[4..<4 + size])
        let exponents = UnsafeMutableRawBufferPointer(rebasing: planes[..<count])
        guard try decompressor.decompress(frame, into: exponents) == size else {
            throw Self.trailing
        }
        return high.baseAddress.map { ($0 + 4 + size).assumingMemoryBound(to: UInt8.self) }
    }
}
