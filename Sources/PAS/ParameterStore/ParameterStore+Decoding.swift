import PackFiles
import TensorCoding

extension ParameterStore {
    /// Decodes a chunk, and what it needs of its chain of bases.
    ///
    /// The chain is resolved first, from the chunk down to the first content that needs no base, or
    /// whose chunk is in the cache; then it is decoded upwards in the one buffer, each link in place. No
    /// lock is held, and bases that are decoded on the way are not kept: they would push out what
    /// readers asked for.
    ///
    /// - Parameters:
    ///   - index: The number of the chunk.
    ///   - content: The content.
    ///   - output: Gets the bytes: all of the chunk, or the first ones, a whole number of elements.
    ///   - detail: Whether the lower halves of floats may stay zero.
    /// - Throws: ``ParameterStoreError``.
    func decode(
        _ index: Int,
        of content: StoredContent,
        into output: UnsafeMutableRawBufferPointer,
        detail: ChunkDetail = .full
    ) throws(ParameterStoreError) {
        var chain = [(content: content, detail: detail)]
        var cached: ChunkBytes?
        while let (last, detail) = chain.last, last.index.segment(ofChunk: index).coding.needsBase {
            guard let id = last.record.base else { throw last.damage(index, "it has no base") }
            // Reduced chunks are no bases: a NaN's bits are not those that were stored.
            cached = cache.value(for: ChunkKey(content: id, index: index, resolution: 0))
            if cached != nil { break }
            let base = try self.content(id)
            guard base.record.byteCount == last.record.byteCount, base.record.kind == last.record.kind
            else { throw last.damage(index, "its base is of another size or kind") }
            // Depths are no proof: while a chain is coded anew, those above it are not yet corrected.
            guard chain.count < Self.chainLengthMax else {
                throw last.damage(index, "its chain of bases does not end")
            }
            // A difference of whole numbers needs whole numbers to be added to.
            let isUpper = last.index.segment(ofChunk: index).coding.keepsUpperApart
            chain.append((base, isUpper ? detail : .full))
        }
        if let cached {
            guard cached.bytes.count >= output.count else {
                throw content.damage(index, "its base is of another size")
            }
            output.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: cached.bytes[..<output.count])
            )
        }
        for link in chain.reversed() {
            try decodeLink(index, of: link.content, into: output, detail: link.detail)
        }
    }

    /// Decodes one link of a chain: the output holds the base, and gets the chunk.
    private func decodeLink(
        _ index: Int,
        of content: StoredContent,
        into output: UnsafeMutableRawBufferPointer,
        detail: ChunkDetail
    ) throws(ParameterStoreError) {
        let segment = index / ElementKind.segmentChunkCount
        let model = try models.model(ofSegment: segment, of: content)
        let chunk = content.index.chunks[index]
        let needsLow = detail == .full || !model.canDecodeUpperAlone
        let low = needsLow ? chunk.low : nil
        do {
            try scratch.use { scratch in
                let high = try content.load(chunk.high, of: .high, into: scratch.high)
                let lowStream = try low.map {
                    try content.load($0, of: .low, into: scratch.low)
                }
                try scratch.decoder.decode(
                    index % ElementKind.segmentChunkCount,
                    of: model,
                    high: high,
                    low: lowStream,
                    into: output
                )
            }
        } catch let error as TensorCodingError where error.code == .damaged {
            throw content.damage(index, error.message)
        } catch let error as PackFileError {
            throw ParameterStoreError(pack: error)
        } catch let error as ParameterStoreError {
            throw error
        } catch {
            throw ParameterStoreError(.system, "\(error)")
        }
        countDecode(output.count, streams: chunk.high.byteCount + (low?.byteCount ?? 0))
    }
}

/// How much of a chunk's elements is decoded.
enum ChunkDetail: Hashable, Sendable {
    /// Every byte.
    case full
    /// The upper halves of 32-bit floats; the lower ones become zero, where that saves reading them.
    case upper
}

extension StoredContent {
    /// Reads a stream, and compares its checksum.
    fileprivate func load(
        _ stream: ContentIndex.Stream,
        of part: PackPart,
        into buffer: StreamBuffer
    ) throws -> PaddedStream {
        // No stream is much longer than the chunk that it holds.
        guard stream.byteCount <= 2 * record.kind.chunkByteCount + 1024 else {
            throw TensorCodingError(.damaged, "the length of a stream cannot be right")
        }
        if stream.byteCount > 0 {
            try pack.read(part, at: stream.offset, into: buffer.prepare(byteCount: stream.byteCount))
        }
        let bytes = buffer.stream(byteCount: stream.byteCount)
        guard bytes.checksum == stream.checksum else {
            throw TensorCodingError(.damaged, "the checksum of its \(part.rawValue) stream is wrong")
        }
        return bytes
    }
}
