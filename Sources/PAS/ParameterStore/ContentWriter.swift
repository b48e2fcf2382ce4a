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
///
/// Contents are given several at a time where there are several: cores then work on segments of their own,
/// one core on each, which keeps them busier than sharing the steps of one.
public final class ContentWriter {
    /// A content to store.
    public struct NewContent: Sendable {
        let source: any ByteSource
        let kind: ElementKind
        let layout: RowLayout
        let bases: [ContentID]

        /// Describes a content.
        ///
        /// - Parameters:
        ///   - source: The bytes.
        ///   - kind: What its elements are.
        ///   - layout: How they form rows and columns, if the content holds tensors.
        ///   - bases: Stored contents that are like it; one of them or of their own bases is its base, or
        ///     none.
        public init(
            _ source: any ByteSource,
            kind: ElementKind,
            layout: RowLayout = RowLayout(),
            bases: [ContentID] = []
        ) {
            self.source = source
            self.kind = kind
            self.layout = layout
            self.bases = bases
        }
    }

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
    private let workspaces = ScratchPool { SegmentWorkspace() }

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
        let content = NewContent(source, kind: kind, layout: layout, bases: bases)
        return try add([content], successorCount: successorCount)[0]
    }

    /// Stores contents, but for those whose bytes are stored already.
    ///
    /// - Parameters:
    ///   - contents: The contents; what is a base of one must have been added before.
    ///   - successorCount: How many contents will be added that are like each.
    /// - Returns: What became of each, in the same order.
    /// - Throws: ``ParameterStoreError``, or an error of a source; then none of them is stored.
    public func add(
        _ contents: [NewContent],
        successorCount: Int = 0
    ) throws -> [WrittenContent] {
        do {
            let choice = BaseChoice(store: store, successorCount: successorCount)
            let looks = try concurrentMap(contents.count) { try look(at: contents[$0], choice) }
            var new: [ContentHash: ContentID] = [:]
            var tasks: [Task] = []
            let written = zip(contents, looks).map { content, look in
                if let id = look.known ?? new[look.hash] {
                    return WrittenContent(id: id, isKnown: true)
                }
                let id = ContentID(rawValue: nextID + Int64(tasks.count))
                new[look.hash] = id
                tasks.append(Task(id, look.hash, content, base: look.base, deltaLayout: .whole))
                return WrittenContent(id: id, isKnown: false)
            }
            let added = try write(tasks)
            nextID += Int64(tasks.count)
            records += added
            ids.merge(new) { first, _ in first }
            for record in added { store.addPending(record, packName: packName) }
            return written
        } catch {
            throw Self.failure(error)
        }
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
    ///   - findsLowRank: Whether to look for parts of low rank in deltas.
    /// - Returns: The new record.
    /// - Throws: ``ParameterStoreError``.
    public func reencode(
        _ id: ContentID,
        base: ContentID?,
        deltaLayout: DeltaLayout = .whole,
        findsLowRank: Bool = false
    ) throws -> ContentRecord {
        let content = try store.content(id)
        let other = try base.map { try store.content($0) }
        if let other { try content.checkFits(other) }
        let same = NewContent(
            StoredBytes(id: id, store: store, byteCount: content.record.byteCount),
            kind: content.record.kind,
            layout: content.index.layout
        )
        var task = Task(id, content.record.hash, same, base: other, deltaLayout: deltaLayout)
        task.findsLowRank = findsLowRank
        return try replace { try write([task])[0] }
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
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case let error as PackFileError: ParameterStoreError(pack: error)
        case let error as TensorCodingError:
            ParameterStoreError(.system, "Cannot encode a content: \(error.message).")
        default: error
        }
    }

    // MARK: - Steps

    /// What is found out of a content before its turn.
    private struct Look: Sendable {
        let hash: ContentHash
        let known: ContentID?
        let base: StoredContent?
    }

    private func look(at content: NewContent, _ choice: BaseChoice) throws -> Look {
        let hash = try ContentHash(of: content.source)
        if let known = try ids[hash] ?? store.id(of: hash) {
            return Look(hash: hash, known: known, base: nil)
        }
        let base = try choice.base(for: content.source, kind: content.kind, content.bases)
        return Look(hash: hash, known: nil, base: base)
    }

    /// A content that is to be encoded, and how.
    private struct Task: Sendable {
        let id: ContentID
        let hash: ContentHash
        let source: any ByteSource
        let kind: ElementKind
        let layout: RowLayout
        let base: StoredContent?
        let deltaLayout: DeltaLayout
        /// Whether to look for parts of low rank, which takes long.
        var findsLowRank = false

        init(
            _ id: ContentID,
            _ hash: ContentHash,
            _ content: NewContent,
            base: StoredContent?,
            deltaLayout: DeltaLayout
        ) {
            self.id = id
            self.hash = hash
            self.base = base
            self.deltaLayout = deltaLayout
            source = content.source
            kind = content.kind
            // Bytes without a structure need no rows.
            layout = content.kind.isFloatingPoint ? content.layout : RowLayout()
        }

        /// The segments, in bytes; one of none if the content is empty.
        var segments: [Range<Int>] {
            source.byteCount > 0 ? kind.segments(ofByteCount: source.byteCount) : [0..<0]
        }
    }

    /// A segment that came back when it was decoded.
    private struct ProvenSegment: Sendable {
        let segment: EncodedSegment
        let checksums: SegmentChecksums
    }

    /// Encodes contents, segments beside one another, and appends them to the pack in order.
    private func write(_ tasks: [Task]) throws -> [ContentRecord] {
        guard !tasks.isEmpty else { return [] }
        let pack = try openPack()
        let parts = tasks.flatMap { task in task.segments.map { (task: task, range: $0) } }
        var records: [ContentRecord] = []
        var start = (high: 0, low: 0)
        var index = ContentIndex(highStart: 0, lowStart: 0, layout: RowLayout())
        try concurrentSequence(parts.count) { part in
            try parts[part].range.isEmpty ? nil : encode(parts[part].task, parts[part].range)
        } take: { (part, proven: ProvenSegment?) in
            let (task, range) = parts[part]
            if range.lowerBound == 0 {
                start = (high: pack.offset(in: .high), low: pack.offset(in: .low))
                index = ContentIndex(
                    highStart: start.high,
                    lowStart: start.low,
                    layout: task.layout
                )
            }
            if let proven { try append(proven, to: pack, &index) }
            if range.upperBound == task.source.byteCount {
                records.append(try finish(task, index, from: start, in: pack))
            }
        }
        return records
    }

    /// Appends the index of a content behind its streams.
    private func finish(
        _ task: Task,
        _ index: ContentIndex,
        from start: (high: Int, low: Int),
        in pack: PackWriter
    ) throws(PackFileError) -> ContentRecord {
        let usesBase = index.segments.contains { $0.coding.needsBase }
        var record = ContentRecord(
            id: task.id,
            hash: task.hash,
            byteCount: task.source.byteCount,
            kind: task.kind,
            pack: packID,
            indexOffset: 0,
            indexByteCount: 0,
            storedByteCount: 0,
            base: usesBase ? task.base?.record.id : nil,
            depth: usesBase ? (task.base?.record.depth ?? 0) + 1 : 0
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
                    segment.modelLayout,
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
    private func encode(_ task: Task, _ range: Range<Int>) throws -> ProvenSegment {
        let encoder = SegmentEncoder(
            kind: task.kind,
            layout: task.layout,
            deltaLayout: task.deltaLayout,
            findsLowRank: task.findsLowRank,
            pool: encodingPool
        )
        return try workspaces.use { workspace in
            let elements = try workspace.load(task.source, range)
            let base = try task.base.map { try workspace.load($0, range, from: store) }
            let segment = try encoder.encode(elements, base: base, at: range.lowerBound)
            let model = try segment.readModel(
                kind: task.kind,
                layout: task.layout,
                start: range.lowerBound,
                byteCount: range.count
            )
            let checksums = try segment.verify(elements, base: base, model, verificationPool)
            return ProvenSegment(segment: segment, checksums: checksums)
        }
    }

    private func append(
        _ proven: ProvenSegment,
        to pack: PackWriter,
        _ index: inout ContentIndex
    ) throws(PackFileError) {
        let segment = proven.segment
        index.append(segment, proven.checksums)
        try pack.append(segment.model, to: .high)
        for chunk in segment.chunks {
            try pack.append(chunk.high, to: .high)
            try pack.append(chunk.low, to: .low)
        }
    }
}
