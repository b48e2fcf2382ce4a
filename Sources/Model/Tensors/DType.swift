/// The element type of a tensor, named as safetensors names it.
///
/// The raw value is the name in a safetensors header (format specification, "dtype"); C128 is added
/// for NumPy's complex128, which safetensors lacks.
public enum DType: String, Hashable, Sendable, CaseIterable, Codable {
    case u64 = "U64"
    case i64 = "I64"
    case f64 = "F64"
    case c64 = "C64"
    case f32 = "F32"
    case u32 = "U32"
    case i32 = "I32"
    case bf16 = "BF16"
    case f16 = "F16"
    case u16 = "U16"
    case i16 = "I16"
    case f8E5M2FNUZ = "F8_E5M2FNUZ"
    case f8E4M3FNUZ = "F8_E4M3FNUZ"
    case f8E8M0 = "F8_E8M0"
    case f8E4M3 = "F8_E4M3"
    case f8E5M2 = "F8_E5M2"
    case i8 = "I8"
    case u8 = "U8"
    case f6E3M2 = "F6_E3M2"
    case f6E2M3 = "F6_E2M3"
    case f4 = "F4"
    case bool = "BOOL"
    case c128 = "C128"

    /// The width of one element in bits; 4 and 6 for the packed narrow floats.
    public var bitWidth: Int {
        switch self {
        case .c128: 128
        case .u64, .i64, .f64, .c64: 64
        case .f32, .u32, .i32: 32
        case .bf16, .f16, .u16, .i16: 16
        case .f6E3M2, .f6E2M3: 6
        case .f4: 4
        default: 8
        }
    }

    /// The width in bytes of the number that storage splits into byte planes.
    ///
    /// A complex element is two numbers, a packed narrow float is kept as bytes.
    public var storageWidth: Int {
        switch self {
        case .c128: 8
        case .c64: 4
        default: max(1, bitWidth / 8)
        }
    }

    /// Whether the elements are IEEE-like floating-point numbers of at least two bytes, whose
    /// high-order byte planes carry sign and exponent.
    public var isFloatingPoint: Bool {
        switch self {
        case .f64, .f32, .f16, .bf16, .c64, .c128: true
        default: false
        }
    }
}
