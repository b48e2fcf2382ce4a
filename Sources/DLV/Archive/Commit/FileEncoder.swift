import Catalog
import ModelFormats
import ParameterStore
import TensorCoding
import Tensors

/// Turns files into contents, spans and tensors.
///
/// A storage of at least ``bundleLimit`` bytes is a content, so equal tensors are one in the store
/// whatever files hold them. Smaller ones of a file are bundled, one bundle a kind of element and
/// part of the file; within a bundle they lie in the order of their tensors' names, not of the file, so
/// that the same small tensors in a file of another format give the same bundle. The bytes between
/// storages are one content of plain bytes. So every byte of the file lies in exactly one span.
struct FileEncoder {
    /// Tensors below this many bytes share a content: a row of the catalog would cost more than they
    /// gain by standing alone (design of the archive, "On disk").
    static let bundleLimit = 64 << 10

    let writer: ContentWriter
    var candidates = BaseCandidates()
    /// The snapshots that will be stored after this file's, and may be deltas against it.
    var successorCount = 0

    /// The bytes of storages that were stored by now, and those among them that were there already.
    private(set) var tensorByteCount = 0
    private(set) var knownTensorByteCount = 0

    /// What a file became.
    struct EncodedFile {
        /// The spans that tile the file.
        var spans: [SpanRecord] = []
        var tensors: [TensorRecord] = []
    }

    /// Where a storage lies in the store.
    private struct Place {
        let content: ContentID
        let byteOffset: Int
    }

    /// Stores a file.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - map: Its span map; nil if it is kept whole.
    ///   - stored: Is called with the bytes of the file that are stored, after every content.
    mutating func encode(
        _ source: FileBytes,
        map: SpanMap?,
        stored: (FileEncoder, Int) -> Void = { _, _ in }
    ) throws -> EncodedFile {
        var file = EncodedFile()
        if let map { try encodeTensors(of: map, source, into: &file, stored) }
        let gaps = (map?.gaps ?? [0..<source.byteCount]).filter { !$0.isEmpty }
        if !gaps.isEmpty {
            let content = try writer.add(JoinedBytes(source, ranges: gaps), kind: .bytes).id
            Self.append(gaps, in: content, to: &file.spans)
        }
        file.spans = Self.joined(file.spans.sorted { $0.offset < $1.offset })
        try Self.checkTiling(file.spans, of: source)
        return file
    }

    private mutating func encodeTensors(
        of map: SpanMap,
        _ source: FileBytes,
        into file: inout EncodedFile,
        _ stored: (FileEncoder, Int) -> Void
    ) throws {
        var byteCount = 0
        var places = [Place?](repeating: nil, count: map.storages.count)
        for batch in Self.batches(of: StorageBundling(map), map) {
            let ranges = batch.map { $0.storages.map { map.storages[$0].byteRange } }
            let contents = try store(
                zip(batch, ranges).map { bundle, ranges in
                    NamedContent(
                        bytes: JoinedBytes(source, ranges: ranges),
                        kind: bundle.kind,
                        layout: bundle.layout,
                        name: bundle.name
                    )
                }
            )
            for (index, bundle) in batch.enumerated() {
                Self.append(ranges[index], in: contents[index], to: &file.spans)
                var offset = 0
                for (storage, range) in zip(bundle.storages, ranges[index]) {
                    places[storage] = Place(content: contents[index], byteOffset: offset)
                    offset += range.count
                }
                byteCount += offset
            }
            stored(self, byteCount)
        }
        let decoded = try storeValues(of: map.tensors)
        file.tensors = map.tensors.indices.map { index in
            let tensor = map.tensors[index]
            let storage = map.storageIndex(of: tensor)
            let place = storage.flatMap { places[$0] } ?? decoded[index]
            let start = storage.map { map.storages[$0].byteRange.lowerBound } ?? 0
            return TensorRecord(
                description: tensor.description,
                content: place?.content,
                byteOffset: place.map {
                    $0.byteOffset + (storage == nil ? 0 : tensor.byteRange.lowerBound - start)
                } ?? 0
            )
        }
    }

