import TensorCoding
import TestSupport
import Testing

@testable import ParameterStore

struct ContentIndexTests {
    private func sample() -> ContentIndex {
        let bands = [
            RowLayout.Band(rowCount: 300, columnCount: 7),
            RowLayout.Band(rowCount: 1, columnCount: 1 << 16),
        ]
        var index = ContentIndex(
            highStart: 8,
            lowStart: 1 << 40,
            layout: RowLayout(bands: bands)
        )
        index.appendSegment(.tokens, .framed, modelByteCount: 200, checksum: 7)
        index.appendChunk(high: (127, 1 << 60), low: (128, 3))
        index.appendChunk(high: (0, StreamChecksum.ofNothing), low: (1 << 20, 9))
        return index
    }

    @Test
    func anIndexComesBack() throws {
        let index = sample()
        let read = try #require(ContentIndex(serialized: index.serialized, chunkCount: 2))
        #expect(read.chunks == index.chunks)
        #expect(read.segments == index.segments)
        #expect(read.layout == index.layout)
        #expect(read.chunks[1].high.offset == 8 + 200 + 127)
        #expect(read.chunks[1].low.offset == 1 << 40 + 128)
    }

    @Test
    func everySegmentHasItsChunks() throws {
        var index = ContentIndex(highStart: 8, lowStart: 8, layout: RowLayout())
        for segment in 0..<3 {
            index.appendSegment(
                .raw,
                .coded,
                modelByteCount: 0,
                checksum: StreamChecksum.ofNothing
            )
            for chunk in 0..<(segment == 2 ? 5 : 64) {
                index.appendChunk(high: (chunk + 1, 1), low: (segment + 1, 2))
            }
        }
        let read = try #require(ContentIndex(serialized: index.serialized, chunkCount: 133))
        #expect(read.chunks == index.chunks && read.segments.count == 3)
    }

    @Test
    func whatIsNoIndexIsRefused() {
        let good = sample().serialized
        #expect(ContentIndex(serialized: good, chunkCount: 3) == nil)
        #expect(ContentIndex(serialized: good, chunkCount: 1) == nil)
        #expect(ContentIndex(serialized: good + [0], chunkCount: 2) == nil)
        for count in 0..<good.count {
            #expect(ContentIndex(serialized: Array(good.prefix(count)), chunkCount: 2) == nil)
        }
        for bit in 0..<good.count * 8 {
            var damaged = good
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(ContentIndex(serialized: damaged, chunkCount: 2) == nil, "bit \(bit)")
        }
    }

    /// Bytes that pass the checksum are still not trusted.
    @Test
    func randomBytesNeverCrash() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<40, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if Bool.random(using: &generator) { bytes = bytes.map { $0 & 7 } }
            let checksum = bytes.withUnsafeBytes { StreamChecksum.of($0) }
            withUnsafeBytes(of: checksum.littleEndian) { bytes += $0 }
            _ = ContentIndex(serialized: bytes, chunkCount: Int.random(in: 0..<5, using: &generator))
        }
    }
}
