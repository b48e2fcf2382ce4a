/// The loops of the coding `raw`: floats as exponents, and everything else by plane.
///
/// An exponent is the byte below the sign: eight bits of exponent of float32 and bfloat16, five and
/// three of mantissa of float16.
enum RawFloats {
    /// Splits 32-bit floats.
    static func split(
        _ words: UnsafePointer<UInt32>,
        count: Int,
        exponents: UnsafeMutablePointer<UInt8>,
        high: UnsafeMutablePointer<UInt8>,
        middle: UnsafeMutablePointer<UInt8>,
        low: UnsafeMutablePointer<UInt8>
    ) {
        for index in 0..<count {
            let word = words[index]
            exponents[index] = UInt8(truncatingIfNeeded: word &>> 23)
            high[index] = UInt8(truncatingIfNeeded: (word &>> 16) & 127 | (word &>> 24) & 128)
            middle[index] = UInt8(truncatingIfNeeded: word &>> 8)
            low[index] = UInt8(truncatingIfNeeded: word)
        }
    }

    /// Splits 16-bit floats.
    static func split(
        _ words: UnsafePointer<UInt16>,
        count: Int,
        exponents: UnsafeMutablePointer<UInt8>,
        rest: UnsafeMutablePointer<UInt8>
    ) {
        for index in 0..<count {
            let word = words[index]
            exponents[index] = UInt8(truncatingIfNeeded: word &>> 7)
            rest[index] = UInt8(truncatingIfNeeded: word & 127 | (word &>> 8) & 128)
        }
    }

    /// Joins 16-bit floats.
    static func join(
        exponents: UnsafePointer<UInt8>,
        rest: UnsafePointer<UInt8>,
        count: Int,
        into words: UnsafeMutablePointer<UInt16>
    ) {
        for index in 0..<count {
            let other = UInt16(rest[index])
            words[index] = other & 127 | UInt16(exponents[index]) &<< 7 | (other & 128) &<< 8
        }
    }

    /// Joins the upper halves of 32-bit floats; the lower ones become 0.
    static func join(
        exponents: UnsafePointer<UInt8>,
        high: UnsafePointer<UInt8>,
        count: Int,
        into words: UnsafeMutablePointer<UInt32>
    ) {
        let output = UnsafeMutableRawPointer(words)
        var index = 0
        while index &+ 16 <= count {
            var joined = SIMD32<UInt16>(repeating: 0)
            joined.oddHalf = upperHalves(load(exponents, index), load(high, index))
            output.storeBytes(of: joined, toByteOffset: index &* 4, as: SIMD32<UInt16>.self)
            index &+= 16
        }
        while index < count {
            words[index] = upperHalf(exponents[index], high[index]) &<< 16
            index &+= 1
        }
    }

    @inline(__always)
    private static func load(_ bytes: UnsafePointer<UInt8>, _ index: Int) -> SIMD16<UInt8> {
        UnsafeRawPointer(bytes + index).loadUnaligned(as: SIMD16<UInt8>.self)
    }

    /// Joins exponents with signs and mantissas' highest bits.
    @inline(__always)
    private static func upperHalves(
        _ exponents: SIMD16<UInt8>,
        _ high: SIMD16<UInt8>
    ) -> SIMD16<UInt16> {
        var upper = SIMD32<UInt8>()
        upper.evenHalf = (high & 127) | (exponents &<< 7)
        upper.oddHalf = (high & 128) | (exponents &>> 1)
        return unsafeBitCast(upper, to: SIMD16<UInt16>.self)
    }

    @inline(__always)
    private static func upperHalf(_ exponent: UInt8, _ high: UInt8) -> UInt32 {
        let other = UInt32(high)
        return other & 127 | UInt32(exponent) &<< 7 | (other & 128) &<< 8
    }

    /// Joins 32-bit floats, sixteen at a time: halves of vectors interleave in one instruction (punpck).
    static func join(
        exponents: UnsafePointer<UInt8>,
        high: UnsafePointer<UInt8>,
        middle: UnsafePointer<UInt8>,
        low: UnsafePointer<UInt8>,
        count: Int,
        into words: UnsafeMutablePointer<UInt32>
    ) {
        let output = UnsafeMutableRawPointer(words)
        var index = 0
        while index &+ 16 <= count {
            var lower = SIMD32<UInt8>()
            lower.evenHalf = load(low, index)
            lower.oddHalf = load(middle, index)
            var joined = SIMD32<UInt16>()
            joined.evenHalf = unsafeBitCast(lower, to: SIMD16<UInt16>.self)
            joined.oddHalf = upperHalves(load(exponents, index), load(high, index))
            output.storeBytes(of: joined, toByteOffset: index &* 4, as: SIMD32<UInt16>.self)
            index &+= 16
        }
        while index < count {
            words[index] = upperHalf(exponents[index], high[index]) &<< 16
                | UInt32(middle[index]) &<< 8 | UInt32(low[index])
            index &+= 1
        }
    }
}
