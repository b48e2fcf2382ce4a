import Crypto
import Dispatch
import Foundation
import PackFiles
import Synchronization
import TensorCoding
public import Tensors

/// Stores contents for one commit.
///
/// Each is hashed first, so that one that is stored already costs no more; a new one is encoded in
/// chunks, by all cores, in memory that does not grow with its size, and every chunk is decoded again
/// and compared with the original before it counts. What was written can be read, and be the base of
/// what follows, before the catalog knows it. Used by one thread.
public final class ContentWriter {
    /// What became of a content.
    public struct WrittenContent: Hashable, Sendable {
        /// Its number.
        public let id: ContentID
        /// Whether it was stored already.
        public let isKnown: Bool
    }

    /// The longest delta chain that a commit makes: a link costs every read about two nanoseconds an
    /// element (design of the archive, "Versions").
    public static let depthMax = 4

    private let store: ParameterStore
    private let packName: String
    private let packID: PackID
    private var pack: PackWriter?
    private var records: [ContentRecord] = []
    private var ids: [ContentHash: ContentID] = [:]
    private var nextID: Int64
    private let workers = ChunkWorkerPool()

    /// Begins a commit; its pack is created with the first new content.
    ///
    /// - Parameters:
    ///   - store: Where the contents go.
    ///   - packName: The name of the new pack.
    ///   - pack: Its number.
    ///   - firstContentID: The number of the first new content; the others count up from it.
    public init(
        store: ParameterStore,
        packName: String,
        pack: PackID,
        firstContentID: ContentID
    ) {
        self.store = store
        self.packName = packName
        packID = pack
        nextID = firstContentID.rawValue
    }

    /// Stores a content, unless its bytes are stored already.
    ///
    /// - Parameters:
    ///   - source: The bytes.
    ///   - kind: What its elements are.
    ///   - bases: Contents that are like it; the one that promises the fewest bytes is its base, or
    ///     none.
    /// - Throws: ``ParameterStoreError``, or an error of the source.
    public func add(
        _ source: any ByteSource,
        kind: ElementKind,
        bases: [ContentID] = []
    ) throws -> WrittenContent {
        let hash = try hash(of: source)
        if let known = try ids[hash] ?? store.id(of: hash) {
            return WrittenContent(id: known, isKnown: true)
        }
        let id = ContentID(rawValue: nextID)
        do {
            let base = try chooseBase(for: source, kind: kind, bases)
            let record = try write(source, as: id, hash, kind: kind, base: base)
            nextID += 1
            records.append(record)
            ids[hash] = id
            store.addPending(record, packName: packName)
        } catch let error as PackFileError {
            throw ParameterStoreError(pack: error)
        } catch let error as TensorCodingError {
            throw ParameterStoreError(.system, "Cannot encode a content: \(error.message).")
        }
        return WrittenContent(id: id, isKnown: false)
    }

    /// Writes everything to the disk.
    ///
    /// - Returns: The records of the new contents, for the catalog; their pack exists if there are any.
    /// - Throws: ``ParameterStoreError``.
    public func finish() throws -> [ContentRecord] {
        do {
            try pack?.finish()
        } catch {
            throw ParameterStoreError(pack: error)
        }
        store.removePending(Set(records.map(\.id)), packName: packName, isDiscarded: false)
        return records
    }

    /// Takes everything back that was stored.
    public func discard() {
        store.removePending(Set(records.map(\.id)), packName: packName, isDiscarded: true)
        pack?.discard()
        pack = nil
        records = []
        ids = [:]
    }

    // MARK: - Steps

