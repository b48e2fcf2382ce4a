/// The element type of a tensor, named as safetensors names it.
///
/// The raw value is the name in a safetensors header (format specification, "dtype"). Those that
/// safetensors lacks come after: NumPy's complex128 and raw bytes, the narrow integers of ONNX, the
/// block types of GGML (`ggml_type`, gguf.md), and one for everything that has no name here.
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
    /// Four bits, two elements a byte, the low half first (ONNX, "INT4").
    case i4 = "I4"
    case u4 = "U4"
    /// Two bits, four elements a byte (ONNX, "INT2").
    case i2 = "I2"
    case u2 = "U2"
    /// Bits of a float that NumPy has no name for: a `void` of one byte or two.
    case void8 = "V1"
    case void16 = "V2"
    /// Bytes of a dtype that is unknown here; the shape counts bytes.
    case opaque = "OPAQUE"
    // The block types of GGML.
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q8_0 = "Q8_0"
    case q8_1 = "Q8_1"
    case q2K = "Q2_K"
    case q3K = "Q3_K"
    case q4K = "Q4_K"
    case q5K = "Q5_K"
    case q6K = "Q6_K"
    case q8K = "Q8_K"
    case iq2XXS = "IQ2_XXS"
    case iq2XS = "IQ2_XS"
    case iq3XXS = "IQ3_XXS"
    case iq1S = "IQ1_S"
    case iq4NL = "IQ4_NL"
    case iq3S = "IQ3_S"
    case iq2S = "IQ2_S"
    case iq4XS = "IQ4_XS"
    case iq1M = "IQ1_M"
    case tq1_0 = "TQ1_0"
    case tq2_0 = "TQ2_0"
    case mxfp4 = "MXFP4"
    case nvfp4 = "NVFP4"
    case q1_0 = "Q1_0"

    /// The width of one element in bits; 2, 4 and 6 for the packed ones, and 0 where an element has no
    /// width of its own, since those of a block share a scale.
    public var bitWidth: Int {
        if ggmlBlock != nil { return 0 }
        return switch self {
        case .c128: 128
        case .u64, .i64, .f64, .c64: 64
        case .f32, .u32, .i32: 32
        case .bf16, .f16, .u16, .i16, .void16: 16
        case .f6E3M2, .f6E2M3: 6
        case .f4, .i4, .u4: 4
        case .i2, .u2: 2
        default: 8
        }
    }

    /// The elements that cannot be told apart without decoding them, and the bytes that they take
    /// together: one element of most types, two of a four-bit type, 32 or more of a block type.
    public var block: (elementCount: Int, byteCount: Int) {
        if let ggmlBlock { return ggmlBlock }
        return switch bitWidth {
        case 6: (4, 3)
        case 4: (2, 1)
        case 2: (4, 1)
        default: (1, bitWidth / 8)
        }
    }

    /// Whether every element lies in whole bytes of its own, so that it can be addressed.
    public var isAddressable: Bool { block.elementCount == 1 }

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
