import Foundation
import TestSupport
import Testing

@testable import TensorCoding

struct LowRankTests {
    @Test(arguments: [ElementKind.float16, .bfloat16, .float32], [(120, 100), (700, 301)])
    func aChangeOfLowRankIsTakenOff(kind: ElementKind, shape: (rows: Int, columns: Int)) throws {
        let sample = try #require(
            LowRankSamples(kind: kind, rowCount: shape.rows, columnCount: shape.columns)
        )
        let segment = try sample.codec.encode(sample.bytes, base: sample.base)
        #expect(segment.coding == .lowRank)
        let decoded = try sample.codec.decode(
            segment,
            byteCount: sample.bytes.count,
            base: sample.base
        )
        #expect(decoded == sample.bytes)
        var plain = sample.codec
        plain.findsLowRank = false
        let without = try plain.encode(sample.bytes, base: sample.base)
        #expect(without.coding == .tokens)
        #expect(segment.byteCount * 10 < without.byteCount * 9)
    }

    /// Chunks end within rows, so a run begins at any column.
    @Test
    func theFirstElementsOfAChunkComeBackAlone() throws {
        let sample = try #require(LowRankSamples(kind: .float32, rowCount: 700, columnCount: 301))
        let segment = try sample.codec.encode(sample.bytes, base: sample.base)
        let model = try sample.codec.model(segment, byteCount: sample.bytes.count)
        let decoder = try ChunkDecoder()
        let (high, low) = (StreamBuffer(), StreamBuffer())
        let last = segment.chunks.count - 1
        #expect(last == 3)
        let start = last * ElementKind.float32.chunkByteCount
        high.prepare(byteCount: segment.chunks[last].high.count)
            .copyBytes(from: segment.chunks[last].high)
        for count in [0, 1, 7, 8, 9, 300, 301, 302, 5000] {
            var output = Array(sample.base[start..<start + count * 4])
            try output.withUnsafeMutableBytes {
                try decoder.decode(
                    last,
                    of: model,
                    high: high.stream(byteCount: segment.chunks[last].high.count),
                    low: low.stream(byteCount: 0),
                    into: $0
                )
            }
            #expect(output == Array(sample.bytes[start..<start + count * 4]))
        }
    }

    /// The bits of the arithmetic are those of the format: another machine must make the same.
    @Test
    func theArithmeticIsFixed() {
        var band = LowRankDelta.Band(rank: 8, rowCount: 1, columnCount: 64)
        band.rowScales = [-45]
        for column in 0..<64 { band.columnScales[column] = Int16(column % 9 - 4) }
        for component in 0..<8 {
            band.rowCodes[component] = Int16(component * 8 - 31)
            for column in 0..<64 {
                let code = Int16((column * 7 + component * 13) % 63 - 31)
                band.columnCodes[band.place(component, column: column)] = code
            }
        }
        let delta = LowRankDelta(bands: [band])
        let rows = SegmentRows(
            RowLayout(bands: [.init(rowCount: 1, columnCount: 64)]),
            elements: 0..<64
        )
        var words = (0..<64).map { (Float($0) * 0.37 - 9).bitPattern }
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)
        defer { scratch.deallocate() }
        words.withUnsafeMutableBufferPointer { words in
            guard let start = words.baseAddress else { return }
            delta.add(
                to: start + 3,
                count: 50,
                row: 0,
                column: 3,
                rows,
                kind: .float32,
                scratch: scratch
            )
        }
        // The sum of a column's products, by hand, in double precision, rounded where the format rounds.
        for column in 0..<64 {
            let base = Float(column) * 0.37 - 9
            guard (3..<53).contains(column) else {
                #expect(words[column] == base.bitPattern)
                continue
            }
            let sum = (0..<8).reduce(0) { sum, component in
                sum + (component * 8 - 31) * ((column * 7 + component * 13) % 63 - 31)
            }
            let factor = LowRankDelta.power(-45) * LowRankDelta.power(column % 9 - 4)
            let part = Float(Double(sum) * Double(factor))
            #expect(words[column] == Float(Double(base) + Double(part)).bitPattern)
        }
        #expect(LowRankDelta.power(-45).bitPattern == 0x3CA5_FED7)
        #expect((0..<8).map { LowRankDelta.power($0).bitPattern } == [
            0x3F80_0000, 0x3F8B_95C2, 0x3F98_37F0, 0x3FA5_FED7, 0x3FB5_04F3, 0x3FC5_672A,
            0x3FD7_44FD, 0x3FEA_C0C7,
        ])
        #expect(LowRankDelta.power(10_000) == 0x1p60 && LowRankDelta.power(-10_000) == 0x1p-60)
    }

    @Test
    func factorsOutOfBoundsAreRefused() throws {
        let sample = try #require(LowRankSamples(kind: .float32))
        let segment = try sample.codec.encode(sample.bytes, base: sample.base)
        let parts = try segment.model.withUnsafeBytes { bytes in
            let parts = try ModelParts(bytes)
            return (statistics: Array(parts.statistics), frames: Array(parts.frames))
        }
        // Of each component a frame: of the rows and columns that change, 80 and 85 codes.
        let compressor = try ExponentCompressor()
        var frame: [UInt8] = []
        try compressor.append(Array(repeating: 32, count: 80 + 85), to: &frame)
        for frames in [
            Array(repeatElement(frame, count: 8).joined()), parts.frames + frame, [], [1, 2, 3],
        ] {
            let damaged = EncodedSegment(
                coding: .lowRank,
                model: ModelParts.join(parts.statistics, frames: frames),
                chunks: segment.chunks
            )
            #expect(throws: TensorCodingError.self) {
                try sample.codec.decode(damaged, byteCount: sample.bytes.count, base: sample.base)
            }
        }
        let whole = EncodedSegment(
            coding: .lowRank,
            model: ModelParts.join(parts.statistics, frames: parts.frames),
            chunks: segment.chunks
        )
        #expect(
            try sample.codec.decode(whole, byteCount: sample.bytes.count, base: sample.base)
                == sample.bytes
        )
    }

    @Test
    func noiseHasNoPartOfLowRank() throws {
        var hard = HardElements(seed: 31)
        let base = hard.bytes(count: 300 * 200 * 4, kind: .float32)
        var layout = RowLayout()
        layout.append(shape: [300, 200])
        let codec = Codec(kind: .float32, layout: layout, findsLowRank: true)
        let near = hard.nudged(base, kind: .float32)
        let segment = try codec.encode(near, base: base)
        #expect(segment.coding == .tokens)
        #expect(try codec.decode(segment, byteCount: near.count, base: base) == near)
    }

    @Test
    func eigenvectorsAreOrderedAndOrthogonal() {
        var generator = SeededGenerator(seed: 32)
        let size = 32
        let vectors = (0..<size).map { _ in
            (0..<size).map { _ in Double.random(in: -1...1, using: &generator) }
        }
        let matrix = (0..<size).map { row in
            (0..<size).map { column in
                (0..<size).reduce(0) { $0 + vectors[$1][row] * vectors[$1][column] }
            }
        }
        let axes = SymmetricEigenvectors(of: matrix)
        #expect(axes.values == axes.values.sorted(by: >))
        for (value, vector) in zip(axes.values, axes.vectors) {
            for row in 0..<size {
                let product = (0..<size).reduce(0) { $0 + matrix[row][$1] * vector[$1] }
                #expect(abs(product - value * vector[row]) < 1e-9)
            }
        }
    }
}
