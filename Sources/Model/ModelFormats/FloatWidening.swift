public import Tensors

/// Widens narrow floats to 32-bit ones, exactly: every value of the narrow type has one of the wide.
public enum FloatWidening {
    /// Widens elements.
    ///
    /// - Parameters:
    ///   - dtype: One for which ``NpyHeader/isWidened(_:)`` holds.
    ///   - source: The elements, little-endian.
    ///   - output: Gets four bytes for every element, aligned to four.
    public static func widen(
        _ dtype: DType,
        _ source: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) {
        let floats = output.bindMemory(to: UInt32.self)
        if dtype == .bf16 {
            // A bfloat16 is the upper half of a float.
            for index in 0..<min(floats.count, source.count / 2) {
                let bits = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                floats[index] = (UInt32(UInt16(littleEndian: bits)) << 16).littleEndian
            }
            return
        }
        let table = table(of: dtype)
        for index in 0..<min(floats.count, source.count) { floats[index] = table[Int(source[index])] }
    }

    private static let tables: [DType: [UInt32]] = Dictionary(
        uniqueKeysWithValues: [
            DType.f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ, .f8E8M0,
        ].map { dtype in
            (dtype, (0...255).map { value(UInt8($0), dtype).bitPattern.littleEndian })
        }
    )

    private static func table(of dtype: DType) -> [UInt32] {
        guard let table = tables[dtype] else { preconditionFailure("\(dtype) is not widened") }
        return table
    }

    /// The value of an 8-bit float: OCP "OFP8" for E4M3 and E5M2, "Microscaling Formats" for E8M0, and
    /// the FNUZ variants, which have no negative zero and one NaN.
    private static func value(_ bits: UInt8, _ dtype: DType) -> Float {
        if dtype == .f8E8M0 {
            return bits == 0xFF ? .nan : Float(sign: .plus, exponent: Int(bits) - 127, significand: 1)
        }
        let isE4 = dtype == .f8E4M3 || dtype == .f8E4M3FNUZ
        let isFNUZ = dtype == .f8E4M3FNUZ || dtype == .f8E5M2FNUZ
        let mantissaBits = isE4 ? 3 : 2
        let bias = (isE4 ? 7 : 15) + (isFNUZ ? 1 : 0)
        let sign: FloatingPointSign = bits & 0x80 == 0 ? .plus : .minus
        let exponent = Int(bits & 0x7F) >> mantissaBits
        let mantissa = Int(bits) & (1 << mantissaBits - 1)
        if isFNUZ, bits == 0x80 { return .nan }
        if !isFNUZ, isE4, bits & 0x7F == 0x7F { return .nan }
        if !isFNUZ, !isE4, exponent == 31 {
            guard mantissa == 0 else { return .nan }
            return sign == .plus ? .infinity : -.infinity
        }
        let significand = Float(mantissa) + (exponent == 0 ? 0 : Float(1 << mantissaBits))
        return Float(
            sign: sign,
            exponent: max(exponent, 1) - bias - mantissaBits,
            significand: significand
        )
    }
}
