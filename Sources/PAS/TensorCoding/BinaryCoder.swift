/// An adaptive binary range coder for side information: scales of rows, tables of frequencies.
///
/// The coder of LZMA (its specification by I. Pavlov, "Range Coder"): a bit costs what the probability
/// says that it has, which adapts with every bit coded. Slow, a few nanoseconds a bit, so it codes what a
/// segment shares, not elements.
struct BinaryEncoder {
    private var low: UInt64 = 0
    private var range: UInt32 = .max
    private var cache: UInt8 = 0
    private var pendingCount = 0
    private var isFirst = true
    private(set) var bytes: [UInt8] = []

    /// Codes a bit.
    mutating func encode(_ bit: Bool, _ model: inout BitModel) {
        let bound = (range >> 12) &* UInt32(model.probability)
        if bit {
            low &+= UInt64(bound)
            range &-= bound
        } else {
            range = bound
        }
        model.adapt(bit)
        while range < 1 << 24 {
            range <<= 8
            shift()
        }
    }

    /// Codes the lowest bits of a number, the highest first, as they are.
    mutating func encodeRaw(_ value: Int, bitCount: Int) {
        for shift in stride(from: bitCount - 1, through: 0, by: -1) {
            range >>= 1
            if value >> shift & 1 == 1 { low &+= UInt64(range) }
            while range < 1 << 24 {
                range <<= 8
                self.shift()
            }
        }
    }

    /// The bytes that end what was coded.
    fileprivate static let endByteCount = 5

    /// The bytes of everything coded; zeros at the end are left away, for a reader supplies them.
    ///
    /// Only as many as the end has: a reader takes one who needs more for one that was cut off.
    mutating func finish() -> [UInt8] {
        for _ in 0..<Self.endByteCount { shift() }
        for _ in 0..<Self.endByteCount where bytes.last == 0 { bytes.removeLast() }
        return bytes
    }

    private mutating func shift() {
        if low < 0xFF00_0000 || low > 0xFFFF_FFFF {
            let carry = UInt8(truncatingIfNeeded: low >> 32)
            if !isFirst { bytes.append(cache &+ carry) }
            isFirst = false
            for _ in 0..<pendingCount { bytes.append(0xFF &+ carry) }
            pendingCount = 0
            cache = UInt8(truncatingIfNeeded: low >> 24)
        } else {
            pendingCount += 1
        }
        low = (low & 0x00FF_FFFF) << 8
    }
}

/// Decodes what a ``BinaryEncoder`` coded; of other bytes it makes bits of no meaning, never more.
struct BinaryDecoder {
    private let bytes: UnsafeRawBufferPointer
    private var next = 0
    private var code: UInt32 = 0
    private var range: UInt32 = .max

    /// Begins to decode; the bytes must live as long as the decoder.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        for _ in 0..<4 { code = code << 8 | UInt32(byte()) }
    }

    /// Whether more bytes were asked for than an encoder leaves away.
    var isExhausted: Bool { next > bytes.count + BinaryEncoder.endByteCount }

    @inline(__always)
    private mutating func byte() -> UInt8 {
        let index = next
        next += 1
        return index < bytes.count ? bytes[index] : 0
    }

    @inline(__always)
    mutating func decode(_ model: inout BitModel) -> Bool {
        // Masks instead of branches, which nobody could predict: bits that could be are not coded.
        let bound = (range >> 12) &* UInt32(model.probability)
        let bit = code >= bound
        let mask: UInt32 = 0 &- (bit ? 1 : 0)
        code &-= bound & mask
        range = bound &+ ((range &- bound &- bound) & mask)
        model.adapt(bit)
        normalize()
        return bit
    }

    mutating func decodeRaw(bitCount: Int) -> Int {
        var value = 0
        for _ in 0..<bitCount {
            range >>= 1
            let bit = code >= range
            if bit { code &-= range }
            value = value << 1 | (bit ? 1 : 0)
            normalize()
        }
        return value
    }

    @inline(__always)
    private mutating func normalize() {
        while range < 1 << 24 {
            range <<= 8
            code = code << 8 | UInt32(byte())
        }
    }
}

/// How likely a bit is 0, learnt from those before.
struct BitModel {
    /// Of 4096; 31…4065, so that neither bit ever costs more than seven.
    fileprivate(set) var probability: UInt16 = 2048
    // The first bits teach more than later ones: shift 2, then 3, then 4.
    private var age: UInt8 = 0

    @inline(__always)
    fileprivate mutating func adapt(_ bit: Bool) {
        let shift = UInt16(age < 3 ? 2 : age < 12 ? 3 : 4)
        if age < 12 { age += 1 }
        let lower = max(31, probability &- probability &>> shift)
        let higher = min(4065, probability &+ (4096 &- probability) &>> shift)
        probability = bit ? lower : higher
    }
}

/// A number of a fixed count of bits, coded bit by bit from the highest, each by its own model.
///
/// A class with memory of its own: an array would be checked for other owners at every bit.
final class BitTree {
    private let models: UnsafeMutablePointer<BitModel>
    private let bitCount: Int

    init(bitCount: Int) {
        self.bitCount = bitCount
        models = .allocate(capacity: 1 << bitCount)
        models.initialize(repeating: BitModel(), count: 1 << bitCount)
    }

    deinit {
        models.deallocate()
    }

    func encode(_ value: Int, to encoder: inout BinaryEncoder) {
        var node = 1
        for shift in stride(from: bitCount - 1, through: 0, by: -1) {
            let bit = value >> shift & 1
            encoder.encode(bit == 1, &models[node])
            node = node << 1 | bit
        }
    }

    func decode(from decoder: inout BinaryDecoder) -> Int {
        // A copy, for what others might see is not kept in registers.
        var own = decoder
        defer { decoder = own }
        var node = 1
        for _ in 0..<bitCount { node = node &<< 1 | (own.decode(&models[node]) ? 1 : 0) }
        return node &- 1 &<< bitCount
    }
}
