import Tensors

/// The element types of PyTorch, by the names that pickles use.
enum TorchType {
    /// The dtype of a storage class: `FloatStorage` (torch/storage.py). Those of quantised tensors hold
    /// plain integers; an untyped one holds bytes.
    static func dtype(ofStorage name: String) -> DType? {
        switch name {
        case "FloatStorage": .f32
        case "DoubleStorage": .f64
        case "HalfStorage": .f16
        case "BFloat16Storage": .bf16
        case "LongStorage": .i64
        case "IntStorage", "QInt32Storage": .i32
        case "ShortStorage": .i16
        case "CharStorage", "QInt8Storage": .i8
        case "ByteStorage", "UntypedStorage", "QUInt8Storage", "QUInt4x2Storage", "QUInt2x4Storage": .u8
        case "BoolStorage": .bool
        case "ComplexFloatStorage": .c64
        case "ComplexDoubleStorage": .c128
        default: nil
        }
    }

    /// The dtype of a name in the module `torch`: `float8_e4m3fn`.
    static func dtype(named name: String) -> DType? {
        switch name {
        case "float32", "float": .f32
        case "float64", "double": .f64
        case "float16", "half": .f16
        case "bfloat16": .bf16
        case "float8_e4m3fn": .f8E4M3
        case "float8_e5m2": .f8E5M2
        case "float8_e4m3fnuz": .f8E4M3FNUZ
        case "float8_e5m2fnuz": .f8E5M2FNUZ
        case "float8_e8m0fnu": .f8E8M0
        case "float4_e2m1fn_x2": .f4
        case "uint8", "quint8", "bits8": .u8
        case "int8", "qint8": .i8
        case "uint16", "bits16": .u16
        case "int16", "short": .i16
        case "uint32": .u32
        case "int32", "int", "qint32": .i32
        case "uint64": .u64
        case "int64", "long": .i64
        case "bool": .bool
        case "complex64": .c64
        case "complex128": .c128
        // A pair of half-precision numbers has no name elsewhere.
        case "complex32": .u32
        default: nil
        }
    }

    /// The dtype of a number in `torch.export`'s JSON (torch/_export/serde/schema.py, `ScalarType`).
    static func dtype(code: Int) -> DType? {
        let types: [Int: DType] = [
            1: .u8, 2: .i8, 3: .i16, 4: .i32, 5: .i64, 6: .f16, 7: .f32, 8: .f64, 9: .u32, 10: .c64,
            11: .c128, 12: .bool, 13: .bf16, 28: .u16, 29: .f8E4M3, 30: .f8E5M2, 31: .f8E4M3FNUZ,
            32: .f8E5M2FNUZ,
        ]
        return types[code]
    }
}
