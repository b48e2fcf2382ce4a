extension DType {
    /// The block of a GGML type: how many elements share their scales, and the bytes that they take
    /// (ggml.h, `ggml_type`, and the block structures of ggml-common.h); nil for other types.
    var ggmlBlock: (elementCount: Int, byteCount: Int)? {
        switch self {
        case .q4_0, .iq4NL: (32, 18)
        case .q4_1: (32, 20)
        case .q5_0: (32, 22)
        case .q5_1: (32, 24)
        case .q8_0: (32, 34)
        case .q8_1: (32, 40)
        case .mxfp4: (32, 17)
        case .nvfp4: (64, 36)
        case .q1_0: (128, 18)
        case .q2K: (256, 84)
        case .q3K, .iq3S: (256, 110)
        case .q4K: (256, 144)
        case .q5K: (256, 176)
        case .q6K: (256, 210)
        case .q8K: (256, 292)
        case .iq2XXS, .tq2_0: (256, 66)
        case .iq2XS: (256, 74)
        case .iq2S: (256, 82)
        case .iq3XXS: (256, 98)
        case .iq1S: (256, 50)
        case .iq1M: (256, 56)
        case .iq4XS: (256, 136)
        case .tq1_0: (256, 54)
        default: nil
        }
    }
}
