/// The models of numbers that scatter round a mean, which is followed.
struct ScaleCoder {
    private let tree = BitTree(bitCount: 6)
    private var mean = 0
    private static let escape = 63

    private var prediction: Int { (mean + 8) >> 4 }

    @inline(__always)
    private mutating func follow(_ value: Int, isFirst: Bool) {
        mean = isFirst ? value << 4 : mean + (value << 4 - mean) >> 3
    }

    private var isFirst = true

    mutating func encode(_ value: Int, to encoder: inout BinaryEncoder) {
        let residual = value - prediction
        let folded = residual << 1 ^ residual >> (Int.bitWidth - 1)
        tree.encode(min(folded, Self.escape), to: &encoder)
        if folded >= Self.escape { encoder.encodeRaw(value & 0xFFFF, bitCount: 16) }
        follow(value, isFirst: isFirst)
        isFirst = false
    }

    @inline(__always)
    mutating func decode(from decoder: inout BinaryDecoder) -> Int {
        let folded = tree.decode(from: &decoder)
        let value =
            folded < Self.escape
            ? prediction + (folded >> 1 ^ -(folded & 1))
            : Int(Int16(truncatingIfNeeded: decoder.decodeRaw(bitCount: 16)))
        follow(value, isFirst: isFirst)
        isFirst = false
        return value
    }
}
