/// The loops over words of 16 and 32 bits that hold floats: differences, contexts, and their way back.
///
/// They are generic over the word, specialised by the compiler, and free of checks inside, so that they
/// vectorise. Words are little-endian, as is every machine that this runs on.
enum FloatWords {
    /// Gives the differences of words to those of a base, as integers in the order of the numbers.
    @inline(__always)
    static func difference<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        into differences: UnsafeMutablePointer<UInt32>
    ) {
        if Word.bitWidth == 16 {
            for index in 0..<count {
                let difference =
                    PlaneKernels.monotone(words[index]) &- PlaneKernels.monotone(base[index])
                differences[index] = UInt32(
                    bitPattern: Int32(Int16(truncatingIfNeeded: difference))
                )
            }
        } else {
            for index in 0..<count {
                differences[index] = UInt32(
                    truncatingIfNeeded: PlaneKernels.monotone(words[index])
                        &- PlaneKernels.monotone(base[index])
                )
            }
        }
    }

    /// Adds differences to words, in place.
    @inline(__always)
    static func add<Word: FixedWidthInteger & UnsignedInteger>(
        _ differences: UnsafePointer<UInt32>,
        to words: UnsafeMutablePointer<Word>,
        count: Int
    ) {
        for index in 0..<count {
            let difference = Word(truncatingIfNeeded: differences[index])
            words[index] = PlaneKernels.fromMonotone(
                PlaneKernels.monotone(words[index]) &+ difference
            )
        }
    }

    /// Gives the differences of floats as numbers: 0 where one of them is not finite.
    static func change<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        kind: ElementKind,
        into changes: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<count {
            let word = UInt32(truncatingIfNeeded: words[index])
            let baseWord = UInt32(truncatingIfNeeded: base[index])
            let change = number(word, kind) - number(baseWord, kind)
            let isFinite = (special(word, kind) | special(baseWord, kind)) == 0 && change.isFinite
            changes[index] = isFinite ? change : 0
        }
    }

    /// All ones for a float that is not finite, else zero.
    @inline(__always)
    private static func special(_ word: UInt32, _ kind: ElementKind) -> UInt32 {
        let lowest: UInt32 = 1 &<< UInt32(kind.mantissaBitCount)
        let exponent = word & kind.exponentMask &<< UInt32(kind.mantissaBitCount)
        return 0 &- ((exponent &+ lowest) &>> UInt32(kind.width &* 8 &- 1))
    }

    /// The number that a finite float is.
    @inline(__always)
    private static func number(_ word: UInt32, _ kind: ElementKind) -> Float {
        switch kind {
        case .bfloat16: return Float(bitPattern: word &<< 16)
        case .float16:
            // A half's bits are those of a float 2¹¹² times as small: subnormal numbers need no case.
            let magnitude = Float(bitPattern: (word & 0x7FFF) &<< 13) * 0x1p112
            return Float(bitPattern: magnitude.bitPattern | (word & 0x8000) &<< 16)
        default: return Float(bitPattern: word)
        }
    }

    /// The float nearest to a number.
    @inline(__always)
    private static func word(nearest number: Float, _ kind: ElementKind) -> UInt32 {
        let bits = number.bitPattern
        switch kind {
        case .bfloat16: return (bits &+ 0x7FFF &+ (bits &>> 16 & 1)) &>> 16
        case .float16:
            let small = (Float(bitPattern: bits & 0x7FFF_FFFF) * 0x1p-112).bitPattern
            let rounded = min((small &+ 0xFFF &+ (small &>> 13 & 1)) &>> 13, 0x7C00)
            return rounded | bits &>> 16 & 0x8000
        default: return bits
        }
    }

    /// Adds sums of products, scaled, to finite floats (``LowRankDelta``).
    ///
    /// - Parameters:
    ///   - sums: Of the codes of their row and columns.
    ///   - rowPower: What the row scales them by.
    ///   - columnPowers: What the columns scale them by.
    @inline(__always)
    static func add<Word: FixedWidthInteger & UnsignedInteger>(
        _ sums: UnsafePointer<Int16>,
        rowPower: Float,
        columnPowers: UnsafePointer<Float>,
        to words: UnsafeMutablePointer<Word>,
        count: Int,
        kind: ElementKind
    ) {
        // A loop for each kind, and masks instead of conditions, so that all of them vectorise.
        @inline(__always) func addAll(_ kind: ElementKind) {
            for index in 0..<count {
                let old = UInt32(truncatingIfNeeded: words[index])
                let part = Float(Int32(sums[index])) * (rowPower * columnPowers[index])
                let new = word(nearest: number(old, kind) + part, kind)
                let kept = special(old, kind)
                words[index] = Word(truncatingIfNeeded: old & kept | new & ~kept)
            }
        }
        switch kind {
        case .bfloat16: addAll(.bfloat16)
        case .float16: addAll(.float16)
        default: addAll(.float32)
        }
    }

    /// What a context depends on besides the element.
    struct Row {
        let scale: Int16
        let slope: Int16
        let shift: Int16
        let contextMin: Int16
        let contextMax: Int16
        let exponentShift: Int
        let exponentMask: UInt32
    }

    /// Gives the contexts of elements of one row, given those of the base: 0 in columns without a change, 1
    /// for the lowest there is.
    ///
    /// Written in vectors: the compiler takes as many lanes as the widest number has, four or eight, and there
    /// are instructions for the least and greatest of 16-bit numbers in twice as many.
    @inline(__always)
    static func contexts<Word: FixedWidthInteger & UnsignedInteger>(
        _ base: UnsafePointer<Word>,
        count: Int,
        _ row: Row,
        columnScales: UnsafePointer<Int16>,
        columnMasks: UnsafePointer<UInt8>,
        into contexts: UnsafeMutablePointer<UInt8>
    ) {
        let exponentShift = Word(truncatingIfNeeded: row.exponentShift)
        let exponentMask = Word(truncatingIfNeeded: row.exponentMask)
        let (scale, slope, shift, most) = (row.scale, row.slope, row.shift, row.contextMax)
        let (least, below) = (row.contextMin, row.contextMin &- 1)
        let (leasts, mosts) = (SIMD16<Int16>(repeating: least), SIMD16<Int16>(repeating: most))
        var index = 0
        while index &+ 16 <= count {
            let exponents: SIMD16<Int16>
            if Word.bitWidth == 16 {
                let words = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<UInt16>.self)
                exponents = SIMD16<Int16>(
                    lanes: words &>> UInt16(exponentShift) & UInt16(exponentMask)
                )
            } else {
                let words = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<UInt32>.self)
                exponents = SIMD16<Int16>(
                    lanes: words &>> UInt32(exponentShift) & UInt32(exponentMask)
                )
            }
            let scales = UnsafeRawPointer(columnScales + index)
                .loadUnaligned(as: SIMD16<Int16>.self)
            var context = (scales &+ scale &+ exponents &* slope) &>> shift
            context.replace(with: leasts, where: context .< leasts)
            context.replace(with: mosts, where: mosts .< context)
            let masks = UnsafeRawPointer(columnMasks + index).loadUnaligned(as: SIMD16<UInt8>.self)
            UnsafeMutableRawPointer(contexts + index).storeBytes(
                of: SIMD16<UInt8>(lanes: context &- below) & masks,
                as: SIMD16<UInt8>.self
            )
            index &+= 16
        }
        while index < count {
            let exponent = Int16(
                truncatingIfNeeded: (base[index] &>> exponentShift) & exponentMask
            )
            let context = (scale &+ columnScales[index] &+ slope &* exponent) &>> shift
            contexts[index] =
                UInt8(truncatingIfNeeded: min(max(context, least), most) &- below)
                & columnMasks[index]
            index &+= 1
        }
    }

    /// The sums that a fit of the scales needs, of a run of a row.
    ///
    /// The length of a difference is taken from its exponent as a float, which vectorises; together with
    /// the exponent of the base it is the logarithm of the change as a number.
    ///
    /// - Returns: The sum of the logarithms, and whether any element changes.
    @inline(__always)
    static func addLengths<Word: FixedWidthInteger & UnsignedInteger>(
        _ differences: UnsafePointer<UInt32>,
        _ base: UnsafePointer<Word>,
        count: Int,
        exponentShift: Int,
        exponentMask: UInt32,
        columnSums: UnsafeMutablePointer<UInt32>,
        columnChanges: UnsafeMutablePointer<UInt32>
    ) -> (sum: UInt32, change: UInt32) {
        let shift = Word(truncatingIfNeeded: exponentShift)
        let mask = Word(truncatingIfNeeded: exponentMask)
        var sum: UInt32 = 0
        var change: UInt32 = 0
        for index in 0..<count {
            let difference = differences[index]
            let sign = UInt32(bitPattern: Int32(bitPattern: difference) &>> 31)
            let magnitude = Int32(bitPattern: ((difference ^ sign) &- sign) & 0x7FFF_FFFF)
            let bits = Float(magnitude).bitPattern &>> 23
            let length = bits &- (bits == 0 ? 0 : 126)
            let exponent = UInt32(truncatingIfNeeded: (base[index] &>> shift) & mask)
            let logarithm = length &+ exponent
            sum = sum &+ logarithm
            change |= difference
            columnSums[index] = columnSums[index] &+ logarithm
            columnChanges[index] |= difference
        }
        return (sum, change)
    }
}

/// What the decay of weights, as in AdamW (I. Loshchilov, F. Hutter, arXiv:1711.05101), does to floats
/// without a gradient.
///
/// A factor just below one moves the bits of a float down by a step that depends on its mantissa
/// alone: by the same number of units in the last place, but for rounding, up to a threshold.
enum WeightDecay {
    /// The highest bits of the mantissa that tell the step.
    static func indexBitCount(of kind: ElementKind) -> Int { min(10, kind.mantissaBitCount) }

    /// Applies steps to words, in place.
    @inline(__always)
    static func apply<Word: FixedWidthInteger & UnsignedInteger>(
        _ steps: UnsafePointer<Int16>,
        to words: UnsafeMutablePointer<Word>,
        count: Int,
        kind: ElementKind
    ) {
        let bits = indexBitCount(of: kind)
        let shift = Word(truncatingIfNeeded: kind.mantissaBitCount - bits)
        let mask: Word = 1 << Word(truncatingIfNeeded: bits) - 1
        for index in 0..<count {
            let step = steps[Int(truncatingIfNeeded: (words[index] &>> shift) & mask)]
            words[index] = words[index] &+ Word(truncatingIfNeeded: step)
        }
    }
}
