import PackFiles
import TensorCoding

/// A content that is ready to be decoded: its record, its chunk index, its pack.
struct StoredContent: Sendable {
    let record: ContentRecord
    let index: ChunkIndex
    let pack: PackReader

    /// Indices are read whole; a chunk's entry takes about six bytes, so this allows for terabytes.
    private static let indexByteCountMax = 256 << 20

    /// Reads the chunk index of a content.
    init(_ record: ContentRecord, pack: PackReader) throws {
        self.record = record
        self.pack = pack
        func damaged(_ reason: String) -> ParameterStoreError {
            ParameterStoreError(
                .damaged,
                "The chunk index at offset \(record.indexOffset) of the pack '\(pack.name).high' "
                    + "is damaged (\(reason))."
            )
        }
        guard (0..<Self.indexByteCountMax).contains(record.indexByteCount), record.byteCount >= 0
        else { throw damaged("its size cannot be right") }
        var frame = [UInt8](repeating: 0, count: record.indexByteCount)
        try frame.withUnsafeMutableBytes { try pack.read(.high, at: record.indexOffset, into: $0) }
        do {
            let serialized = try frame.withUnsafeBytes { frame in
                let count = try ZstdDecompressor.contentByteCount(frame)
                // Two offsets, and for a chunk a byte and two numbers of at most seven.
                guard count <= 14 + 15 * record.chunkCount else {
                    throw TensorCodingError(.damaged, "it is longer than its chunks need")
                }
                var bytes = [UInt8](repeating: 0, count: count)
                let end = try bytes.withUnsafeMutableBytes {
                    try ZstdDecompressor().decompress(frame, into: $0)
                }
                guard end == frame.count else {
                    throw TensorCodingError(.damaged, "bytes follow it")
                }
                return bytes
            }
            guard let index = ChunkIndex(serialized: serialized, chunkCount: record.chunkCount)
            else { throw damaged("it is not of \(record.chunkCount) chunks") }
            self.index = index
        } catch let error as TensorCodingError where error.code == .damaged {
            throw damaged(error.message)
        }
    }

    /// The error of a chunk that cannot be decoded.
    func damage(_ chunk: Int, _ reason: String) -> ParameterStoreError {
        let place = index.chunks[chunk]
        return ParameterStoreError(
            .damaged,
            "Chunk \(chunk) of content \(record.id.rawValue) is damaged (\(reason)): pack "
                + "'\(pack.name).high' at offset \(place.highOffset), '\(pack.name).low' at offset "
                + "\(place.lowOffset)."
        )
    }
}
