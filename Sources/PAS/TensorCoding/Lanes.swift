// What vectors of the standard library do too, inlined always. Where a module is compiled by several threads,
// the library's generic conversions become functions that loops call, a tenth of the encoder's time.

extension SIMD8 where Scalar: FixedWidthInteger {
    /// The lanes of another vector, each cut to what there is room for, or extended.
    @inline(__always)
    init<Other: SIMDScalar & FixedWidthInteger>(lanes other: SIMD8<Other>) {
        self.init(
            Scalar(truncatingIfNeeded: other[0]), Scalar(truncatingIfNeeded: other[1]),
            Scalar(truncatingIfNeeded: other[2]), Scalar(truncatingIfNeeded: other[3]),
            Scalar(truncatingIfNeeded: other[4]), Scalar(truncatingIfNeeded: other[5]),
            Scalar(truncatingIfNeeded: other[6]), Scalar(truncatingIfNeeded: other[7])
        )
    }
}

extension SIMD16 where Scalar: FixedWidthInteger {
    /// The lanes of another vector, each cut to what there is room for, or extended.
    @inline(__always)
    init<Other: SIMDScalar & FixedWidthInteger>(lanes other: SIMD16<Other>) {
        self.init(
            lowHalf: SIMD8<Scalar>(lanes: other.lowHalf),
            highHalf: SIMD8<Scalar>(lanes: other.highHalf)
        )
    }
}

extension SIMD8 where Scalar == Float {
    /// The numbers nearest to the lanes of another vector.
    @inline(__always)
    init(lanes other: SIMD8<Int32>) {
        self.init(
            Float(other[0]), Float(other[1]), Float(other[2]), Float(other[3]),
            Float(other[4]), Float(other[5]), Float(other[6]), Float(other[7])
        )
    }
}
