import TensorCoding

/// The checksums of a segment's model and of the streams of its chunks.
struct SegmentChecksums: Sendable {
    struct Chunk: Sendable {
        let high: UInt64
        let low: UInt64
    }

    let model: UInt64
    let chunks: [Chunk]
}

extension SegmentChecksums {
    /// Takes the checksums of a segment that is not decoded.
    init(of segment: EncodedSegment) {
        func checksum(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { StreamChecksum.of($0) } }
        model = checksum(segment.model)
        chunks = segment.chunks.map { Chunk(high: checksum($0.high), low: checksum($0.low)) }
    }
}

extension EncodedSegment {
    /// Decodes every chunk of a segment and compares it with what was encoded, by all cores.
    ///
    /// - Parameters:
    ///   - segment: What was encoded.
    ///   - base: What it was encoded against.
    ///   - model: The model, as a reader will read it.
    ///   - scratch: What threads decode with.
    /// - Returns: The checksums of what was decoded.
    /// - Throws: ``ParameterStoreError`` if a chunk comes back as something else.
    func verify(
        _ segment: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        _ model: SegmentModel,
        _ scratch: ScratchPool<VerificationScratch>
    ) throws -> SegmentChecksums {
        let size = model.kind.chunkByteCount
        let checksums = try concurrentMap(chunks.count) { index in
            let range = index * size..<index * size + model.byteCount(ofChunk: index)
            let original = UnsafeRawBufferPointer(rebasing: segment[range])
            return try scratch.use { scratch in
                let output = UnsafeMutableRawBufferPointer(
                    rebasing: scratch.output[..<range.count]
                )
                if coding.needsBase, let base {
                    output.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[range]))
                }
                let checksums = try scratch.decode(chunks[index], index, model, into: output)
                guard UnsafeRawBufferPointer(output).elementsAreEqual(to: original) else {
                    throw ParameterStoreError(
                        .system,
                        "A chunk that was encoded did not decode to the same bytes; nothing was "
                            + "stored. This is a fault of dlv or of the machine's memory."
                    )
                }
                return checksums
            }
        }
        let modelChecksum = self.model.withUnsafeBytes { StreamChecksum.of($0) }
        return SegmentChecksums(model: modelChecksum, chunks: checksums)
    }

    /// The model, as a reader of the pack will read it.
    func readModel(
        kind: ElementKind,
        layout: RowLayout,
        start: Int,
        byteCount: Int
    ) throws -> SegmentModel {
        try model.withUnsafeBytes { bytes in
            try SegmentModel(
                coding: coding,
                modelLayout: modelLayout,
                bytes: bytes,
                kind: kind,
                layout: layout,
                start: start,
                byteCount: byteCount
            )
        }
    }
}

/// What a thread needs to decode a chunk that is in memory.
final class VerificationScratch {
    private let scratch: DecodingScratch
    let output: UnsafeMutableRawBufferPointer

    init() throws {
        scratch = try DecodingScratch()
        output = .allocate(byteCount: ElementKind.chunkElementCount * 8, alignment: 64)
    }

    deinit {
        output.deallocate()
    }

    /// Decodes a chunk, and gives the checksums of its streams, as a reader of a pack needs both.
    func decode(
        _ chunk: EncodedChunk,
        _ index: Int,
        _ model: SegmentModel,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) -> SegmentChecksums.Chunk {
        scratch.high.prepare(byteCount: chunk.high.count).copyBytes(from: chunk.high)
        scratch.low.prepare(byteCount: chunk.low.count).copyBytes(from: chunk.low)
        let high = scratch.high.stream(byteCount: chunk.high.count)
        let low = scratch.low.stream(byteCount: chunk.low.count)
        let checksums = SegmentChecksums.Chunk(high: high.checksum, low: low.checksum)
        try scratch.decoder.decode(index, of: model, high: high, low: low, into: output)
        return checksums
    }
}
