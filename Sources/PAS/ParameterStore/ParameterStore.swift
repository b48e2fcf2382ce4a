import Crypto
import Foundation
import PackFiles
import Synchronization
import TensorCoding

/// The stored contents of an archive, readable at any offset.
///
/// A read becomes bytes in these steps: the record and the chunk index of the content say which chunks
/// hold the bytes and where their streams lie; each chunk is taken from the cache of decoded ones, or
/// its streams are read from the pack and decoded, given the same chunk of its base if it is a delta.
/// Memory is bounded whatever is read. Used from any thread.
public final class ParameterStore: Sendable {
    private let catalog: any ContentCatalog
    private let packs: OpenPacks
    let cache: ChunkCache
    let models = SegmentModels()
    let scratch = ScratchPool { try DecodingScratch() }
    // Contents by their number; the weight is the memory of their indices.
    private let contents = BoundedCache<ContentID, StoredContent>(weightMax: 24 << 20)
    private let pending = Mutex(PendingContents())
    private let counters = Counters()

    /// The directory of the packs.
    let packsPath: String

    private struct PendingContents {
        var records: [ContentID: ContentRecord] = [:]
        var packNames: [PackID: String] = [:]
    }

    private final class Counters: Sendable {
        let decodedChunks = Atomic<Int>(0)
        let decodedBytes = Atomic<Int>(0)
        let readBytes = Atomic<Int>(0)
        let packBytes = Atomic<Int>(0)
    }

    /// What a store has done since it was opened.
    public struct Statistics: Hashable, Sendable {
        /// The bytes that readers got.
        public let readByteCount: Int
        /// The chunks that were decoded, those of bases included.
        public let decodedChunkCount: Int
        /// The bytes that were decoded, those of bases included.
        public let decodedByteCount: Int
        /// The bytes of streams that were read from packs.
        public let packByteCount: Int
        /// The bytes of decoded chunks that the cache holds now.
        public let cachedByteCount: Int
    }

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - packs: The directory of the packs.
    ///   - catalog: Knows the contents.
    ///   - cacheByteCount: The bytes of decoded chunks that are kept for the next reader.
    public init(packs: String, catalog: any ContentCatalog, cacheByteCount: Int) {
        self.catalog = catalog
        packsPath = packs
        self.packs = OpenPacks(directory: packs)
        cache = ChunkCache(byteCountMax: cacheByteCount)
    }

    /// What the store has done since it was opened.
    public var statistics: Statistics {
        Statistics(
            readByteCount: counters.readBytes.load(ordering: .relaxed),
            decodedChunkCount: counters.decodedChunks.load(ordering: .relaxed),
            decodedByteCount: counters.decodedBytes.load(ordering: .relaxed),
            packByteCount: counters.packBytes.load(ordering: .relaxed),
            cachedByteCount: cache.byteCount
        )
    }

    /// Fills a buffer from a place of a content.
    ///
    /// - Parameters:
    ///   - id: The content.
    ///   - offset: The place of the first byte.
    ///   - buffer: Gets the bytes; `offset + buffer.count` must not exceed the content's size.
    ///   - resolution: How many high-order bytes of each float to read; what is beyond is zero (see
    ///     ``Resolution``).
    /// - Throws: ``ParameterStoreError``; its code is `missingLowPlanes` if the resolution needs planes
    ///   that were moved away.
    public func read(
        _ id: ContentID,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer,
        resolution: Resolution = .full
    ) throws(ParameterStoreError) {
        do {
            try readChunks(of: try content(id), at: offset, into: buffer, resolution)
        } catch {
            // A repack may have moved the content: its place is looked up anew, once.
            guard let moved = try? reload(id) else { throw error }
            try readChunks(of: moved, at: offset, into: buffer, resolution)
        }
        counters.readBytes.wrappingAdd(buffer.count, ordering: .relaxed)
    }

    private func readChunks(
        of content: StoredContent,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer,
        _ resolution: Resolution
    ) throws(ParameterStoreError) {
        let record = content.record
        guard offset >= 0, buffer.count <= record.byteCount - offset else {
            throw ParameterStoreError(
                .damaged,
                "Content \(record.id.rawValue) has \(record.byteCount) bytes; "
                    + "\(buffer.count) from offset \(offset) on were asked for."
            )
        }
        var done = 0
        while done < buffer.count {
            let place = offset + done
            let index = place / record.kind.chunkByteCount
            let skipped = place - index * record.kind.chunkByteCount
            let count = min(record.byteCount(ofChunk: index) - skipped, buffer.count - done)
            let chunk = try chunk(index, of: content, resolution)
            let part = UnsafeRawBufferPointer(rebasing: chunk.bytes[skipped..<skipped + count])
            UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
                .copyMemory(from: part)
            done += count
        }
    }

