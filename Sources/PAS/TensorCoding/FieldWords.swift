/// The loops of the layout `fields`: 32-bit floats as an upper and a lower half.
///
/// The upper half of a difference is that of the upper halves, as if they were floats of 16 bits. The
/// lower one is the residual of the lower halves modulo 2¹⁶. Where the upper halves differ the residual
/// went the same way, so its direction is known: it is counted from the end that it comes from, and
/// folded so that its lowest bit stands in for the sign that a token has.
enum FieldWords {
    /// Splits the differences of words to a base.
    static func difference(
        _ words: UnsafePointer<UInt32>,
        _ base: UnsafePointer<UInt32>,
        count: Int,
        high: UnsafeMutablePointer<UInt32>,
        low: UnsafeMutablePointer<UInt32>
    ) {
        for index in 0..<count {
            let word = PlaneKernels.monotone(words[index])
            let other = PlaneKernels.monotone(base[index])
            let upper = Int32(bitPattern: (word &>> 16 &- other &>> 16) &<< 16) &>> 16
            let residual = Int32(bitPattern: (word &- other) &<< 16) &>> 16
            let forward = upper < 0 ? 0 &- residual : residual
            // Unfolded: 0, 1, 2, 3 … become 0, -1, 1, -2 …
            let unsigned = forward & 0xFFFF
            let unfolded = unsigned &>> 1 ^ (0 &- (unsigned & 1))
            high[index] = UInt32(bitPattern: upper)
            low[index] = UInt32(bitPattern: upper == 0 ? residual : unfolded)
        }
    }

    /// Adds split differences to words, in place.
    static func add(
        high: UnsafePointer<UInt32>,
        low: UnsafePointer<UInt32>,
        to words: UnsafeMutablePointer<UInt32>,
        count: Int
    ) {
        for index in 0..<count {
            let upper = Int32(bitPattern: high[index])
            let value = Int32(bitPattern: low[index])
            let folded = (value &<< 1) ^ (value &>> 31)
            let forward = upper < 0 ? 0 &- folded : folded
            let residual = UInt32(bitPattern: upper == 0 ? value : forward)
            let word = PlaneKernels.monotone(words[index])
            let joined =
                (word &>> 16 &+ high[index]) &<< 16 | (word &+ residual) & 0xFFFF
            words[index] = PlaneKernels.fromMonotone(joined)
        }
    }

    /// Adds the upper halves of differences to words, in place; the lower halves become 0.
    static func addUpper(
        _ high: UnsafePointer<UInt32>,
        to words: UnsafeMutablePointer<UInt32>,
        count: Int
    ) {
        for index in 0..<count {
            let upper = PlaneKernels.monotone(words[index]) &>> 16 &+ high[index]
            let bits = PlaneKernels.fromMonotone(UInt16(truncatingIfNeeded: upper))
            words[index] = UInt32(bits) &<< 16
        }
    }

    /// Turns the contexts of elements into those of their lower halves: 32 for the predicted length of
    /// the difference, times whether the upper halves are equal, neighbours, or farther apart.
    static func lowContexts(
        _ contexts: UnsafeMutablePointer<UInt8>,
        high: UnsafePointer<UInt32>,
        count: Int,
        contextMax: Int
    ) {
        let most = UInt8(truncatingIfNeeded: contextMax)
        for index in 0..<count {
            let upper = high[index]
            let sign = UInt32(bitPattern: Int32(bitPattern: upper) &>> 31)
            let distance = min((upper ^ sign) &- sign, 2)
            let context = min(max(contexts[index], 8) &- 8, 31)
            contexts[index] = min(context &+ UInt8(truncatingIfNeeded: distance) &* 32, most)
        }
    }
}
