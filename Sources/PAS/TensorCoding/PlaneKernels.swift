/// The loops over all elements of a chunk: splitting into byte planes and joining them, alone or as a
/// difference to a base.
///
/// They are generic over the integer of the element's width, specialised by the compiler, and free of
/// checks inside, so that they vectorise. Plane 0 is the most significant one; plane p of n elements
/// lies at `planes + p * n`.
enum PlaneKernels {
    /// Splits elements into byte planes.
    @inline(__always)
    static func split<Word: FixedWidthInteger & UnsignedInteger>(
        _ elements: UnsafePointer<Word>,
        count: Int,
        into planes: UnsafeMutablePointer<UInt8>
    ) {
        let width = Word.bitWidth / 8
        for plane in 0..<width {
            let shift = Word(8 * (width - 1 - plane))
            let output = planes + plane * count
            for index in 0..<count {
                output[index] = UInt8(truncatingIfNeeded: Word(littleEndian: elements[index]) >> shift)
            }
        }
    }

    /// Joins byte planes of `planeCount` elements to the first of them.
    @inline(__always)
    static func join<Word: FixedWidthInteger & UnsignedInteger>(
        _ planes: UnsafePointer<UInt8>,
        planeCount: Int,
        count: Int,
        into elements: UnsafeMutablePointer<Word>
    ) {
        for index in 0..<count {
            let element: Word = word(planes, count: planeCount, at: index)
            elements[index] = element.littleEndian
        }
    }

    @inline(__always)
    private static func word<Word: FixedWidthInteger & UnsignedInteger>(
        _ planes: UnsafePointer<UInt8>,
        count: Int,
        at index: Int
    ) -> Word {
        let width = Word.bitWidth / 8
        var word = Word(truncatingIfNeeded: planes[index])
        for plane in 1..<max(width, 2) where plane < width {
            word = word << 8 | Word(truncatingIfNeeded: planes[plane * count + index])
        }
        return word
    }

    /// Splits the folded differences of elements to those of a base.
    ///
    /// The elements of floats are mapped to integers whose order is that of the numbers, so that
    /// close numbers have a small difference whatever their sign.
    @inline(__always)
    static func difference<Word: FixedWidthInteger & UnsignedInteger>(
        _ elements: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        isFloatingPoint: Bool,
        into folded: UnsafeMutablePointer<Word>
    ) {
        if isFloatingPoint {
            for index in 0..<count {
                let element = monotone(Word(littleEndian: elements[index]))
                folded[index] = fold(element &- monotone(Word(littleEndian: base[index]))).littleEndian
            }
        } else {
            for index in 0..<count {
                let element = Word(littleEndian: elements[index])
                folded[index] = fold(element &- Word(littleEndian: base[index])).littleEndian
            }
        }
    }

    /// Joins the planes of folded differences and adds them to the elements of the base, in place.
    @inline(__always)
    static func addDifference<Word: FixedWidthInteger & UnsignedInteger>(
        _ planes: UnsafePointer<UInt8>,
        planeCount: Int,
        count: Int,
        isFloatingPoint: Bool,
        to elements: UnsafeMutablePointer<Word>
    ) {
        if isFloatingPoint {
            for index in 0..<count {
                let difference: Word = unfold(word(planes, count: planeCount, at: index))
                let sum = monotone(Word(littleEndian: elements[index])) &+ difference
                elements[index] = fromMonotone(sum).littleEndian
            }
        } else {
            for index in 0..<count {
                let difference: Word = unfold(word(planes, count: planeCount, at: index))
                elements[index] = (Word(littleEndian: elements[index]) &+ difference).littleEndian
            }
        }
    }

    /// The bits of a float as an integer that grows with the number: negative ones are turned
    /// round, positive ones lie above them.
    @inline(__always)
    static func monotone<Word: FixedWidthInteger & UnsignedInteger>(_ bits: Word) -> Word {
        let top: Word = 1 << Word(Word.bitWidth - 1)
        let sign = 0 &- (bits >> Word(Word.bitWidth - 1))
        return bits ^ (sign | top)
    }

    /// The bits of the float that ``monotone(_:)`` maps to an integer.
    @inline(__always)
    static func fromMonotone<Word: FixedWidthInteger & UnsignedInteger>(_ integer: Word) -> Word {
        let top: Word = 1 << Word(Word.bitWidth - 1)
        let isNegative = (integer >> Word(Word.bitWidth - 1)) &- 1
        return integer ^ (isNegative | top)
    }

    /// A signed difference as an unsigned number that is small if the difference is: 0, -1, 1, -2 …
    @inline(__always)
    private static func fold<Word: FixedWidthInteger & UnsignedInteger>(_ difference: Word) -> Word {
        (difference << 1) ^ (0 &- (difference >> Word(Word.bitWidth - 1)))
    }

    @inline(__always)
    private static func unfold<Word: FixedWidthInteger & UnsignedInteger>(_ folded: Word) -> Word {
        (folded >> 1) ^ (0 &- (folded & 1))
    }
}
