import Foundation
import TestSupport
import Testing

@testable import TensorCoding

struct ChunkCodingTests {
    private func roundTrip(_ bytes: [UInt8], _ kind: ElementKind, base: [UInt8]? = nil) throws {
        let encoded = try encode(bytes, kind, base: base)
        #expect(try decode(encoded, count: bytes.count, kind, base: base) == bytes)
    }

    private func encode(_ bytes: [UInt8], _ kind: ElementKind, base: [UInt8]?) throws -> EncodedChunk {
        let encoder = try ChunkEncoder()
        return try bytes.withUnsafeBytes { chunk in
            guard let base else { return try encoder.encode(chunk, kind: kind, base: nil) }
            return try base.withUnsafeBytes { try encoder.encode(chunk, kind: kind, base: $0) }
        }
    }

    private func decode(
        _ chunk: EncodedChunk,
        count: Int,
        _ kind: ElementKind,
        base: [UInt8]?
    ) throws -> [UInt8] {
        let decoder = try ChunkDecoder()
        var output = [UInt8](repeating: 0xAA, count: count)
        try output.withUnsafeMutableBytes { output in
            try chunk.high.withUnsafeBytes { high in
                try chunk.low.withUnsafeBytes { low in
                    try (base ?? []).withUnsafeBytes { other in
                        try decoder.decode(
                            chunk.coding,
                            high: high,
                            low: low,
                            kind: kind,
                            base: base == nil ? nil : other,
                            into: output
                        )
                    }
                }
            }
        }
        return output
    }

    /// Bytes of floats that are hard: NaNs with payloads, zeros, infinities, denormals, and noise.
    private func bytes(count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let special: [UInt32] = [
            0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_1234, 0xFFAB_CDEF, 1, 0x8000_0001,
            0x007F_FFFF, 0x7F7F_FFFF, 0xFFFF_FFFF,
        ]
        var words: [UInt32] = []
        while words.count * 4 < count + 4 {
            words.append(
                Int.random(in: 0..<4, using: &generator) == 0
                    ? special[Int.random(in: 0..<special.count, using: &generator)]
                    : Float.random(in: -2...2, using: &generator).bitPattern
            )
        }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    @Test(arguments: ElementKind.allCases, [0, 1, 2, 3, 7, 8, 64, 1000, 4096, 40_001])
    func aChunkComesBackWhateverItHolds(kind: ElementKind, count: Int) throws {
        let chunk = bytes(count: count, seed: 1)
        try roundTrip(chunk, kind)
        try roundTrip(Array(repeating: 0x5A, count: count), kind)
        try roundTrip(chunk, kind, base: bytes(count: count, seed: 2))
        try roundTrip(chunk, kind, base: chunk)
        var near = chunk
        for index in stride(from: 0, to: count, by: max(1, kind.width)) { near[index] &+= 1 }
        try roundTrip(chunk, kind, base: near)
    }

    @Test(arguments: ElementKind.allCases)
    func aFullChunkComesBack(kind: ElementKind) throws {
        let chunk = bytes(count: kind.chunkByteCount, seed: 3)
        try roundTrip(chunk, kind)
        try roundTrip(chunk, kind, base: bytes(count: kind.chunkByteCount, seed: 4))
    }

    @Test
    func closeFloatsAreSmallAsADelta() throws {
        var generator = SeededGenerator(seed: 5)
        let parent = (0..<20_000).map { _ in Float.random(in: -1...1, using: &generator) }
        let child = parent.map { $0 + Float.random(in: -1e-5...1e-5, using: &generator) }
        let parentBytes = parent.withUnsafeBytes { Array($0) }
        let childBytes = child.withUnsafeBytes { Array($0) }
        let alone = try encode(childBytes, .float32, base: nil)
        let delta = try encode(childBytes, .float32, base: parentBytes)
        #expect(alone.coding == .planes)
        #expect(delta.coding == .delta)
        #expect(delta.high.count + delta.low.count < (alone.high.count + alone.low.count) * 3 / 4)
    }

    @Test
    func anUnrelatedBaseIsNotUsed() throws {
        let chunk = (0..<5000).map { Float($0) * 0.001 }.withUnsafeBytes { Array($0) }
        let encoded = try encode(chunk, .float32, base: bytes(count: chunk.count, seed: 6))
        #expect(encoded.coding == .planes)
    }

    @Test
    func anEqualBaseTakesNothing() throws {
        let chunk = bytes(count: 4000, seed: 7)
        let encoded = try encode(chunk, .float32, base: chunk)
        #expect(encoded.coding == .same && encoded.high.isEmpty && encoded.low.isEmpty)
    }

    @Test(arguments: [ElementKind.bytes, .float16, .float32])
    func everyFlippedBitIsFound(kind: ElementKind) throws {
        let chunk = bytes(count: 240, seed: 8)
        let encoded = try encode(chunk, kind, base: nil)
        for part in [0, 1] {
            let stream = part == 0 ? encoded.high : encoded.low
            for bit in 0..<stream.count * 8 {
                var damaged = stream
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                let candidate = EncodedChunk(
                    coding: encoded.coding,
                    high: part == 0 ? damaged : encoded.high,
                    low: part == 1 ? damaged : encoded.low
                )
                // A reserved bit of a frame's header may not matter; a wrong byte must never come out.
                let decoded = try? decode(candidate, count: chunk.count, kind, base: nil)
                #expect(decoded == nil || decoded == chunk, "bit \(bit) of stream \(part)")
            }
        }
    }

    @Test
    func streamsThatAreCutOrGrownAreErrors() throws {
        let chunk = bytes(count: 4000, seed: 9)
        let encoded = try encode(chunk, .float32, base: nil)
        for (high, low) in [
            (Array(encoded.high.dropLast()), encoded.low), (encoded.high + [0], encoded.low),
            (encoded.high, Array(encoded.low.dropLast(5))), (encoded.high, encoded.low + [1]),
            ([], []), (encoded.low, encoded.high),
        ] {
            let candidate = EncodedChunk(coding: .planes, high: high, low: low)
            #expect(throws: TensorCodingError.self) {
                try decode(candidate, count: chunk.count, .float32, base: nil)
            }
        }
        #expect(throws: TensorCodingError.self) {
            try decode(encoded, count: chunk.count * 2, .float32, base: nil)
        }
        #expect(throws: TensorCodingError.self) {
            let delta = EncodedChunk(coding: .delta, high: encoded.high, low: encoded.low)
            return try decode(delta, count: chunk.count, .float32, base: nil)
        }
    }
}
