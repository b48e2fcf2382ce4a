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
        model.adapt(bit ? .max : 0)
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
///
/// Free of branches that depend on what it decodes: bits that could be predicted are not coded.
struct BinaryDecoder {
    private let bytes: UnsafeRawBufferPointer
    /// How many bytes were taken.
    private var next = 0
    private var code: UInt32 = 0
    private var range: UInt32 = .max
    /// The bytes to come, the first one highest; zeros behind the end.
    private var window: UInt64 = 0
    private var windowByteCount = 0

    /// Begins to decode; the bytes must live as long as the decoder.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        refill()
        code = UInt32(truncatingIfNeeded: window >> 32)
        window <<= 32
        windowByteCount -= 4
        next = 4
    }

    /// Whether more bytes were asked for than an encoder leaves away.
    var isExhausted: Bool { next > bytes.count + BinaryEncoder.endByteCount }

    @inline(never)
    private mutating func refill() {
        window = 0
        for place in next..<next + 8 {
            window = window << 8 | UInt64(place < bytes.count ? bytes[place] : 0)
        }
        windowByteCount = 8
    }

    @inline(__always)
    mutating func decode(_ model: inout BitModel) -> Bool {
        decodeBit(&model) != 0
    }

    /// Decodes a bit as a number.
    @inline(__always)
    mutating func decodeBit(_ model: inout BitModel) -> UInt32 {
        let bound = (range &>> 12) &* UInt32(truncatingIfNeeded: model.probability)
        let mask = ~Self.isLess(code, bound)
        code &-= bound & mask
        range = bound &+ ((range &- bound &- bound) & mask)
        model.adapt(mask)
        normalize()
        return mask & 1
    }

    mutating func decodeRaw(bitCount: Int) -> Int {
        var value = 0
        for _ in 0..<bitCount {
            range >>= 1
            let mask = ~Self.isLess(code, range)
            code &-= range & mask
            value = value << 1 | Int(mask & 1)
            normalize()
        }
        return value
    }

    /// All ones if a number is less than another, else zero; a comparison would become a branch.
    @inline(__always)
    private static func isLess(_ a: UInt32, _ b: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: (Int64(a) &- Int64(b)) &>> 63)
    }

    /// Takes a byte if the range has become short. One is enough: no bit costs more than eight.
    @inline(__always)
    private mutating func normalize() {
        let mask = Self.isLess(range, 1 << 24)
        let shift = mask & 8
        range = range &<< shift
        code = code &<< shift | UInt32(truncatingIfNeeded: window &>> 56) & mask
        window = window &<< UInt64(shift)
        next &+= Int(mask & 1)
        windowByteCount &-= Int(mask & 1)
        if windowByteCount == 0 { refill() }
    }
}

/// How likely a bit is 0, learnt from those before.
struct BitModel {
    /// Of 4096; 31…4065, so that neither bit ever costs more than seven.
    fileprivate(set) var probability: UInt16 = 2048
    // The first bits teach more than later ones: shift 2, then 3, then 4.
    private var age: UInt8 = 0

    /// Learns a bit.
    ///
    /// - Parameter mask: All ones for a bit that is 1, else zero.
    @inline(__always)
    fileprivate mutating func adapt(_ mask: UInt32) {
        let isYoung = (Int32(age) &- 12) &>> 31
        let shift = 4 &+ isYoung &+ (Int32(age) &- 3) &>> 31
        age = UInt8(truncatingIfNeeded: Int32(age) &- isYoung)
        let old = Int32(probability)
        let lower = max(31, old &- old &>> shift)
        let higher = min(4065, old &+ (4096 &- old) &>> shift)
        probability = UInt16(truncatingIfNeeded: higher ^ (higher ^ lower) & Int32(bitPattern: mask))
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

    /// Decodes a number. Who decodes many does so with a copy of the decoder: what others might see is not
    /// kept in registers.
    @inline(__always)
    func decode(from decoder: inout BinaryDecoder) -> Int {
        var node = 1
        for _ in 0..<bitCount { node = node &<< 1 | Int(decoder.decodeBit(&models[node])) }
        return node &- 1 &<< bitCount
    }
}
