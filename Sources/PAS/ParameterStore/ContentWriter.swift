import Foundation
import PackFiles
public import TensorCoding
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
    private let encodingPool = EncodingScratchPool()
    private let verificationPool = ScratchPool { try VerificationScratch() }
    private let workspace = SegmentWorkspace()

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
    ///   - layout: How they form rows and columns, if the content holds tensors.
    ///   - bases: Contents that are like it; one of them or of their own bases is its base, or none.
    ///   - successorCount: How many contents will be added that are like it.
    /// - Throws: ``ParameterStoreError``, or an error of the source.
    public func add(
        _ source: any ByteSource,
        kind: ElementKind,
        layout: RowLayout = RowLayout(),
        bases: [ContentID] = [],
        successorCount: Int = 0
    ) throws -> WrittenContent {
        let hash = try ContentHash(of: source)
        if let known = try ids[hash] ?? store.id(of: hash) {
            return WrittenContent(id: known, isKnown: true)
        }
        let id = ContentID(rawValue: nextID)
        do {
            let base = try BaseChoice(store: store, successorCount: successorCount)
                .base(for: source, kind: kind, bases)
            let record = try write(
                source,
                as: (id, hash),
                kind: kind,
                layout: layout,
                base: base,
                deltaLayout: .whole
            )
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
        store.removePending(
            Set(records.map(\.id)),
            pack: packID,
            packName: packName,
            isDiscarded: false
        )
        return records
    }

    /// Takes everything back that was stored.
    public func discard() {
        store.removePending(
            Set(records.map(\.id)),
            pack: packID,
            packName: packName,
            isDiscarded: true
        )
        pack?.discard()
        pack = nil
        records = []
        ids = [:]
    }

    /// Stores a content anew that is stored already, against another base.
    ///
    /// It keeps its number; the catalog must replace its coding by the record that ``finish()`` gives
    /// with the others. Until then, and by readers that have not noticed after, the old coding is read:
    /// both give the same bytes. The base must not be coded against the content itself, on any way: whoever
    /// re-encodes several begins with those that others are coded against.
    ///
    /// - Parameters:
    ///   - id: The content.
    ///   - base: What to code it against; nil for alone. Segments that it does not help are coded alone
    ///     all the same.
    ///   - deltaLayout: How deltas treat the significance of their bits.
    /// - Returns: The new record.
    /// - Throws: ``ParameterStoreError``.
    public func reencode(
        _ id: ContentID,
        base: ContentID?,
        deltaLayout: DeltaLayout = .whole
    ) throws -> ContentRecord {
        let content = try store.content(id)
        let other = try base.map { try store.content($0) }
        if let other { try content.checkFits(other) }
        return try replace {
            try write(
                StoredBytes(id: id, store: store, byteCount: content.record.byteCount),
                as: (id, content.record.hash),
                kind: content.record.kind,
                layout: content.index.layout,
                base: other,
                deltaLayout: deltaLayout
            )
        }
    }

    /// Moves a content that is stored already, as it is coded, so that its old pack can go.
    ///
    /// Its streams are copied, each compared with its checksum; for the catalog and for readers it is as
    /// after ``reencode(_:base:deltaLayout:)``.
    ///
    /// - Parameter id: The content.
    /// - Returns: The new record.
    /// - Throws: ``ParameterStoreError``.
    public func move(_ id: ContentID) throws -> ContentRecord {
        let content = try store.content(id)
        return try replace { try copy(content) }
    }

    private func replace(_ write: () throws -> ContentRecord) throws -> ContentRecord {
        do {
            let record = try write()
            records.append(record)
            store.addPending(record, packName: packName, isReplaced: true)
            return record
        } catch let error as PackFileError {
            throw ParameterStoreError(pack: error)
        } catch let error as TensorCodingError {
            throw ParameterStoreError(.system, "Cannot encode a content: \(error.message).")
        }
    }

    // MARK: - Steps

    private func write(
        _ source: any ByteSource,
        as identity: (id: ContentID, hash: ContentHash),
        kind: ElementKind,
        layout: RowLayout,
        base: StoredContent?,
        deltaLayout: DeltaLayout
    ) throws -> ContentRecord {
        let pack = try openPack()
        let start = (high: pack.offset(in: .high), low: pack.offset(in: .low))
        // Bytes without a structure need no rows.
        let layout = kind.isFloatingPoint ? layout : RowLayout()
        var index = ContentIndex(highStart: start.high, lowStart: start.low, layout: layout)
        let encoder = SegmentEncoder(
            kind: kind,
            layout: layout,
            deltaLayout: deltaLayout,
            pool: encodingPool
        )
        var place = 0
        while place < source.byteCount {
            let range = place..<min(source.byteCount, place + kind.segmentByteCount)
            let segment = try encode(source, range, kind: kind, layout, base, with: encoder)
            try append(segment, to: pack, &index)
            place = range.upperBound
        }
        let usesBase = index.segments.contains { $0.coding.needsBase }
        var record = ContentRecord(
            id: identity.id,
            hash: identity.hash,
            byteCount: source.byteCount,
            kind: kind,
            pack: packID,
            indexOffset: 0,
            indexByteCount: 0,
            storedByteCount: 0,
            base: usesBase ? base?.record.id : nil,
            depth: usesBase ? (base?.record.depth ?? 0) + 1 : 0
        )
        try append(index, from: start, to: pack, &record)
        return record
    }

    private func openPack() throws(PackFileError) -> PackWriter {
        if let pack { return pack }
        let created = try PackWriter(name: packName, directory: store.packsPath)
        pack = created
        return created
    }

    /// Appends the index of a content, and notes where it lies.
    private func append(
        _ index: ContentIndex,
        from start: (high: Int, low: Int),
        to pack: PackWriter,
        _ record: inout ContentRecord
    ) throws(PackFileError) {
        let serialized = index.serialized
        record.pack = packID
        record.indexOffset = pack.offset(in: .high)
        record.indexByteCount = serialized.count
        try pack.append(serialized, to: .high)
        try pack.flush()
        record.storedByteCount =
            pack.offset(in: .high) - start.high + pack.offset(in: .low) - start.low
    }

    private func copy(_ content: StoredContent) throws -> ContentRecord {
        let pack = try openPack()
        let start = (high: pack.offset(in: .high), low: pack.offset(in: .low))
        var index = ContentIndex(
            highStart: start.high,
            lowStart: start.low,
            layout: content.index.layout
        )
        for (number, chunk) in content.index.chunks.enumerated() {
            if number % ElementKind.segmentChunkCount == 0 {
                let place = number / ElementKind.segmentChunkCount
                let segment = content.index.segments[place]
                let model = try content.stream(segment.model, of: .high) {
                    content.damagedModel(place, $0)
                }
                index.appendSegment(
                    segment.coding,
                    modelByteCount: model.count,
                    checksum: segment.model.checksum
                )
                try pack.append(model, to: .high)
            }
            let high = try content.stream(chunk.high, of: .high) { content.damage(number, $0) }
            let low = try content.stream(chunk.low, of: .low) { content.damage(number, $0) }
            index.appendChunk(
                high: (high.count, chunk.high.checksum),
                low: (low.count, chunk.low.checksum)
            )
            try pack.append(high, to: .high)
            try pack.append(low, to: .low)
        }
        var record = content.record
        try append(index, from: start, to: pack, &record)
        return record
    }

    /// Encodes a segment, and proves that it comes back.
    private func encode(
        _ source: any ByteSource,
        _ range: Range<Int>,
        kind: ElementKind,
        _ layout: RowLayout,
        _ base: StoredContent?,
        with encoder: SegmentEncoder
    ) throws -> EncodedSegment {
        let elements = try workspace.load(source, range)
        let other = try base.map { try workspace.load($0, range, from: store) }
        let segment = try encoder.encode(elements, base: other, at: range.lowerBound)
        let model = try segment.readModel(
            kind: kind,
            layout: layout,
            start: range.lowerBound,
            byteCount: range.count
        )
        try segment.verify(elements, base: other, model, verificationPool)
        return segment
    }

    private func append(
        _ segment: EncodedSegment,
        to pack: PackWriter,
        _ index: inout ContentIndex
    ) throws(PackFileError) {
        index.append(segment)
        try pack.append(segment.model, to: .high)
        for chunk in segment.chunks {
            try pack.append(chunk.high, to: .high)
            try pack.append(chunk.low, to: .low)
        }
    }
}