    /// A decoded chunk, from the cache if it is there.
    private func chunk(
        _ index: Int,
        of content: StoredContent,
        _ resolution: Resolution
    ) throws(ParameterStoreError) -> ChunkBytes {
        let record = content.record
        // What a resolution shows whole is not cached twice.
        let byteCount = resolution.isFull(for: record.kind) ? 0 : resolution.byteCount
        do {
            let key = ChunkKey(content: record.id, index: index, resolution: byteCount)
            return try cache.chunk(key) {
                let chunk = ChunkBytes(byteCount: record.byteCount(ofChunk: index))
                let detail = byteCount == 0 || byteCount > 2 ? ChunkDetail.full : .upper
                try decode(index, of: content, into: chunk.bytes, detail: detail)
                if byteCount > 0 { resolution.truncate(chunk.bytes, kind: record.kind) }
                return chunk
            }
        } catch let error as ParameterStoreError {
            throw error
        } catch {
            throw ParameterStoreError(.system, "\(error)")
        }
    }

    /// Counts a decoded chunk.
    func countDecode(_ byteCount: Int, streams: Int) {
        counters.decodedChunks.wrappingAdd(1, ordering: .relaxed)
        counters.decodedBytes.wrappingAdd(byteCount, ordering: .relaxed)
        counters.packBytes.wrappingAdd(streams, ordering: .relaxed)
    }

    // MARK: - Records

    /// The record, chunk index and pack of a content.
    func content(_ id: ContentID) throws(ParameterStoreError) -> StoredContent {
        if let known = contents.value(for: id) { return known }
        guard let record = try record(of: id) else {
            throw ParameterStoreError(
                .missingContent,
                "The catalog has no content \(id.rawValue). Run 'dlv verify'."
            )
        }
        let content = try load(record)
        contents.insert(content, for: id, weight: content.weight)
        return content
    }

    private func record(of id: ContentID) throws(ParameterStoreError) -> ContentRecord? {
        if let record = pending.withLock({ $0.records[id] }) { return record }
        do {
            return try catalog.record(of: id)
        } catch {
            throw ParameterStoreError(.system, "\(error)")
        }
    }

    private func load(_ record: ContentRecord) throws(ParameterStoreError) -> StoredContent {
        do {
            let pendingName = pending.withLock { $0.packNames[record.pack] }
            guard let name = try pendingName ?? catalog.packName(of: record.pack) else {
                throw ParameterStoreError(
                    .missingPack,
                    "The catalog has no pack \(record.pack.rawValue). Run 'dlv verify'."
                )
            }
            return try StoredContent(record, pack: packs.reader(of: name))
        } catch let error as ParameterStoreError {
            throw error
        } catch let error as PackFileError {
            throw ParameterStoreError(pack: error)
        } catch {
            throw ParameterStoreError(.system, "\(error)")
        }
    }

    /// The content as the catalog has it now; nil if neither it nor a base of it was moved.
    private func reload(_ id: ContentID) throws -> StoredContent? {
        var isMoved = false
        var next: ContentID? = id
        while let link = next {
            guard let known = contents.value(for: link), let record = try record(of: link) else {
                break
            }
            if record != known.record {
                isMoved = true
                let content = try load(record)
                contents.insert(content, for: link, weight: content.weight)
            }
            next = record.base
        }
        return isMoved ? try content(id) : nil
    }

    // MARK: - Verification

    /// Decodes every chunk of a content and compares the SHA-256 of its bytes.
    ///
    /// - Throws: ``ParameterStoreError`` that names the first damage.
    public func verify(_ id: ContentID) throws(ParameterStoreError) {
        let content = try content(id)
        var hash = SHA256()
        let buffer = ChunkBytes(
            byteCount: min(content.record.byteCount, content.record.kind.chunkByteCount)
        )
        for index in 0..<content.record.chunkCount {
            let count = content.record.byteCount(ofChunk: index)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
            try decode(index, of: content, into: part)
            hash.update(bufferPointer: UnsafeRawBufferPointer(part))
        }
        guard Array(hash.finalize()) == content.record.hash.bytes else {
            throw ParameterStoreError(
                .damaged,
                "Content \(id.rawValue) in the pack '\(content.pack.name)' does not have the "
                    + "SHA-256 that it was stored under."
            )
        }
    }

    // MARK: - Contents of a commit under way

    /// Makes a content readable before the catalog has it.
    func addPending(_ record: ContentRecord, packName: String) {
        pending.withLock { pending in
            pending.records[record.id] = record
            pending.packNames[record.pack] = packName
        }
    }

    /// Forgets the contents of a commit; of one that was given up, everything that was read too.
    func removePending(
        _ ids: Set<ContentID>,
        pack: PackID,
        packName: String,
        isDiscarded: Bool
    ) {
        pending.withLock { pending in
            pending.records = pending.records.filter { !ids.contains($0.key) }
            pending.packNames = pending.packNames.filter { $0.value != packName }
        }
        guard isDiscarded else { return }
        packs.forget(packName)
        models.forget(pack)
        contents.remove { ids.contains($0) }
        cache.forget(ids)
    }

    /// The content that has a hash, of the catalog or of a commit under way.
    func id(of hash: ContentHash) throws -> ContentID? {
        try catalog.id(of: hash)
    }
}

extension ParameterStoreError {
    init(pack error: PackFileError) {
        switch error.code {
        case .missing: self.init(.missingPack, error.message)
        case .missingLow: self.init(.missingLowPlanes, error.message)
        case .truncated, .notAPack: self.init(.damaged, error.message)
        case .full: self.init(.full, error.message)
        case .system: self.init(.system, error.message)
        }
    }
}
