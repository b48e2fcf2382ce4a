import TestSupport
import Testing

@testable import TensorCoding

struct LargeBuffersTests {
    @Test
    func buffersThatAreAliveNeverOverlapAndMemoryGoesBack() {
        let buffers = LargeBuffers()
        var generator = SeededGenerator(seed: 1)
        var alive: [(start: UnsafeMutableRawPointer, byteCount: Int, mark: UInt8)] = []
        var aliveByteCount = 0
        for step in 0..<3000 {
            if alive.count > 60 || (!alive.isEmpty && Bool.random(using: &generator)) {
                let gone = alive.remove(at: Int.random(in: alive.indices, using: &generator))
                let bytes = UnsafeRawBufferPointer(start: gone.start, count: gone.byteCount)
                #expect(bytes.first == gone.mark && bytes.last == gone.mark)
                #expect(bytes[gone.byteCount / 2] == gone.mark)
                buffers.giveBack(gone.start, byteCount: gone.byteCount)
                aliveByteCount -= gone.byteCount
            } else {
                let sizes = [10, 65_536, 65_537, 131_072, 262_144, 524_288, 2 << 20, 3 << 20]
                let size = sizes[Int.random(in: sizes.indices, using: &generator)]
                let start = buffers.take(byteCount: size)
                let mark = UInt8(truncatingIfNeeded: step)
                start.initializeMemory(as: UInt8.self, repeating: mark, count: size)
                alive.append((start, size, mark))
                aliveByteCount += size
            }
        }
        for buffer in alive { buffers.giveBack(buffer.start, byteCount: buffer.byteCount) }
        #expect(buffers.byteCount <= 16 << 20)
    }

    @Test
    func aSlabIsFilledBeforeAnotherIsMade() {
        let buffers = LargeBuffers()
        let starts = (0..<32).map { _ in buffers.take(byteCount: 65_536) }
        #expect(Set(starts).count == 32)
        #expect(buffers.byteCount == 2 << 20)
        for start in starts { buffers.giveBack(start, byteCount: 65_536) }
        let whole = buffers.take(byteCount: 2 << 20)
        #expect(buffers.byteCount == 2 << 20)
        buffers.giveBack(whole, byteCount: 2 << 20)
    }
}
