/// The tokens of differences.
///
/// A token is an interval of integers; entropy coding gives the token, raw bits the place in it:
///
///     magnitude  0   1   2   3   4–5  6–7  8–11  12–15  16–23 …     (bit length, and the bit behind)
///     class      0   1   2   3    4    5    6      7      8
///     raw bits   0   0   0   0    1    1    2      2      3
///
/// A token is twice its class, and one more for negative numbers, of which the intervals are the mirror
/// images; so the two signs of a class are equally likely and share a frequency. A decoder adds the raw
/// bits to the lower end of the interval, whatever its sign. Arithmetic is modulo 2³².
enum Tokens {
    /// The classes of 32-bit magnitudes, up to 2³¹.
    static let classCount = 64
    static let count = 2 * classCount

    /// The class of a magnitude.
    @inline(__always)
    static func magnitudeClass(_ magnitude: UInt32) -> Int {
        guard magnitude > 1 else { return Int(truncatingIfNeeded: magnitude) }
        let length = 32 &- magnitude.leadingZeroBitCount
        return 2 &* (length &- 1) | Int(truncatingIfNeeded: magnitude &>> UInt32(length &- 2)) & 1
    }

    /// The token of a difference.
    @inline(__always)
    static func token(_ difference: UInt32) -> Int {
        let sign = UInt32(bitPattern: Int32(bitPattern: difference) &>> 31)
        return 2 &* magnitudeClass((difference ^ sign) &- sign) | Int(sign & 1)
    }

    /// The raw bits of a class.
    @inline(__always)
    static func rawBitCount(_ magnitudeClass: Int) -> Int {
        max(0, magnitudeClass >> 1 - 1)
    }

    /// The lower end of a token's interval.
    static func start(_ token: Int) -> UInt32 {
        let magnitudeClass = token >> 1
        let rawBits = rawBitCount(magnitudeClass)
        let magnitude =
            magnitudeClass < 2
            ? UInt32(magnitudeClass) : UInt32(2 | magnitudeClass & 1) << UInt32(rawBits)
        return token & 1 == 0 ? magnitude : 0 &- (magnitude &+ (1 << UInt32(rawBits)) &- 1)
    }

    /// The two bits below the sign of the number with which a token's interval starts, in front of its raw bits: the
    /// two highest bits of the magnitude, the other way round for negative numbers. So it starts with -4 to 3 times a
    /// power of two, for negative numbers plus 1.
    static func head(_ token: Int) -> Int {
        let magnitudeClass = token >> 1
        let head = magnitudeClass < 2 ? magnitudeClass : 2 | magnitudeClass & 1
        return token & 1 == 0 ? head : head ^ 3
    }

    /// Masks by a count of bits.
    static let masks = BitMasks()
}

/// Masks of the lowest bits, by their count, in memory that is never freed, for loops that cannot afford an
/// array's checks.
struct BitMasks: @unchecked Sendable {
    // Unchecked: it is never written after it was made.
    let entries: UnsafePointer<UInt64>

    fileprivate init() {
        let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: 64)
        for count in 0..<64 { entries[count] = (1 << UInt64(count)) - 1 }
        self.entries = UnsafePointer(entries)
    }
}
