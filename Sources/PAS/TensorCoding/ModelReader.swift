/// Reads what a ``ModelWriter`` wrote; of other bytes it makes numbers of no meaning, never more.
///
/// Who reads many symbols does so with a copy: what others might see is not kept in registers.
struct ModelReader {
    private let isFramed: Bool
    private var decoder: BinaryDecoder
    /// The symbols of all channels, one behind the other; read by their address, which need not be counted as
    /// another owner for each.
    private let symbols: SymbolBuffer?
    private let firstSymbol: UnsafePointer<UInt8>?
    private var next = Places(repeating: 0)
    private var ends = Places(repeating: 0)
    private var isOverrun = false
    /// The frames of a part of low rank.
    let factors: UnsafeRawBufferPointer

    /// A number for each channel.
    private typealias Places = SIMD4<Int>

    /// Memory that every copy of a reader shares.
    private final class SymbolBuffer {
        let bytes: UnsafeMutableRawBufferPointer

        init(byteCount: Int) {
            bytes = .allocate(byteCount: byteCount, alignment: 16)
        }

        deinit {
            bytes.deallocate()
        }
    }

    /// Begins to read; the bytes must live as long as the reader.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - layout: How it is written.
    ///   - hasFactors: Whether it has a part of low rank.
    ///   - symbolCountMax: More symbols than this no such model has.
    /// - Throws: ``TensorCodingError`` if the bytes cannot be a model.
    init(
        _ model: UnsafeRawBufferPointer,
        _ layout: ModelLayout,
        hasFactors: Bool,
        symbolCountMax: Int
    ) throws(TensorCodingError) {
        isFramed = layout == .framed
        guard isFramed || hasFactors else {
            decoder = BinaryDecoder(model)
            symbols = nil
            firstSymbol = nil
            factors = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let parts = try ModelParts(model)
        decoder = BinaryDecoder(parts.statistics)
        guard isFramed else {
            symbols = nil
            firstSymbol = nil
            factors = parts.frames
            return
        }
        let (counts, buffer, rest) = try ZstdDecompressor.withIdle { (decompressor) throws(TensorCodingError) in
            try Self.channels(of: parts.frames, decompressor, symbolCountMax)
        }
        var end = 0
        for (channel, count) in counts.enumerated() {
            next[channel] = end
            end += count
            ends[channel] = end
        }
        symbols = buffer
        firstSymbol = UnsafePointer(buffer.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        factors = rest
        guard hasFactors || rest.isEmpty else {
            throw TensorCodingError(.damaged, "a model has frames that it does not need")
        }
    }

    private static func channels(
        of frames: UnsafeRawBufferPointer,
        _ decompressor: ZstdDecompressor,
        _ symbolCountMax: Int
    ) throws(TensorCodingError) -> ([Int], SymbolBuffer, UnsafeRawBufferPointer) {
        let buffer = SymbolBuffer(byteCount: symbolCountMax)
        var counts: [Int] = []
        var rest = frames
        var end = 0
        for _ in ModelChannel.allCases {
            let count = try ZstdDecompressor.contentByteCount(rest)
            guard count <= symbolCountMax - end else {
                throw TensorCodingError(.damaged, "a model has more symbols than its segment")
            }
            let output = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[end..<end + count])
            let size = try decompressor.decompress(rest, into: output)
            rest = UnsafeRawBufferPointer(rebasing: rest[size...])
            counts.append(count)
            end += count
        }
        return (counts, buffer, rest)
    }

    /// Reads a number of so many bits.
    mutating func number(bitCount: Int) -> Int {
        decoder.decodeRaw(bitCount: bitCount)
    }

    /// Reads a bit that has a model.
    mutating func bit(_ model: inout BitModel) -> Bool {
        decoder.decode(&model)
    }

    /// Reads a symbol of so many bits, which a tree has too.
    @inline(__always)
    mutating func symbol(
        bitCount: Int,
        _ tree: @autoclosure () -> BitTree,
        from channel: ModelChannel
    ) -> Int {
        guard isFramed, let firstSymbol else { return tree().decode(from: &decoder) }
        let place = next[channel.rawValue]
        guard place < ends[channel.rawValue] else {
            isOverrun = true
            return 0
        }
        next[channel.rawValue] = place &+ 1
        return Int(firstSymbol[place]) & (1 &<< bitCount &- 1)
    }

    /// Whether all was read that there is, and nothing more.
    var isAtEnd: Bool { !decoder.isExhausted && !isOverrun && next == ends }
}
