import Synchronization
import TensorCoding

/// A run of a content's bytes in memory, kept there by the chunk that it is a part of.
public struct ContentPiece: Sendable {
    /// What keeps the bytes.
    public let owner: ChunkBytes
    /// The place of the first byte in the owner.
    public let offset: Int
    /// The number of bytes.
    public let byteCount: Int

    /// Names a part of some bytes.
    public init(_ owner: ChunkBytes, offset: Int, byteCount: Int) {
        self.owner = owner
        self.offset = offset
        self.byteCount = byteCount
    }

    /// The bytes, valid as long as the piece lives.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: owner.readOnly[offset..<offset + byteCount])
    }
}

// A read becomes bytes in these steps: the record and the chunk index of the content say which chunks
// hold the bytes and where their streams lie; each chunk is taken from the cache of decoded ones, or
// its streams are read from the pack and decoded, given the same chunk of its base if it is a delta.
extension ParameterStore {
    /// The bytes at a place of a content, as they lie in the cache: nothing is copied.
    ///
    /// - Parameters:
    ///   - id: The content.
    ///   - offset: The place of the first byte.
    ///   - byteCount: How many; `offset + byteCount` must not exceed the content's size.
    ///   - resolution: How many high-order bytes of each float to read; what is beyond is zero (see
    ///     `Resolution`).
    /// - Throws: ``ParameterStoreError``; its code is `missingLowPlanes` if the resolution needs planes
    ///   that were moved away.
    public func pieces(
        of id: ContentID,
        at offset: Int,
        byteCount: Int,
        resolution: Resolution = .full
    ) throws(ParameterStoreError) -> [ContentPiece] {
        let pieces = try withContent(id) { (content) throws(ParameterStoreError) in
            try self.pieces(of: content, at: offset, byteCount: byteCount, resolution)
        }
        counters.readBytes.wrappingAdd(byteCount, ordering: .relaxed)
        return pieces
    }

