import TensorCoding

/// Where the chunks of a content lie in its pack.
///
/// In the pack it is one zstd frame with a checksum, behind the streams of the content in the part
/// `high`. Numbers are LEB128:
///
///     offset of the first high stream · offset of the first low stream
///     a chunk: coding (one byte) · bytes of its high stream · bytes of its low stream
///
/// The streams of a content follow one another, so that lengths give all other offsets.
struct ChunkIndex: Sendable {
    struct Chunk: Sendable, Hashable {
        let coding: ChunkCoding
        let highOffset: Int
        let highByteCount: Int
        let lowOffset: Int
        let lowByteCount: Int
    }

    private(set) var chunks: [Chunk] = []
    private let highStart: Int
    private let lowStart: Int

    init(highStart: Int, lowStart: Int) {
        self.highStart = highStart
        self.lowStart = lowStart
    }

    mutating func append(_ coding: ChunkCoding, highByteCount: Int, lowByteCount: Int) {
        let last = chunks.last
        chunks.append(
            Chunk(
                coding: coding,
                highOffset: last.map { $0.highOffset + $0.highByteCount } ?? highStart,
                highByteCount: highByteCount,
                lowOffset: last.map { $0.lowOffset + $0.lowByteCount } ?? lowStart,
                lowByteCount: lowByteCount
            )
        )
    }

    /// The bytes before compression.
    var serialized: [UInt8] {
        var bytes: [UInt8] = []
        Self.append(highStart, to: &bytes)
        Self.append(lowStart, to: &bytes)
        for chunk in chunks {
            bytes.append(chunk.coding.rawValue)
            Self.append(chunk.highByteCount, to: &bytes)
            Self.append(chunk.lowByteCount, to: &bytes)
        }
        return bytes
    }

    /// Reads an index.
    ///
    /// - Returns: Nil if the bytes are no index of that many chunks.
    init?(serialized bytes: [UInt8], chunkCount: Int) {
        var rest = bytes[...]
        guard let high = Self.number(&rest), let low = Self.number(&rest) else { return nil }
        self.init(highStart: high, lowStart: low)
        chunks.reserveCapacity(chunkCount)
        for _ in 0..<chunkCount {
            guard let coding = rest.popFirst().flatMap(ChunkCoding.init(rawValue:)),
                let highByteCount = Self.number(&rest), let lowByteCount = Self.number(&rest)
            else { return nil }
            append(coding, highByteCount: highByteCount, lowByteCount: lowByteCount)
        }
        guard rest.isEmpty else { return nil }
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
