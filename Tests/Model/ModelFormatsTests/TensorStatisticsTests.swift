import ModelFormats
import Tensors
import TestSupport
import Testing

struct TensorStatisticsTests {
    /// Statistics as their definitions say, an element at a time.
    private func plain(_ values: [Double]) -> TensorStatistics {
        var statistics = TensorStatistics()
        statistics.elementCount = values.count
        for value in values {
            if value.isNaN {
                statistics.nanCount += 1
                continue
            }
            statistics.minimum = min(statistics.minimum, value)
            statistics.maximum = max(statistics.maximum, value)
            if value.isInfinite {
                statistics.infinityCount += 1
                continue
            }
            statistics.zeroCount += value == 0 ? 1 : 0
            statistics.sum += value
            statistics.sumOfSquares += value * value
        }
        return statistics
    }

    private func check(_ bytes: [UInt8], _ dtype: DType, _ values: [Double]) {
        var statistics = TensorStatistics()
        bytes.withUnsafeBytes { statistics.add($0, dtype: dtype) }
        let expected = plain(values)
        #expect(statistics.elementCount == expected.elementCount, "\(dtype)")
        #expect(statistics.minimum == expected.minimum, "\(dtype)")
        #expect(statistics.maximum == expected.maximum, "\(dtype)")
        #expect(statistics.zeroCount == expected.zeroCount, "\(dtype)")
        #expect(statistics.nanCount == expected.nanCount, "\(dtype)")
        #expect(statistics.infinityCount == expected.infinityCount, "\(dtype)")
        let tolerance = 1e-9 * max(1, expected.sumOfSquares)
        #expect(abs(statistics.sum - expected.sum) <= tolerance, "\(dtype)")
        #expect(abs(statistics.sumOfSquares - expected.sumOfSquares) <= tolerance, "\(dtype)")
    }

    private func bytes<Element>(_ elements: [Element]) -> [UInt8] {
        elements.withUnsafeBytes { Array($0) }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 1000])
    func floatsAreCountedAsTheyAre(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count) + 1)
        let special: [Float] = [0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 1e30]
        let floats = (0..<count).map { _ -> Float in
            Bool.random(using: &generator)
                ? Float.random(in: -1...1, using: &generator)
                : special.randomElement(using: &generator) ?? 0
        }
        check(bytes(floats), .f32, floats.map(Double.init))
        let brain = floats.map { UInt16($0.bitPattern >> 16) }
        check(bytes(brain), .bf16, brain.map { Double(Float(bitPattern: UInt32($0) << 16)) })
        check(bytes(floats.map(Double.init)), .f64, floats.map(Double.init))
    }

    @Test
    func everyHalfIsRead() {
        let halves = Array(UInt16(0)...UInt16.max)
        check(bytes(halves), .f16, halves.map(value))
    }

    /// The value of a binary16 by its definition (IEEE 754-2019, section 3.4).
    private func value(_ bits: UInt16) -> Double {
        let sign = bits & 0x8000 == 0 ? 1.0 : -1.0
        let exponent = Int(bits >> 10) & 31
        let fraction = Double(bits & 0x3FF) / 1024
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        if exponent == 0 { return sign * fraction * 0x1p-14 }
        return sign * (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    }

    @Test
    func integersTruthValuesAndNarrowFloats() {
        check(bytes([Int64(-3), 0, 7]), .i64, [-3, 0, 7])
        check(bytes([UInt64(3), 0, 7]), .u64, [3, 0, 7])
        check(bytes([Int32(-3), 0, 7]), .i32, [-3, 0, 7])
        check(bytes([UInt16(3), 0, 65_535]), .u16, [3, 0, 65_535])
        check([0xFF, 0, 5], .i8, [-1, 0, 5])
        check([0xFF, 0, 5], .u8, [255, 0, 5])
        check([1, 0, 1], .bool, [1, 0, 1])
        // OCP OFP8: E4M3 has a NaN and no infinity, E5M2 has both.
        check([0x7F, 0x38, 0xB8, 0], .f8E4M3, [.nan, 1, -1, 0])
        check([0x7C, 0xFC, 0x7E, 0x3C], .f8E5M2, [.infinity, -.infinity, .nan, 1])
    }

    @Test
    func piecesAreMerged() {
        let floats: [Float] = [1, -2, .nan, 0, 3]
        var first = TensorStatistics()
        var second = TensorStatistics()
        bytes(Array(floats[..<2])).withUnsafeBytes { first.add($0, dtype: .f32) }
        bytes(Array(floats[2...])).withUnsafeBytes { second.add($0, dtype: .f32) }
        first.merge(second)
        #expect(first == plain(floats.map(Double.init)))
        #expect(first.mean == 0.5 && first.norm == 14.0.squareRoot())
        #expect(TensorStatistics().mean.isNaN)
    }

    @Test
    func packedAndComplexElementsAreLeftAlone() {
        let left = DType.allCases.filter { !TensorStatistics.covers($0) && $0.bitWidth > 0 }
        #expect(
            left == [
                .c64, .f6E3M2, .f6E2M3, .f4, .c128, .i4, .u4, .i2, .u2, .void8, .void16, .opaque,
            ]
        )
        for dtype in DType.allCases where dtype.bitWidth == 0 {
            #expect(!TensorStatistics.covers(dtype), "\(dtype)")
        }
    }
}
