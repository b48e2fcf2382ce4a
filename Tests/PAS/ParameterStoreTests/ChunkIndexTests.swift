import TensorCoding
import TestSupport
import Testing

@testable import ParameterStore

struct ChunkIndexTests {
    @Test
    func anIndexComesBack() throws {
        var index = ChunkIndex(highStart: 8, lowStart: 1 << 40)
        index.append(.planes, highByteCount: 127, lowByteCount: 128)
        index.append(.same, highByteCount: 0, lowByteCount: 0)
        index.append(.delta, highByteCount: 1 << 20, lowByteCount: 3)
        let read = try #require(ChunkIndex(serialized: index.serialized, chunkCount: 3))
        #expect(read.chunks == index.chunks)
        #expect(read.chunks[2].highOffset == 135)
        #expect(read.chunks[2].lowOffset == 1 << 40 + 128)
    }

    @Test
    func whatIsNoIndexIsRefused() {
        var index = ChunkIndex(highStart: 8, lowStart: 8)
        index.append(.planes, highByteCount: 300, lowByteCount: 5)
        let good = index.serialized
        #expect(ChunkIndex(serialized: good, chunkCount: 2) == nil)
        #expect(ChunkIndex(serialized: good, chunkCount: 0) == nil)
        #expect(ChunkIndex(serialized: good + [0], chunkCount: 1) == nil)
        for count in 0..<good.count {
            #expect(ChunkIndex(serialized: Array(good.prefix(count)), chunkCount: 1) == nil)
        }
        var unknown = good
        unknown[2] = 200
        #expect(ChunkIndex(serialized: unknown, chunkCount: 1) == nil)
        #expect(ChunkIndex(serialized: Array(repeating: 0xFF, count: 40), chunkCount: 1) == nil)
    }

    @Test
    func randomBytesNeverCrash() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<30, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            _ = ChunkIndex(serialized: bytes, chunkCount: Int.random(in: 0..<5, using: &generator))
        }
    }
}