    /// Stores the elements that were decoded from a file, all of one kind as one content; no span of
    /// the file refers to it.
    private mutating func storeValues(of tensors: [MappedTensor]) throws -> [Int: Place] {
        var groups: [ElementKind: [Int]] = [:]
        for (index, tensor) in tensors.enumerated() where tensor.values?.isEmpty == false {
            groups[ElementKind(tensor.description.dtype), default: []].append(index)
        }
        var places: [Int: Place] = [:]
        for (kind, indices) in groups.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let bytes = indices.flatMap { tensors[$0].values ?? [] }
            let name = tensors[indices[0]].description.name
            let content = try store([
                NamedContent(
                    bytes: MemoryBytes(bytes),
                    kind: kind,
                    layout: RowLayout(),
                    name: name
                )
            ])[0]
            var offset = 0
            for index in indices {
                places[index] = Place(content: content, byteOffset: offset)
                offset += tensors[index].values?.count ?? 0
            }
        }
        return places
    }

    /// Elements to store, and the tensor that they begin with.
    private struct NamedContent {
        let bytes: any ByteSource
        let kind: ElementKind
        let layout: RowLayout
        let name: String
    }

    /// Stores elements, as deltas against the like-named ones of the snapshot before where that is shorter.
    private mutating func store(_ contents: [NamedContent]) throws -> [ContentID] {
        let written = try writer.add(
            contents.map { content in
                ContentWriter.NewContent(
                    content.bytes,
                    kind: content.kind,
                    layout: content.layout,
                    bases: candidates.bases(
                        tensor: content.name,
                        byteCount: content.bytes.byteCount,
                        kind: content.kind
                    )
                )
            },
            successorCount: successorCount
        )
        for (content, written) in zip(contents, written) {
            let byteCount = content.bytes.byteCount
            candidates.add(
                written.id,
                tensor: content.name,
                byteCount: byteCount,
                kind: content.kind
            )
            tensorByteCount += byteCount
            if written.isKnown { knownTensorByteCount += byteCount }
        }
        return written.map(\.id)
    }

    /// So many bytes are hashed, then encoded: few enough to be in the system's cache the second time, and
    /// to tell of progress.
    private static let batchByteCount = 64 << 20

    /// Bundles that are stored together.
    private static func batches(
        of bundling: StorageBundling,
        _ map: SpanMap
    ) -> [[StorageBundling.Bundle]] {
        var batches: [[StorageBundling.Bundle]] = []
        var byteCount = batchByteCount
        for bundle in bundling.bundles {
            if byteCount >= batchByteCount {
                batches.append([])
                byteCount = 0
            }
            batches[batches.count - 1].append(bundle)
            byteCount += bundle.storages.reduce(0) { $0 + map.storages[$1].byteRange.count }
        }
        return batches
    }

    // MARK: - Spans

    /// Adds a span for every run of the file that lies in a content, one behind the other.
    private static func append(
        _ ranges: [Range<Int>],
        in content: ContentID,
        to spans: inout [SpanRecord]
    ) {
        var offset = 0
        for range in ranges where !range.isEmpty {
            spans.append(
                SpanRecord(
                    offset: range.lowerBound,
                    byteCount: range.count,
                    content: content,
                    contentOffset: offset
                )
            )
            offset += range.count
        }
    }

    /// Joins spans that follow one another both in the file and in their content.
    private static func joined(_ spans: [SpanRecord]) -> [SpanRecord] {
        var joined: [SpanRecord] = []
        for span in spans {
            if let last = joined.last, last.content == span.content,
                last.offset + last.byteCount == span.offset,
                last.contentOffset + last.byteCount == span.contentOffset
            {
                joined[joined.count - 1].byteCount += span.byteCount
            } else {
                joined.append(span)
            }
        }
        return joined
    }

    /// Every content was compared with its part of the file when it was written, so a file comes
    /// back byte for byte exactly if its spans tile it.
    private static func checkTiling(_ spans: [SpanRecord], of source: FileBytes) throws {
        var offset = 0
        for span in spans {
            guard span.offset == offset else { break }
            offset += span.byteCount
        }
        guard offset == source.byteCount else {
            throw ArchiveError(
                .badInput,
                "The parts of '\(source.path)' do not cover it; byte \(offset) would be lost. "
                    + "Nothing was committed."
            )
        }
    }
}
