import TensorCoding

/// Where the streams of a content lie in its pack, and what they must look like.
///
/// In the pack it stands behind the streams of the content in the part `high`. Numbers are LEB128,
/// checksums eight bytes:
///
///     offset of the first high stream · offset of the first low stream
///     number of bands · of each: rows · columns
///     of each segment:  coding (4 bits), layout of the model (4 bits) · bytes of the model · checksum if there
///                       are any
///         of each chunk:  bytes of its high stream · checksum if there are any · the same of its low stream
///     checksum of all that
///
/// The streams of a content follow one another, a segment's model before those of its chunks, so that
/// lengths give all other offsets.
struct ContentIndex: Sendable {
    /// A run of bytes of a part of the pack.
    struct Stream: Sendable, Hashable {
        let offset: Int
        let byteCount: Int
        let checksum: UInt64
    }

    struct Chunk: Sendable, Hashable {
        let high: Stream
        let low: Stream
    }

    struct Segment: Sendable, Hashable {
        let coding: SegmentCoding
        let modelLayout: ModelLayout
        let model: Stream

        /// The byte that stands for the coding, and in its upper half for the layout of the model.
        fileprivate var codingByte: UInt8 { coding.rawValue | modelLayout.rawValue << 4 }
    }

    let layout: RowLayout
    private(set) var segments: [Segment] = []
    private(set) var chunks: [Chunk] = []
    private var highEnd: Int
    private var lowEnd: Int
    private let highStart: Int
    private let lowStart: Int

    /// An index without segments.
    init(highStart: Int, lowStart: Int, layout: RowLayout) {
        self.highStart = highStart
        self.lowStart = lowStart
        highEnd = highStart
        lowEnd = lowStart
        self.layout = layout
    }

    /// The segment of a chunk.
    func segment(ofChunk chunk: Int) -> Segment {
        segments[chunk / ElementKind.segmentChunkCount]
    }

    /// Appends a segment whose streams follow those appended before; its chunks are appended next.
    mutating func appendSegment(
        _ coding: SegmentCoding,
        _ modelLayout: ModelLayout,
        modelByteCount: Int,
        checksum: UInt64
    ) {
        let model = Stream(offset: highEnd, byteCount: modelByteCount, checksum: checksum)
        segments.append(Segment(coding: coding, modelLayout: modelLayout, model: model))
        highEnd += modelByteCount
    }

    /// Appends a segment with its chunks.
    mutating func append(_ segment: EncodedSegment, _ checksums: SegmentChecksums) {
        appendSegment(
            segment.coding,
            segment.modelLayout,
            modelByteCount: segment.model.count,
            checksum: checksums.model
        )
        for (chunk, checksum) in zip(segment.chunks, checksums.chunks) {
            appendChunk(
                high: (chunk.high.count, checksum.high),
                low: (chunk.low.count, checksum.low)
            )
        }
    }

    /// Appends a chunk.
    mutating func appendChunk(
        high: (byteCount: Int, checksum: UInt64),
        low: (byteCount: Int, checksum: UInt64)
    ) {
        chunks.append(
            Chunk(
                high: Stream(offset: highEnd, byteCount: high.byteCount, checksum: high.checksum),
                low: Stream(offset: lowEnd, byteCount: low.byteCount, checksum: low.checksum)
            )
        )
        highEnd += high.byteCount
        lowEnd += low.byteCount
    }
}

// MARK: - Serialization

extension ContentIndex {
    private static let checksumByteCount = 8

    /// The index as it stands in the pack.
    var serialized: [UInt8] {
        var bytes: [UInt8] = []
        for number in [highStart, lowStart, layout.bands.count] { Self.append(number, to: &bytes) }
        for band in layout.bands {
            Self.append(band.rowCount, to: &bytes)
            Self.append(band.columnCount, to: &bytes)
        }
        for (index, segment) in segments.enumerated() {
            bytes.append(segment.codingByte)
            Self.append(segment.model, to: &bytes)
            let start = index * ElementKind.segmentChunkCount
            for chunk in chunks[start..<min(chunks.count, start + ElementKind.segmentChunkCount)] {
                Self.append(chunk.high, to: &bytes)
                Self.append(chunk.low, to: &bytes)
            }
        }
        let checksum = bytes.withUnsafeBytes { StreamChecksum.of($0) }
        withUnsafeBytes(of: checksum.littleEndian) { bytes += $0 }
        return bytes
    }

    /// Reads an index.
    ///
    /// - Returns: Nil if the bytes are no index of that many chunks.
    init?(serialized bytes: [UInt8], chunkCount: Int) {
        guard bytes.count > Self.checksumByteCount else { return nil }
        let end = bytes.count - Self.checksumByteCount
        let (sum, stored) = bytes.withUnsafeBytes { all in
            (
                StreamChecksum.of(UnsafeRawBufferPointer(rebasing: all[..<end])),
                UInt64(littleEndian: all.loadUnaligned(fromByteOffset: end, as: UInt64.self))
            )
        }
        guard sum == stored else { return nil }
        var rest = bytes[..<end]
        guard let high = Self.number(&rest), let low = Self.number(&rest),
            let bands = Self.bands(&rest)
        else { return nil }
        self.init(highStart: high, lowStart: low, layout: RowLayout(bands: bands))
        chunks.reserveCapacity(min(chunkCount, bytes.count))
        for chunk in 0..<chunkCount {
            if chunk % ElementKind.segmentChunkCount == 0 {
                guard let byte = rest.popFirst(), let coding = SegmentCoding(rawValue: byte & 15),
                    let layout = ModelLayout(rawValue: byte >> 4), let model = Self.stream(&rest)
                else { return nil }
                appendSegment(
                    coding,
                    layout,
                    modelByteCount: model.byteCount,
                    checksum: model.checksum
                )
            }
            guard let high = Self.stream(&rest), let low = Self.stream(&rest) else { return nil }
            appendChunk(high: high, low: low)
        }
        guard rest.isEmpty else { return nil }
    }

    private static func bands(_ bytes: inout ArraySlice<UInt8>) -> [RowLayout.Band]? {
        guard let count = number(&bytes), count <= bytes.count else { return nil }
        var bands: [RowLayout.Band] = []
        for _ in 0..<count {
            guard let rows = number(&bytes), let columns = number(&bytes), rows > 0, columns > 0
            else { return nil }
            bands.append(RowLayout.Band(rowCount: rows, columnCount: columns))
        }
        return bands
    }

    private static func append(_ stream: Stream, to bytes: inout [UInt8]) {
        append(stream.byteCount, to: &bytes)
        guard stream.byteCount > 0 else { return }
        withUnsafeBytes(of: stream.checksum.littleEndian) { bytes += $0 }
    }

    private static func stream(
        _ bytes: inout ArraySlice<UInt8>
    ) -> (byteCount: Int, checksum: UInt64)? {
        guard let count = number(&bytes) else { return nil }
        guard count > 0 else { return (0, StreamChecksum.ofNothing) }
        guard bytes.count >= checksumByteCount else { return nil }
        var checksum: UInt64 = 0
        for shift in 0..<checksumByteCount {
            checksum |= UInt64(bytes[bytes.startIndex + shift]) << UInt64(8 * shift)
        }
        bytes.removeFirst(checksumByteCount)
        return (count, checksum)
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        var rest = UInt64(number)
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A number of at most 48 bits: no pack is longer, and no sum of a few of them overflows.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        var number = 0
        for shift in stride(from: 0, to: 49, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }
}
