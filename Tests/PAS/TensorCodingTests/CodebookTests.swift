import TestSupport
import Testing

@testable import TensorCoding

struct CodebookTests {
    private static let kinds = ElementKind.allCases.filter { $0.width > 1 }

    private func elements(_ patternCount: Int, _ count: Int, _ kind: ElementKind) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(patternCount))
        let patterns = (0..<patternCount).map { _ in
            (0..<kind.width).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        return (0..<count).flatMap { _ in patterns[Int.random(in: 0..<patternCount, using: &random)] }
    }

    @Test(arguments: kinds, [1, 2, 16, 200, 256])
    func fewPatternsComeBackInFewBits(kind: ElementKind, patternCount: Int) throws {
        let count = 70_000
        let bytes = elements(patternCount, count, kind)
        let codec = Codec(kind: kind)
        let segment = try codec.encode(bytes, base: nil)
        #expect(segment.chunks.count == 2)
        #expect(try codec.decode(segment, byteCount: bytes.count, base: nil) == bytes)
        guard segment.coding == .codebook else {
            // Numbers of 256 patterns in two bytes may take as much as the bytes alone.
            #expect(kind.width == 2 && patternCount >= 200 || patternCount == 1, "\(segment.coding)")
            return
        }
        var bits = 0
        while 1 << bits < patternCount { bits += 1 }
        #expect(segment.byteCount * 8 < count * (bits + 1) + 16_000)
    }

    @Test func manyPatternsHaveNoCodebook() throws {
        let bytes = elements(257, 40_000, .float32)
        let book = bytes.withUnsafeBytes { Codebook($0, kind: .float32) }
        #expect(book == nil)
        #expect(try Codec(kind: .float32).encode(bytes, base: nil).coding != .codebook)
    }

    @Test func weightsOnACoarseGridAreCodedByPlane() throws {
        var random = SeededGenerator(seed: 8)
        let weights = (0..<60_000).map { _ -> Float in
            let sum = (0..<4).reduce(0) { sum, _ in sum + Int.random(in: -600...600, using: &random) }
            return Float(sum) * 0x1p-14
        }
        let bytes = weights.withUnsafeBytes { Array($0) }
        let codec = Codec(kind: .float32)
        let segment = try codec.encode(bytes, base: nil)
        #expect(segment.coding == .planes)
        #expect(segment.byteCount * 2 < bytes.count)
        #expect(try codec.decode(segment, byteCount: bytes.count, base: nil) == bytes)
    }

    @Test func codebooksThatLieAreRefused() throws {
        let bytes = elements(9, 1000, .float32)
        let codec = Codec(kind: .float32)
        let segment = try codec.encode(bytes, base: nil)
        try #require(segment.coding == .codebook)
        for model in [[], [0], Array(segment.model.dropLast()), segment.model + [0]] as [[UInt8]] {
            let other = EncodedSegment(coding: .codebook, model: model, chunks: segment.chunks)
            #expect(throws: TensorCodingError.self) {
                try codec.decode(other, byteCount: bytes.count, base: nil)
            }
        }
        // Patterns that are there no more.
        let short = [UInt8(3)] + segment.model[1..<17]
        let cut = EncodedSegment(coding: .codebook, model: short, chunks: segment.chunks)
        #expect(throws: TensorCodingError.self) {
            try codec.decode(cut, byteCount: bytes.count, base: nil)
        }
    }
}
