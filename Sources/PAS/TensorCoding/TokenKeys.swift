/// What an encoder looks up for elements: their contexts and tokens, where their raw bits lie, and its states.
///
/// A block is small enough for the first-level cache, between the loop that fills it, which vectorises, and
/// the one that looks up, which cannot.
struct TokenKeys {
    /// The most elements of a block, a multiple of ``TokenStream/stateCountMax``.
    static let countMax = 1024

    /// Context · ``Tokens/count`` + token of each element.
    let keys: UnsafeMutablePointer<UInt16>
    /// A number of each element whose lowest bits are the raw bits of its token.
    let raws: UnsafeMutablePointer<UInt32>
    /// The states of the encoder.
    let states: UnsafeMutablePointer<UInt32>

    /// Allocates a block; whoever owns it deallocates it.
    init() {
        states = .allocate(capacity: TokenStream.stateCountMax)
        keys = .allocate(capacity: Self.countMax)
        raws = .allocate(capacity: Self.countMax)
    }

    func deallocate() {
        keys.deallocate()
        raws.deallocate()
        states.deallocate()
    }

    /// Fills the block.
    ///
    /// SSE2 finds bit lengths by conversion to floats: of a magnitude without the bits below its highest
    /// two that could make it round up, exponent and first bit of the mantissa are the class. The interval
    /// of a negative token begins one above a multiple of its length, that of a positive one at one; so
    /// the raw bits are the lowest of the difference less its sign.
    ///
    /// - Parameters:
    ///   - differences: The differences of at most ``countMax`` elements.
    ///   - contexts: Their contexts.
    @inline(__always)
    func fill(
        _ differences: UnsafePointer<UInt32>,
        _ contexts: UnsafePointer<UInt8>,
        count: Int
    ) {
        var index = 0
        while index &+ 8 <= count {
            let bits = UnsafeRawPointer(differences + index).loadUnaligned(as: SIMD8<UInt32>.self)
            let difference = SIMD8<Int32>(lanes: bits)
            let sign = difference &>> 31
            let magnitude = SIMD8<UInt32>(lanes: (difference ^ sign) &- sign)
            let top = SIMD8<Int32>(lanes: magnitude & ~(magnitude &>> 2))
            let float = unsafeBitCast(SIMD8<Float>(lanes: top), to: SIMD8<UInt32>.self)
            // 0 for 0, and 254 for 1; the highest bit is that of -2³¹, which has no magnitude.
            let length = SIMD8<Int16>(lanes: (float &>> 22) & 511)
            let ones = SIMD8<Int16>(repeating: 1)
            let least = length.replacing(with: ones, where: length .> ones)
            let above = length &- 254
            let magnitudeClass = above.replacing(with: least, where: above .< least)
            let token = magnitudeClass &+ magnitudeClass
                &- SIMD8<Int16>(lanes: sign)
            let context = SIMD8<UInt16>(
                lanes: UnsafeRawPointer(contexts + index)
                    .loadUnaligned(as: SIMD8<UInt8>.self)
            )
            UnsafeMutableRawPointer(keys + index).storeBytes(
                of: context &<< 7 | SIMD8<UInt16>(lanes: token),
                as: SIMD8<UInt16>.self
            )
            UnsafeMutableRawPointer(raws + index)
                .storeBytes(of: difference &+ sign, as: SIMD8<Int32>.self)
            index &+= 8
        }
        while index < count {
            let difference = differences[index]
            let token = Tokens.token(difference)
            keys[index] = UInt16(contexts[index]) &<< 7 | UInt16(truncatingIfNeeded: token)
            raws[index] = difference &- UInt32(truncatingIfNeeded: token & 1)
            index &+= 1
        }
    }
}
