import Foundation
import TestSupport
import Testing

@testable import TensorCoding

struct SegmentCodingTests {
    private func roundTrip(_ codec: Codec, _ bytes: [UInt8], base: [UInt8]?) throws {
        let segment = try codec.encode(bytes, base: base)
        let decoded = try codec.decode(segment, byteCount: bytes.count, base: base)
        #expect(decoded == bytes, "\(segment.coding) of \(bytes.count) bytes")
    }

    @Test(
        arguments: ElementKind.allCases,
        [0, 1, 2, 3, 7, 8, 64, 1000, 4096, 40_001]
    )
    func aSegmentComesBackWhateverItHolds(kind: ElementKind, count: Int) throws {
        var hard = HardElements(seed: UInt64(count) + 1)
        let bytes = hard.bytes(count: count, kind: kind)
        for layout in [DeltaLayout.whole, .fields] {
            let codec = Codec(kind: kind, deltaLayout: layout)
            try roundTrip(codec, bytes, base: nil)
            try roundTrip(codec, bytes, base: hard.bytes(count: count, kind: kind))
            try roundTrip(codec, bytes, base: bytes)
            try roundTrip(codec, hard.nudged(bytes, kind: kind), base: bytes)
            try roundTrip(codec, Array(repeating: 0x5A, count: count), base: nil)
        }
    }

    @Test(arguments: [ElementKind.float16, .bfloat16, .float32])
    func manyChunksAndOddRowsComeBack(kind: ElementKind) throws {
        var hard = HardElements(seed: 3)
        var layout = RowLayout()
        layout.append(shape: [311, 301])
        layout.append(shape: [17])
        layout.append(shape: [9, 3, 5, 5])
        layout.append(shape: [])
        let count = 311 * 301 + 17 + 9 * 75 + 1 + 50
        let base = hard.bytes(count: count * kind.width, kind: kind)
        let bytes = hard.nudged(base, kind: kind)
        for deltaLayout in [DeltaLayout.whole, .fields] {
            let codec = Codec(kind: kind, layout: layout, deltaLayout: deltaLayout)
            let segment = try codec.encode(bytes, base: base)
            #expect(segment.chunks.count == 2)
            #expect(try codec.decode(segment, byteCount: bytes.count, base: base) == bytes)
        }
    }

    /// Rows that do not change, columns that do not change, and rows of different scale.
    @Test(arguments: [ElementKind.bfloat16, .float32], [DeltaLayout.whole, .fields])
    func rowsAndColumnsAreTold(kind: ElementKind, deltaLayout: DeltaLayout) throws {
        var generator = SeededGenerator(seed: 4)
        let (rows, columns) = (300, 256)
        var base: [Float] = []
        var child: [Float] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let value = Float.random(in: -1...1, using: &generator)
                base.append(value)
                let isDead = row % 3 == 0 || column % 5 == 0
                let scale: Float = row % 2 == 0 ? 1e-2 : 1e-4
                child.append(isDead ? value : value + scale * .random(in: -1...1, using: &generator))
            }
        }
        func bytes(_ values: [Float]) -> [UInt8] {
            let words = values.map(\.bitPattern)
            guard kind == .bfloat16 else { return words.withUnsafeBytes { Array($0) } }
            return words.map { UInt16($0 >> 16) }.withUnsafeBytes { Array($0) }
        }
        var layout = RowLayout()
        layout.append(shape: [rows, columns])
        let told = Codec(kind: kind, layout: layout, deltaLayout: deltaLayout)
        let untold = Codec(kind: kind, deltaLayout: deltaLayout)
        let (left, right) = (bytes(child), bytes(base))
        let segment = try told.encode(left, base: right)
        #expect(segment.coding == (deltaLayout == .fields && kind == .float32 ? .fields : .tokens))
        #expect(try told.decode(segment, byteCount: left.count, base: right) == left)
        let blind = try untold.encode(left, base: right)
        #expect(segment.byteCount * 100 < blind.byteCount * 91)
    }

    @Test
    func closeFloatsAreSmallAsADeltaAndUnrelatedOnesAreNot() throws {
        var hard = HardElements(seed: 5)
        let codec = Codec(kind: .float32)
        let base = (0..<20_000).map { Float($0).squareRoot() }.withUnsafeBytes { Array($0) }
        var near = base
        for place in stride(from: 0, to: near.count, by: 4) { near[place] ^= 5 }
        let alone = try codec.encode(near, base: nil)
        let delta = try codec.encode(near, base: base)
        #expect(alone.coding == .raw && delta.coding == .tokens)
        #expect(delta.byteCount * 3 < alone.byteCount)
        let other = hard.bytes(count: near.count, kind: .float32)
        #expect(try codec.encode(near, base: other).coding == .raw)
        let same = try codec.encode(near, base: near)
        #expect(same.coding == .same && same.byteCount == 0)
    }

    @Test(arguments: ElementKind.allCases)
    func theFirstElementsAloneAreTheSame(kind: ElementKind) throws {
        var hard = HardElements(seed: 6)
        let base = hard.bytes(count: 5000 * kind.width, kind: kind)
        let bytes = hard.nudged(base, kind: kind)
        let codec = Codec(kind: kind)
        for other in [nil, base] {
            let segment = try codec.encode(bytes, base: other)
            let model = try codec.model(segment, byteCount: bytes.count)
            let (high, low) = (StreamBuffer(), StreamBuffer())
            high.prepare(byteCount: segment.chunks[0].high.count)
                .copyBytes(from: segment.chunks[0].high)
            low.prepare(byteCount: segment.chunks[0].low.count)
                .copyBytes(from: segment.chunks[0].low)
            for count in [1, 7, 8, 1000] {
                var output = Array((other ?? bytes).prefix(count * kind.width))
                try output.withUnsafeMutableBytes {
                    try ChunkDecoder().decode(
                        0,
                        of: model,
                        high: high.stream(byteCount: segment.chunks[0].high.count),
                        low: low.stream(byteCount: segment.chunks[0].low.count),
                        into: $0
                    )
                }
                #expect(output == Array(bytes.prefix(count * kind.width)))
            }
        }
    }

    /// Rows without a gradient under AdamW: a factor just below one, again and again.
    @Test
    func rowsThatDecayTakeNextToNothing() throws {
        var generator = SeededGenerator(seed: 7)
        let (rows, columns) = (200, 100)
        let base = (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &generator) }
        var child = base
        for index in child.indices {
            for _ in 0..<20 { child[index] -= child[index] * 2e-7 }
            let hasGradient = index / columns % 4 == 0
            if hasGradient { child[index] += .random(in: -1e-4...1e-4, using: &generator) }
        }
        var layout = RowLayout()
        layout.append(shape: [rows, columns])
        let (left, right) = (child.withUnsafeBytes { Array($0) }, base.withUnsafeBytes { Array($0) })
        let codec = Codec(kind: .float32, layout: layout)
        let segment = try codec.encode(left, base: right)
        #expect(segment.coding == .tokens)
        let decoded = try codec.decode(segment, byteCount: left.count, base: right)
        let isSame = decoded == left
        #expect(isSame)
        // A quarter of the rows have gradients, of some ten bits an element: the rest is decay.
        #expect(segment.byteCount * 5 < left.count)
        let fields = Codec(kind: .float32, layout: layout, deltaLayout: .fields)
        let halves = try fields.encode(left, base: right)
        let isSameInHalves = try fields.decode(halves, byteCount: left.count, base: right) == left
        #expect(isSameInHalves)
    }
}
