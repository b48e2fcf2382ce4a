import TestSupport

@testable import TensorCoding

/// Floats whose change is a matrix of rank four and some noise: one row in three does not change, one
/// column in seven, and elements that are no numbers lie in between.
struct LowRankSamples {
    let codec: Codec
    let bytes: [UInt8]
    let base: [UInt8]

    /// Makes them; nil for kinds without such parts.
    init?(kind: ElementKind, rowCount: Int = 120, columnCount: Int = 100) {
        guard kind.hasTokens else { return nil }
        var generator = SeededGenerator(seed: 21)
        func noise() -> Float { .random(in: -1...1, using: &generator) }
        let left = (0..<rowCount).map { _ in (0..<4).map { _ in noise() } }
        let right = (0..<columnCount).map { _ in (0..<4).map { _ in noise() } }
        var base: [Float] = []
        var changed: [Float] = []
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                var value = 0.1 * noise()
                if (row + column) % 97 == 0 {
                    value = [.nan, .infinity, -.infinity, -0.0, Float(bitPattern: 700)][column % 5]
                }
                base.append(value)
                let product = zip(left[row], right[column]).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                let isDead = row % 3 == 0 || column % 7 == 0
                changed.append(isDead ? value : value + 0.02 * product + 0.0005 * noise())
            }
        }
        self.base = Self.bytes(base, kind)
        bytes = Self.bytes(changed, kind)
        var layout = RowLayout()
        layout.append(shape: [rowCount, columnCount])
        codec = Codec(kind: kind, layout: layout, findsLowRank: true)
    }

    private static func bytes(_ values: [Float], _ kind: ElementKind) -> [UInt8] {
        switch kind {
        case .float16: values.map { Float16($0).bitPattern }.withUnsafeBytes { Array($0) }
        case .bfloat16:
            values.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Array($0) }
        default: values.map(\.bitPattern).withUnsafeBytes { Array($0) }
        }
    }
}
