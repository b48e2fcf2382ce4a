import TensorCoding

extension EncodedSegment {
    /// Decodes every chunk of a segment and compares it with what was encoded, by all cores.
    ///
    /// - Parameters:
    ///   - segment: What was encoded.
    ///   - base: What it was encoded against.
    ///   - model: The model, as a reader will read it.
    ///   - scratch: What threads decode with.
    /// - Throws: ``ParameterStoreError`` if a chunk comes back as something else.
    func verify(
        _ segment: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        _ model: SegmentModel,
        _ scratch: ScratchPool<VerificationScratch>
    ) throws {
        let size = model.kind.chunkByteCount
        _ = try concurrentMap(chunks.count) { index in
            let range = index * size..<index * size + model.byteCount(ofChunk: index)
            let original = UnsafeRawBufferPointer(rebasing: segment[range])
            try scratch.use { scratch in
                let output = UnsafeMutableRawBufferPointer(
                    rebasing: scratch.output[..<range.count]
                )
                if coding.needsBase, let base {
                    output.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[range]))
                }
                try scratch.decode(chunks[index], index, model, into: output)
                guard UnsafeRawBufferPointer(output).elementsAreEqual(to: original) else {
                    throw ParameterStoreError(
                        .system,
                        "A chunk that was encoded did not decode to the same bytes; nothing was "
                            + "stored. This is a fault of dlv or of the machine's memory."
                    )
                }
            }
        }
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
    // Kept, so that a timed decode takes the time of the checksums too.
    private(set) var checksum: UInt64 = 0

    init() throws {
        scratch = try DecodingScratch()
        output = .allocate(byteCount: ElementKind.chunkElementCount * 8, alignment: 64)
    }

    deinit {
        output.deallocate()
    }

    func decode(
        _ chunk: EncodedChunk,
        _ index: Int,
        _ model: SegmentModel,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) {
        scratch.high.prepare(byteCount: chunk.high.count).copyBytes(from: chunk.high)
        scratch.low.prepare(byteCount: chunk.low.count).copyBytes(from: chunk.low)
        let high = scratch.high.stream(byteCount: chunk.high.count)
        let low = scratch.low.stream(byteCount: chunk.low.count)
        checksum = high.checksum ^ low.checksum
        try scratch.decoder.decode(index, of: model, high: high, low: low, into: output)
    }
}
