public import Tensors

/// Writes headers of `.npy` files as NumPy does.
public enum NpyHeader {
    /// Whether elements are shown as 32-bit floats, since NumPy has no type of their own.
    public static func isWidened(_ dtype: DType) -> Bool {
        switch dtype {
        case .bf16, .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ, .f8E8M0: true
        default: false
        }
    }

    /// The header of an array: magic, version, length and a dictionary, padded to 64 bytes.
    ///
    /// - Parameters:
    ///   - dtype: The element type; of those that are widened, the header says `<f4`.
    ///   - shape: The number of elements along each dimension.
    ///   - isFortranOrder: Whether the elements lie column-major.
    ///   - isBigEndian: Whether the bytes of an element come most significant first; never of those
    ///     that are widened.
    public static func bytes(
        dtype: DType,
        shape: [Int],
        isFortranOrder: Bool,
        isBigEndian: Bool = false
    ) -> [UInt8] {
        let numbers = shape.map(String.init).joined(separator: ", ")
        let tuple = shape.count == 1 ? "(\(numbers),)" : "(\(numbers))"
        let order = isFortranOrder ? "True" : "False"
        var descr = descr(dtype)
        if isBigEndian, descr.first == "<" { descr = ">" + descr.dropFirst() }
        let text = "{'descr': '\(descr)', 'fortran_order': \(order), 'shape': \(tuple), }"
        // Version 1 has a length of two bytes; only a shape of thousands of dimensions needs more.
        let isLong = text.utf8.count + 64 > Int(UInt16.max)
        let prefixByteCount = isLong ? 12 : 10
        let unpadded = prefixByteCount + text.utf8.count + 1
        let padding = (64 - unpadded % 64) % 64
        let length = text.utf8.count + padding + 1
        let lengthBytes = (0..<(isLong ? 4 : 2)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [isLong ? 2 : 1, 0] + lengthBytes + Array(text.utf8)
            + Array(repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
    }

    private static func descr(_ dtype: DType) -> String {
        switch dtype {
        case .bool: "|b1"
        case .i8: "|i1"
        case .u16: "<u2"
        case .i16: "<i2"
        case .u32: "<u4"
        case .i32: "<i4"
        case .u64: "<u8"
        case .i64: "<i8"
        case .f16: "<f2"
        case .f64: "<f8"
        case .c64: "<c8"
        case .c128: "<c16"
        case .f32, .bf16, .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ, .f8E8M0: "<f4"
        case .void8: "|V1"
        case .void16: "|V2"
        // Bytes: what numpy has no element for is shown as they are.
        default: "|u1"
        }
    }
}