    private func hash(of source: any ByteSource) throws -> ContentHash {
        var hash = SHA256()
        let size = min(1 << 20, max(1, source.byteCount))
        try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
            var offset = 0
            while offset < source.byteCount {
                let count = min(size, source.byteCount - offset)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try source.read(into: part, at: offset)
                hash.update(bufferPointer: UnsafeRawBufferPointer(part))
                offset += count
            }
        }
        return ContentHash(bytes: Array(hash.finalize()))
    }

    /// The candidate that promises the fewest bytes, judged by a few chunks; nil if none promises less
    /// than the content alone.
    private func chooseBase(
        for source: any ByteSource,
        kind: ElementKind,
        _ candidates: [ContentID]
    ) throws -> StoredContent? {
        let chunkCount = (source.byteCount + kind.chunkByteCount - 1) / kind.chunkByteCount
        guard chunkCount > 0 else { return nil }
        let sampled = Set([0, chunkCount / 3, chunkCount * 2 / 3, chunkCount - 1]).sorted()
        var best: (content: StoredContent, byteCount: Double)?
        for candidate in candidates {
            guard let content = try usableBase(candidate, source.byteCount, kind) else { continue }
            let byteCount = try workers.use { worker in
                try sampled.reduce(into: (alone: 0.0, chosen: 0.0)) { sum, index in
                    let (alone, delta) = try worker.estimate(
                        index,
                        of: source,
                        kind: kind,
                        base: content,
                        in: store
                    )
                    sum.alone += alone
                    sum.chosen += min(alone, delta)
                }
            }
            guard byteCount.chosen < byteCount.alone else { continue }
            if best.map({ byteCount.chosen < $0.byteCount }) ?? true {
                best = (content, byteCount.chosen)
            }
        }
        return best?.content
    }

    /// A candidate as a base: itself, or the nearest of its own bases that is not too deep.
    private func usableBase(
        _ candidate: ContentID,
        _ byteCount: Int,
        _ kind: ElementKind
    ) throws -> StoredContent? {
        var content = try store.content(candidate)
        while content.record.depth >= Self.depthMax, let base = content.record.base {
            content = try store.content(base)
        }
        guard content.record.byteCount == byteCount, content.record.kind == kind,
            content.record.depth < Self.depthMax
        else { return nil }
        return content
    }

    private func write(
        _ source: any ByteSource,
        as id: ContentID,
        _ hash: ContentHash,
        kind: ElementKind,
        base: StoredContent?
    ) throws -> ContentRecord {
        let pack = try self.pack ?? PackWriter(name: packName, directory: store.packsPath)
        self.pack = pack
        let start = (high: pack.offset(in: .high), low: pack.offset(in: .low))
        var index = ChunkIndex(highStart: start.high, lowStart: start.low)
        let chunkCount = (source.byteCount + kind.chunkByteCount - 1) / kind.chunkByteCount
        var next = 0
        while next < chunkCount {
            let batch = next..<min(chunkCount, next + Self.batchChunkCount)
            for chunk in try encode(batch, of: source, kind: kind, base: base) {
                try pack.append(chunk.high, to: .high)
                try pack.append(chunk.low, to: .low)
                index.append(
                    chunk.coding,
                    highByteCount: chunk.high.count,
                    lowByteCount: chunk.low.count
                )
            }
            next = batch.upperBound
        }
        let indexOffset = pack.offset(in: .high)
        var frame: [UInt8] = []
        try index.serialized.withUnsafeBytes {
            try ZstdCompressor().append($0, effort: .normal, to: &frame)
        }
        try pack.append(frame, to: .high)
        try pack.flush()
        let usedBase = index.chunks.contains { $0.coding.needsBase } ? base : nil
        return ContentRecord(
            id: id,
            hash: hash,
            byteCount: source.byteCount,
            kind: kind,
            pack: packID,
            indexOffset: indexOffset,
            indexByteCount: frame.count,
            storedByteCount: pack.offset(in: .high) - start.high + pack.offset(in: .low) - start.low,
            base: usedBase?.record.id,
            depth: usedBase.map { $0.record.depth + 1 } ?? 0
        )
    }

    /// The chunks that are encoded before any of them is written: some megabytes.
    private static let batchChunkCount = 32

    private func encode(
        _ batch: Range<Int>,
        of source: any ByteSource,
        kind: ElementKind,
        base: StoredContent?
    ) throws -> [EncodedChunk] {
        let store = self.store
        let workers = self.workers
        guard batch.count > 1 else {
            return try batch.map { index in
                try workers.use { try $0.encode(index, of: source, kind: kind, base: base, in: store) }
            }
        }
        let results = Mutex([Result<EncodedChunk, any Error>?](repeating: nil, count: batch.count))
        DispatchQueue.concurrentPerform(iterations: batch.count) { position in
            let result = Result {
                try workers.use {
                    try $0.encode(
                        batch.lowerBound + position,
                        of: source,
                        kind: kind,
                        base: base,
                        in: store
                    )
                }
            }
            results.withLock { $0[position] = result }
        }
        return try results.withLock { try $0.map { result in
            guard let result else { preconditionFailure("every chunk of a batch has a result") }
            return try result.get()
        } }
    }
}
