public import Tensors

/// Floating-point elements as numbers, and back.
public enum FloatElements {
    /// Whether elements of a dtype can be read and written here.
    public static func isSupported(_ dtype: DType) -> Bool {
        switch dtype {
        case .f64, .f32, .f16, .bf16: true
        default: false
        }
    }

    /// The values of little-endian elements, exactly.
    ///
    /// - Parameters:
    ///   - bytes: A whole number of elements.
    ///   - dtype: One for which ``isSupported(_:)`` holds.
    public static func values(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> [Double] {
        let width = dtype.storageWidth
        return (0..<bytes.count / width).map { index in
            let place = index * width
            switch dtype {
            case .f64:
                let bits = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                return Double(bitPattern: UInt64(littleEndian: bits))
            case .f32:
                let bits = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                return Double(Float(bitPattern: UInt32(littleEndian: bits)))
            default:
                let bits = bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self)
                return value(UInt16(littleEndian: bits), dtype)
            }
        }
    }

    /// The elements that are nearest to values, ties to even.
    public static func bytes(of values: [Double], _ dtype: DType) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * dtype.storageWidth)
        for value in values {
            switch dtype {
            case .f64: append(value.bitPattern, to: &bytes)
            case .f32: append(Float(value).bitPattern, to: &bytes)
            case .f16: append(Float16(value).bitPattern, to: &bytes)
            default: append(bfloat16(value), to: &bytes)
            }
        }
        return bytes
    }

    /// The value that an element of a dtype keeps of a value.
    public static func rounded(_ value: Double, to dtype: DType) -> Double {
        switch dtype {
        case .f64: value
        case .f32: Double(Float(value))
        case .f16: Double(Float16(value))
        default: self.value(bfloat16(value), .bf16)
        }
    }

    private static func value(_ bits: UInt16, _ dtype: DType) -> Double {
        dtype == .f16
            ? Double(Float16(bitPattern: bits)) : Double(Float(bitPattern: UInt32(bits) << 16))
    }

    /// The upper half of a float, rounded; a NaN keeps a set bit of its mantissa.
    private static func bfloat16(_ value: Double) -> UInt16 {
        // Rounding twice could go wrong at a tie that the first rounding made: it keeps the last bit odd.
        let bits = roundedToOdd(value).bitPattern
        guard !value.isNaN else { return UInt16(bits >> 16) | 0x40 }
        let lower = bits & 0xFFFF
        var upper = bits >> 16
        if lower > 0x8000 || (lower == 0x8000 && upper & 1 == 1) { upper += 1 }
        return UInt16(truncatingIfNeeded: upper)
    }

    private static func roundedToOdd(_ value: Double) -> Float {
        let nearest = Float(value)
        guard nearest.isFinite, Double(nearest) != value, nearest.bitPattern & 1 == 0 else {
            return nearest
        }
        let isAbove = Double(nearest) > value
        return isAbove ? nearest.nextDown : nearest.nextUp
    }

    private static func append<Bits: FixedWidthInteger>(_ bits: Bits, to bytes: inout [UInt8]) {
        for place in stride(from: 0, to: Bits.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> Bits(place)))
        }
    }
}