    /// Fills a buffer from a place of a content.
    ///
    /// - Parameters:
    ///   - id: The content.
    ///   - offset: The place of the first byte.
    ///   - buffer: Gets the bytes; `offset + buffer.count` must not exceed the content's size.
    ///   - resolution: As of ``pieces(of:at:byteCount:resolution:)``.
    /// - Throws: ``ParameterStoreError``, as ``pieces(of:at:byteCount:resolution:)``.
    public func read(
        _ id: ContentID,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer,
        resolution: Resolution = .full
    ) throws(ParameterStoreError) {
        var done = 0
        while done < buffer.count {
            // In parts, so that a large read does not hold all its chunks in memory at a time.
            let count = min(buffer.count - done, Self.readByteCountMax)
            let pieces = try pieces(
                of: id, at: offset + done, byteCount: count, resolution: resolution)
            for piece in pieces {
                UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + piece.byteCount])
                    .copyMemory(from: piece.bytes)
                done += piece.byteCount
            }
        }
    }

    private static var readByteCountMax: Int { 4 << 20 }

    private func pieces(
        of content: StoredContent,
        at offset: Int,
        byteCount: Int,
        _ resolution: Resolution
    ) throws(ParameterStoreError) -> [ContentPiece] {
        let record = content.record
        guard offset >= 0, byteCount >= 0, byteCount <= record.byteCount - offset else {
            throw ParameterStoreError(
                .damaged,
                "Content \(record.id.rawValue) has \(record.byteCount) bytes; "
                    + "\(byteCount) from offset \(offset) on were asked for."
            )
        }
        guard byteCount > 0 else { return [] }
        let size = record.kind.chunkByteCount
        let indices = offset / size..<(offset + byteCount - 1) / size + 1
        var start = offset - indices.lowerBound * size
        var left = byteCount
        return try chunks(indices, of: content, resolution).map { chunk in
            let piece = ContentPiece(chunk, offset: start, byteCount: min(chunk.bytes.count - start, left))
            start = 0
            left -= piece.byteCount
            return piece
        }
    }

    /// Decoded chunks, from the cache as far as they are there.
    private func chunks(
        _ indices: Range<Int>,
        of content: StoredContent,
        _ resolution: Resolution
    ) throws(ParameterStoreError) -> [ChunkBytes] {
        var places: [ChunkCache.Place] = []
        places.reserveCapacity(indices.count)
        var hits = 0
        for index in indices {
            let place = cache.place(of: key(index, of: content, resolution))
            if case .known = place { hits += 1 }
            places.append(place)
        }
        counters.hits.wrappingAdd(hits, ordering: .relaxed)
        counters.misses.wrappingAdd(indices.count - hits, ordering: .relaxed)
        if hits < indices.count { decodeAll(places, of: content) }
        // They land in order, more or less: whoever waits for the last first wakes up once, not for each.
        for case .flight(let flight) in places.reversed() { flight.wait() }
        var chunks: [ChunkBytes] = []
        chunks.reserveCapacity(indices.count)
        for place in places {
            switch place {
            case .known(let chunk): chunks.append(chunk)
            case .flight(let flight): chunks.append(try flight.value())
            }
        }
        return chunks
    }

    /// Decodes what no other thread decodes: the caller from the front, the threads from the end.
    private func decodeAll(_ places: [ChunkCache.Place], of content: StoredContent) {
        var flights: [Flight<ChunkKey, ChunkBytes>] = []
        for case .flight(let flight) in places { flights.append(flight) }
        if flights.count > 1 {
            threads.runWanted(
                flights.dropFirst().map { flight in
                    // Weakly: a job whose chunk the reader decodes itself may wait for long, and would keep it.
                    { [weak flight] in if let flight { self.fly(flight, of: content) } }
                }
            )
        }
        for flight in flights { fly(flight, of: content) }
    }

    private func key(
        _ index: Int,
        of content: StoredContent,
        _ resolution: Resolution
    ) -> ChunkKey {
        // What a resolution shows whole is not cached twice.
        let isFull = resolution.isFull(for: content.record.kind)
        return ChunkKey(
            content: content.record.id,
            index: index,
            resolution: isFull ? 0 : resolution.byteCount
        )
    }

    /// Decodes the chunk of a flight, unless somebody is at it.
    private func fly(_ flight: Flight<ChunkKey, ChunkBytes>, of content: StoredContent) {
        guard flight.claim() else { return }
        cache.land(flight) { () throws(ParameterStoreError) in
            let key = flight.key
            let chunk = ChunkBytes(byteCount: content.record.byteCount(ofChunk: key.index))
            let detail = key.resolution == 0 || key.resolution > 2 ? ChunkDetail.full : .upper
            try decode(key.index, of: content, into: chunk.bytes, detail: detail)
            Resolution(reducedTo: key.resolution)?.truncate(chunk.bytes, kind: content.record.kind)
            return chunk
        }
    }

    // MARK: - Reading ahead

    /// Decodes bytes of a content that a reader will likely want, on the store's own threads.
    ///
    /// Returns at once. What cannot be decoded is left to the reader, who gets the error; when too much
    /// waits to be decoded, nothing happens.
    ///
    /// - Parameters:
    ///   - id: The content.
    ///   - range: The bytes.
    ///   - resolution: As of ``pieces(of:at:byteCount:resolution:)``.
    ///   - isWanted: Asked before a part of them is decoded: whether it is worth that still. Others may have waited
    ///     before it for so long that the reader has decoded it itself, and passed it.
    public func prefetch(
        _ id: ContentID,
        _ range: Range<Int>,
        resolution: Resolution = .full,
        isWanted: @escaping @Sendable (Range<Int>) -> Bool
    ) {
        // Before the chunks that wait already, for all threads would enter a segment together, and wait for one
        // of them to make its models.
        threads.runSoon { if isWanted(range) { self.readModels(id, range) } }
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(range.upperBound, (start / Self.prefetchByteCount + 1) * Self.prefetchByteCount)
            let part = start..<end
            threads.runLikely(byteCount: part.count) {
                if isWanted(part) { self.prefetchNow(id, part, resolution) }
            }
            start = end
        }
    }

    /// Tells that a sequential reader has passed a range of a content: the chunks that end in it will hardly
    /// be read again soon.
    public func pass(_ id: ContentID, _ range: Range<Int>, resolution: Resolution = .full) {
        guard let content = try? content(id), range.lowerBound >= 0 else { return }
        let size = content.record.kind.chunkByteCount
        let isToEnd = range.upperBound >= content.record.byteCount
        let end = isToEnd ? content.record.chunkCount : range.upperBound / size
        let start = range.lowerBound / size
        guard start < end else { return }
        for index in start..<end { cache.pass(key(index, of: content, resolution)) }
        let count = ElementKind.segmentChunkCount
        let segmentEnd = isToEnd ? content.index.segments.count : end / count
        for segment in start / count..<max(start / count, segmentEnd) {
            forEachLink(ofSegment: segment, of: content) { link in
                models.pass(segment, of: link)
                return true
            }
        }
    }

    /// A prefetch is cut into jobs of this size, the largest usual chunk, so that all threads share it.
    private static var prefetchByteCount: Int { 256 << 10 }

    /// The most that one reader should have decoded ahead of it.
    public var prefetchByteCountMax: Int { min(8 << 20, cache.weightMax / 8) }

    /// The most that all readers together should have decoded ahead of them.
    public var prefetchByteCountMaxOfAll: Int { cache.weightMax / 2 }

    private func prefetchNow(_ id: ContentID, _ range: Range<Int>, _ resolution: Resolution) {
        guard let content = try? content(id) else { return }
        let size = content.record.kind.chunkByteCount
        let end = min(range.upperBound, content.record.byteCount)
        guard range.lowerBound >= 0, range.lowerBound < end else { return }
        for index in range.lowerBound / size...(end - 1) / size {
            let key = key(index, of: content, resolution)
            guard case .flight(let flight) = cache.place(of: key) else { continue }
            fly(flight, of: content)
        }
    }

    /// Makes the models that decoding the segments needs which begin in a range, those of the bases included.
    /// What is wrong with one is for the decode to tell.
    private func readModels(_ id: ContentID, _ range: Range<Int>) {
        guard let content = try? content(id) else { return }
        let size = content.record.kind.segmentByteCount
        let first = (range.lowerBound + size - 1) / size
        let end = min((range.upperBound + size - 1) / size, content.index.segments.count)
        for segment in first..<max(first, end) {
            forEachLink(ofSegment: segment, of: content) { link in
                (try? models.model(ofSegment: segment, of: link)) != nil
            }
        }
    }

    /// Calls a function for a content and its bases, as far as decoding a segment needs them, and as long as
    /// it says that it wants more.
    private func forEachLink(
        ofSegment segment: Int,
        of content: StoredContent,
        _ body: (StoredContent) -> Bool
    ) {
        var next: StoredContent? = content
        for _ in 0..<Self.chainLengthMax {
            guard let link = next, (try? content.checkFits(link)) != nil, body(link),
                link.index.segments[segment].coding.needsBase
            else { return }
            next = link.record.base.flatMap { try? self.content($0) }
        }
    }
}
