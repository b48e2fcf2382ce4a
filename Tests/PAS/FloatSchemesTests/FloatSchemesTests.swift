import Foundation
import TestSupport
import Tensors
import Testing

@testable import FloatSchemes

struct FloatSchemesTests {
    private func encoded(
        _ scheme: FloatScheme,
        _ values: [Double],
        _ dtype: DType = .f32
    ) -> (values: [Double], encoder: SchemeEncoder) {
        var encoder = SchemeEncoder(scheme, dtype)
        if encoder.needsRange { encoder.observe(values) }
        if encoder.drawnCount > 0 {
            encoder.setLevels((0..<encoder.drawnCount).map { values[$0 * 7 % values.count] })
        }
        // In two pieces, as tensors are.
        let bytes = encoder.encode(Array(values[..<(values.count / 2)]))
            + encoder.encode(Array(values[(values.count / 2)...]))
        return (bytes.withUnsafeBytes { FloatElements.values($0, encoder.dtype) }, encoder)
    }

    private func weights(_ count: Int = 4000) -> [Double] {
        var random = SeededGenerator(seed: 3)
        return (0..<count).map { _ in
            let sum = (0..<6).reduce(0.0) { sum, _ in
                sum + Double.random(in: -1...1, using: &random)
            }
            return Double(Float(sum * 0.05))
        }
    }

    @Test func namesAreReadAndWritten() throws {
        for name in ["float16", "bfloat16", "fixed:16", "quantize-uniform:8", "quantize-random:1"] {
            #expect(try FloatScheme(named: name).name == name)
        }
        for name in ["", "float8", "fixed", "fixed:", "fixed:1", "fixed:25", "quantize-uniform:9",
            "quantize-random:0", "float16:3", "fixed:8:8"]
        {
            #expect(throws: FloatSchemeError.self) { try FloatScheme(named: name) }
        }
    }

    @Test func halfPrecisionRoundsToTheNearest() {
        let tie: Double = 1 + 0x1p-11
        let upper: Double = 1 + 0x1.8p-10
        let (values, encoder) = encoded(.float16, [1, tie, upper, 70_000, -0.1, .nan])
        let expected: [Double] = [1, 1, 1 + 0x1p-9]
        #expect(Array(values[..<3]) == expected)
        #expect(values[3] == .infinity)
        #expect(values[5].isNaN)
        #expect(encoder.error.overflowCount == 1)
        #expect(encoder.dtype == .f16)
    }

    @Test func bfloat16RoundsTiesToEvenWithoutRoundingTwice() {
        let tie: Double = 1 + 0x1p-8
        let above: Double = tie + 0x1p-40
        let odd: Double = 1 + 0x1.8p-7
        let (values, encoder) = encoded(.bfloat16, [tie, above, odd, -.infinity], .f64)
        let expected: [Double] = [1, 1 + 0x1p-7, 1 + 0x1p-6, -.infinity]
        #expect(values == expected)
        #expect(encoder.dtype == .bf16)
        #expect(encoded(.bfloat16, [.nan, 0]).values[0].isNaN)
    }

    @Test(arguments: [4, 8, 16, 24])
    func fixedPointStaysWithinHalfAUnit(bitCount: Int) {
        let weights = weights()
        let (values, encoder) = encoded(.fixed(bitCount: bitCount), weights)
        let magnitude = weights.map(abs).max() ?? 0
        let unit = Double(sign: .plus, exponent: magnitude.exponent + 2 - bitCount, significand: 1)
        // The largest magnitudes may be cut to the largest number of the grid.
        for (value, weight) in zip(values, weights) {
            let isCut = abs(weight) > magnitude - unit
            let distance = abs(value - weight)
            #expect(distance <= (isCut ? unit : unit / 2))
            #expect((value / unit).rounded() == value / unit)
        }
        #expect(Set(values).count <= 1 << bitCount)
        #expect(encoder.error.largest <= unit)
        #expect(encoder.error.rootMeanSquare <= encoder.error.largest)
    }

    @Test(arguments: [1, 3, 8])
    func quantizedWeightsHaveFewLevels(bitCount: Int) {
        let weights = weights()
        let uniform = encoded(.uniform(bitCount: bitCount), weights)
        let random = encoded(.random(bitCount: bitCount), weights)
        #expect(Set(uniform.values).count <= 1 << bitCount)
        #expect(Set(random.values).count <= 1 << bitCount)
        #expect(Set(random.values).isSubset(of: Set(weights)))
        #expect(uniform.values.min() == weights.min())
        #expect(uniform.values.max() == weights.max())
        let span = (weights.max() ?? 0) - (weights.min() ?? 0)
        let half: Double = span / Double((1 << bitCount) - 1) / 2
        #expect(uniform.encoder.error.largest <= half * 1.0001)
    }

    @Test func errorsAreWhatTheyAreMeasuredToBe() {
        let weights = weights()
        let (values, encoder) = encoded(.bfloat16, weights)
        let distances = zip(values, weights).map { abs($0 - $1) }
        #expect(encoder.error.largest == distances.max())
        let mean = distances.reduce(0) { $0 + $1 * $1 } / Double(distances.count)
        #expect(abs(encoder.error.rootMeanSquare - mean.squareRoot()) < 1e-15)
        #expect(encoder.error.count == weights.count)
    }

    @Test func tensorsOfOneValueOrNoneAreKept() {
        for scheme in [FloatScheme.fixed(bitCount: 8), .uniform(bitCount: 4), .random(bitCount: 4)] {
            #expect(encoded(scheme, [0, 0, 0]).values == [0, 0, 0])
            #expect(encoded(scheme, [0.25, 0.25]).values == [0.25, 0.25])
            var encoder = SchemeEncoder(scheme, .f32)
            #expect(encoder.encode([]) == [])
            #expect(encoded(scheme, [.infinity, 1]).values == [.infinity, 1])
        }
    }
}
