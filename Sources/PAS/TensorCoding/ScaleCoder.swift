/// The models of numbers that scatter round a mean, which is followed.
struct ScaleCoder {
    private static let bitCount = 6
    private let tree = BitTree(bitCount: bitCount)
    private var mean = 0
    private static let escape = 63

    private var prediction: Int { (mean + 8) >> 4 }

    @inline(__always)
    private mutating func follow(_ value: Int, isFirst: Bool) {
        mean = isFirst ? value << 4 : mean + (value << 4 - mean) >> 3
    }

    private var isFirst = true

    mutating func encode(_ value: Int, to writer: inout ModelWriter) {
        let residual = value - prediction
        let folded = residual << 1 ^ residual >> (Int.bitWidth - 1)
        writer.write(min(folded, Self.escape), tree, to: .scales)
        if folded >= Self.escape { writer.write(value & 0xFFFF, bitCount: 16) }
        follow(value, isFirst: isFirst)
        isFirst = false
    }

    @inline(__always)
    mutating func decode(from reader: inout ModelReader) -> Int {
        let folded = reader.symbol(bitCount: Self.bitCount, tree, from: .scales)
        let value =
            folded < Self.escape
            ? prediction + (folded >> 1 ^ -(folded & 1))
            : Int(Int16(truncatingIfNeeded: reader.number(bitCount: 16)))
        follow(value, isFirst: isFirst)
        isFirst = false
        return value
    }
}
