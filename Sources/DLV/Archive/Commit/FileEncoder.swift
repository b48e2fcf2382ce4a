import Catalog
import Crypto
import Foundation
import ModelFormats
import ParameterStore
import TensorCoding
import Tensors

/// Turns files into contents, spans and tensors.
///
/// A tensor of at least ``bundleLimit`` bytes is a content; smaller ones of a file are bundled, one
/// bundle a kind of element; the bytes between tensors are one content of plain bytes. So every
/// byte of the file lies in exactly one span.
struct FileEncoder {
    /// Tensors below this many bytes share a content: a row of the catalog would cost more than they
    /// gain by standing alone (design of the archive, "On disk").
    static let bundleLimit = 64 << 10

    let writer: ContentWriter
    var candidates = BaseCandidates()

    /// A run of a file that goes to one place of a content.
    private struct Part {
        let range: Range<Int>
        let tensor: Int?
    }

    /// Stores a file.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - map: Its span map; nil if it is kept whole.
    /// - Returns: The spans that tile the file, and its tensors.
    mutating func encode(
        _ source: FileBytes,
        map: SpanMap?
    ) throws -> (spans: [SpanRecord], tensors: [TensorRecord]) {
        var spans: [SpanRecord] = []
        let tensors = map?.tensors ?? []
        var places = [(content: ContentID, byteOffset: Int)?](repeating: nil, count: tensors.count)
        for group in groups(of: tensors) {
            let kind = ElementKind(tensors[group[0].tensor ?? 0].description.dtype)
            let name = tensors[group[0].tensor ?? 0].description.name
            let content = try store(
                group,
                of: source,
                kind: kind,
                layout: Self.layout(of: group, tensors, kind),
                name: name,
                into: &spans
            )
            var offset = 0
            for part in group {
                if let tensor = part.tensor { places[tensor] = (content, offset) }
                offset += part.range.count
            }
        }
        let gaps = (map?.gaps ?? [0..<source.byteCount]).filter { !$0.isEmpty }
        if !gaps.isEmpty {
            let parts = gaps.map { Part(range: $0, tensor: nil) }
            _ = try store(
                parts,
                of: source,
                kind: .bytes,
                layout: RowLayout(),
                name: nil,
                into: &spans
            )
        }
        let ordered = Self.joined(spans.sorted { $0.offset < $1.offset })
        try Self.checkTiling(ordered, of: source)
        return (
            ordered,
            zip(tensors, places).map { tensor, place in
                TensorRecord(
                    description: tensor.description,
                    content: place?.content,
                    byteOffset: place?.byteOffset ?? 0
                )
            }
        )
    }

    /// The rows of the tensors of a group, for the coder to tell weights apart by what they connect.
    private static func layout(
        of group: [Part],
        _ tensors: [MappedTensor],
        _ kind: ElementKind
    ) -> RowLayout {
        var layout = RowLayout()
        for part in group {
            let description = part.tensor.map { tensors[$0].description }
            var shape = description?.shape ?? []
            if description?.isFortranOrder == true { shape.reverse() }
            let count = part.range.count / kind.width
            // Complex elements are two numbers, and a storage may hold more than its tensor.
            let isWhole = checkedProduct(shape) == count
            layout.append(shape: isWhole ? shape : [count])
        }
        return layout
    }

    private func groups(of tensors: [MappedTensor]) -> [[Part]] {
        var groups: [[Part]] = []
        var bundles: [ElementKind: Int] = [:]
        for (index, tensor) in tensors.enumerated() where !tensor.byteRange.isEmpty {
            let part = Part(range: tensor.byteRange, tensor: index)
            let kind = ElementKind(tensor.description.dtype)
            if tensor.byteRange.count >= Self.bundleLimit {
                groups.append([part])
            } else if let bundle = bundles[kind] {
                groups[bundle].append(part)
            } else {
                bundles[kind] = groups.count
                groups.append([part])
            }
        }
        return groups
    }

    private mutating func store(
        _ parts: [Part],
        of source: FileBytes,
        kind: ElementKind,
        layout: RowLayout,
        name: String?,
        into spans: inout [SpanRecord]
    ) throws -> ContentID {
        let joined = JoinedBytes(source, ranges: parts.map(\.range))
        let bases =
            name.map { candidates.bases(tensor: $0, byteCount: joined.byteCount, kind: kind) } ?? []
        let content = try writer.add(joined, kind: kind, layout: layout, bases: bases).id
        if let name {
            candidates.add(content, tensor: name, byteCount: joined.byteCount, kind: kind)
        }
        var offset = 0
        for part in parts {
            spans.append(
                SpanRecord(
                    offset: part.range.lowerBound,
                    byteCount: part.range.count,
                    content: content,
                    contentOffset: offset
                )
            )
            offset += part.range.count
        }
        return content
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

extension ElementKind {
    /// The kind whose byte planes suit a dtype.
    init(_ dtype: DType) {
        switch (dtype.storageWidth, dtype.isFloatingPoint) {
        case (2, true): self = dtype == .bf16 ? .bfloat16 : .float16
        case (4, true): self = .float32
        case (8, true): self = .float64
        case (2, false): self = .integer16
        case (4, false): self = .integer32
        case (8, false): self = .integer64
        default: self = .integer8
        }
    }
}

extension FileBytes {
    /// The SHA-256 of all bytes, read in pieces of a megabyte.
    func sha256() throws -> [UInt8] {
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < byteCount {
            let count = min(buffer.count, byteCount - offset)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            try read(into: part, at: offset)
            hash.update(bufferPointer: UnsafeRawBufferPointer(part))
            offset += count
        }
        return Array(hash.finalize())
    }
}
