import PackFiles
import TensorCoding

/// A content that is ready to be decoded: its record, its index, its pack.
///
/// An object, for every chunk that is decoded is handed each content of its chain several times, on all threads.
final class StoredContent: Sendable {
    let record: ContentRecord
    let index: ContentIndex
    let pack: PackReader

    /// Indices are read whole; a chunk's entry takes about twenty bytes, so this allows for terabytes.
    private static let indexByteCountMax = 512 << 20

    /// Reads the index of a content.
    init(_ record: ContentRecord, pack: PackReader) throws {
        self.record = record
        self.pack = pack
        func damaged(_ reason: String) -> ParameterStoreError {
            ParameterStoreError(
                .damaged,
                "The index of a content at offset \(record.indexOffset) of the pack "
                    + "'\(pack.name).high' is damaged (\(reason))."
            )
        }
        guard (0..<Self.indexByteCountMax).contains(record.indexByteCount), record.byteCount >= 0
        else { throw damaged("its size cannot be right") }
        var bytes = [UInt8](repeating: 0, count: record.indexByteCount)
        try bytes.withUnsafeMutableBytes { try pack.read(.high, at: record.indexOffset, into: $0) }
        guard let index = ContentIndex(serialized: bytes, chunkCount: record.chunkCount) else {
            throw damaged("its checksum is wrong, or it is not of \(record.chunkCount) chunks")
        }
        self.index = index
    }

    /// Reads a stream as it lies in the pack, and compares its checksum.
    ///
    /// - Parameter damage: Makes the error of a stream that is not what was written, from the reason.
    func stream(
        _ stream: ContentIndex.Stream,
        of part: PackPart,
        _ damage: (String) -> ParameterStoreError
    ) throws -> [UInt8] {
        guard stream.byteCount > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: stream.byteCount)
        try bytes.withUnsafeMutableBytes { try pack.read(part, at: stream.offset, into: $0) }
        guard bytes.withUnsafeBytes({ StreamChecksum.of($0) }) == stream.checksum else {
            throw damage("the checksum of its \(part.rawValue) stream is wrong")
        }
        return bytes
    }

    /// How many bytes it takes in memory, about.
    var weight: Int { 256 + index.chunks.count * 48 + index.layout.bands.count * 16 }

    /// The place of a segment in the content, and its size.
    func range(ofSegment segment: Int) -> (start: Int, byteCount: Int) {
        let start = segment * record.kind.segmentByteCount
        return (start, min(record.kind.segmentByteCount, record.byteCount - start))
    }

    /// The error of a chunk that cannot be decoded.
    func damage(_ chunk: Int, _ reason: String) -> ParameterStoreError {
        let place = index.chunks[chunk]
        return ParameterStoreError(
            .damaged,
            "Chunk \(chunk) of content \(record.id.rawValue) is damaged (\(reason)): pack "
                + "'\(pack.name).high' at offset \(place.high.offset), '\(pack.name).low' at offset "
                + "\(place.low.offset)."
        )
    }

    /// The error of a model that is not what was written.
    func damagedModel(_ segment: Int, _ reason: String) -> ParameterStoreError {
        ParameterStoreError(
            .damaged,
            "The model of segment \(segment) of content \(record.id.rawValue) is damaged (\(reason)): "
                + "pack '\(pack.name).high' at offset \(index.segments[segment].model.offset)."
        )
    }
}
