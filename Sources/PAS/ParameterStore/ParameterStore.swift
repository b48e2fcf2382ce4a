import Crypto
import Foundation
import PackFiles
import Synchronization
import TensorCoding

/// The stored contents of an archive, readable at any offset.
///
/// Memory is bounded whatever is read. Used from any thread.
public final class ParameterStore: Sendable {
    private let catalog: any ContentCatalog
    private let packs: OpenPacks
    let cache: ChunkCache
    let threads: DecodingThreads
    let models = SegmentModels()
    let scratch = ScratchPool { try DecodingScratch() }
    // Contents by their number; the weight is the memory of their indices.
    private let contents = BoundedCache<ContentID, StoredContent>(weightMax: 24 << 20)
    private let pending = Mutex(PendingContents())
    private let placesEpoch = Atomic<Int>(0)
    let counters = Counters()

    /// The directory of the packs.
    let packsPath: String

    private struct PendingContents {
        var records: [ContentID: ContentRecord] = [:]
        var packNames: [PackID: String] = [:]
    }

    final class Counters: Sendable {
        let hits = Atomic<Int>(0)
        let misses = Atomic<Int>(0)
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
        /// The bytes of decoded chunks that the cache may hold.
        public let cacheByteCountMax: Int
        /// How often a reader found a chunk decoded.
        public let hitCount: Int
        /// How often a reader did not.
        public let missCount: Int
        /// The chunks that are being decoded now, or that a reader waits for.
        public let waitingChunkCount: Int
        /// The bytes that wait to be decoded ahead of a reader.
        public let waitingPrefetchByteCount: Int
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
        threads = DecodingThreads(likelyByteCountMax: cacheByteCount / 2)
    }

    /// What the store has done since it was opened.
    public var statistics: Statistics {
        Statistics(
            readByteCount: counters.readBytes.load(ordering: .relaxed),
            decodedChunkCount: counters.decodedChunks.load(ordering: .relaxed),
            decodedByteCount: counters.decodedBytes.load(ordering: .relaxed),
            packByteCount: counters.packBytes.load(ordering: .relaxed),
            cachedByteCount: cache.weight,
            cacheByteCountMax: cache.weightMax,
            hitCount: counters.hits.load(ordering: .relaxed),
            missCount: counters.misses.load(ordering: .relaxed),
            waitingChunkCount: cache.flightCount,
            waitingPrefetchByteCount: threads.likelyByteCount
        )
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

    /// Calls a function with a content; once more if its place, or that of a base, is not what it was.
    ///
    /// A new plan of storage moves contents while they are read; what was decoded does not change.
    func withContent<Value>(
        _ id: ContentID,
        _ body: (StoredContent) throws(ParameterStoreError) -> Value
    ) throws(ParameterStoreError) -> Value {
        do {
            return try body(try content(id))
        } catch {
            guard forgetMovedChain(of: id) || error.code == .missingPack else { throw error }
            return try body(try content(id))
        }
    }

    /// Forgets the places of a content and its bases; says whether the catalog has others now.
    private func forgetMovedChain(of id: ContentID) -> Bool {
        var hasMoved = false
        var next: ContentID? = id
        var steps = 0
        while let id = next, steps < Self.chainLengthMax {
            let known = contents.value(for: id)?.record
            contents.remove { $0 == id }
            let current = try? record(of: id)
            if let known, current != known { hasMoved = true }
            next = current?.base
            steps += 1
        }
        return hasMoved
    }

    /// No chain is longer; a damaged catalog may have a circle.
    static let chainLengthMax = 64

    /// Forgets where contents lie, and closes the packs that nobody holds, so that they can be deleted.
    ///
    /// Called when the catalog has changed. Reads that are under way end with the pack that they began
    /// with; decoded chunks stay, since the bytes of a content never change.
    public func forgetPlaces() {
        contents.remove { _ in true }
        packs.forgetAll()
        placesEpoch.wrappingAdd(1, ordering: .releasing)
    }

    /// Grows whenever contents may lie elsewhere than before.
    public var epoch: Int { placesEpoch.load(ordering: .acquiring) }

    /// The packs that hold contents and their bases; none of those that the catalog lacks.
    public func packNames(of contents: [ContentID]) -> [String] {
        (try? catalog.packNames(of: contents)) ?? []
    }

    /// Opens packs and so keeps them, and the catalog's knowledge of what is in them, from being
    /// collected.
    ///
    /// Those that cannot be opened are left out: who reads from them is told.
    public func hold(_ packNames: [String]) -> HeldPacks {
        HeldPacks(readers: packNames.compactMap { try? packs.reader(of: $0) })
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
    ///
    /// - Parameter isReplaced: Whether it is stored anew, and may be known at its old place.
    func addPending(_ record: ContentRecord, packName: String, isReplaced: Bool = false) {
        pending.withLock { pending in
            pending.records[record.id] = record
            pending.packNames[record.pack] = packName
        }
        if isReplaced { contents.remove { $0 == record.id } }
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
        cache.remove { ids.contains($0.content) }
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
