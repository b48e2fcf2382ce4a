/// What the elements of a content are, as far as their coding cares.
///
/// The raw values are in the catalog and never change.
public enum ElementKind: UInt8, Hashable, Sendable, CaseIterable {
    /// Bytes without a structure: headers, files that are kept whole.
    case bytes = 0
    /// One-byte integers, truth values, and floats of eight bits or less.
    case integer8 = 1
    /// Two-byte integers.
    case integer16 = 2
    /// Four-byte integers.
    case integer32 = 3
    /// Eight-byte integers.
    case integer64 = 4
    /// IEEE half precision: five bits of exponent.
    case float16 = 5
    /// IEEE single precision: eight bits of exponent.
    case float32 = 6
    /// IEEE double precision: eleven bits of exponent.
    case float64 = 7
    /// The upper half of single precision: eight bits of exponent.
    case bfloat16 = 8

    /// The bytes of an element.
    public var width: Int {
        switch self {
        case .bytes, .integer8: 1
        case .integer16, .float16, .bfloat16: 2
        case .integer32, .float32: 4
        case .integer64, .float64: 8
        }
    }

    /// Whether the elements carry their sign apart from their magnitude, as IEEE 754 floats do.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .float32, .float64, .bfloat16: true
        default: false
        }
    }

    /// The bits of a float below its exponent; 0 for what is no float.
    public var mantissaBitCount: Int {
        switch self {
        case .float16: 10
        case .bfloat16: 7
        case .float32: 23
        case .float64: 52
        default: 0
        }
    }

    /// Whether tokens code its differences, and Huffman its exponents: floats of two or four bytes.
    var hasTokens: Bool { isFloatingPoint && width <= 4 }

    /// The bits of the exponent, where they lie at the bottom of a word.
    var exponentMask: UInt32 { self == .float16 ? 0x1F : 0xFF }

    /// The elements of a full chunk.
    public static let chunkElementCount = 65_536

    /// The bytes of a full chunk: 64 Ki elements, so that one decodes in well under a millisecond.
    public var chunkByteCount: Int { Self.chunkElementCount * width }

    /// The chunks of a full segment: they share statistics, and an encoder holds one in memory.
    public static let segmentChunkCount = 64

    /// The bytes of a full segment.
    public var segmentByteCount: Int { chunkByteCount * Self.segmentChunkCount }

    /// The segments of a content of so many bytes, as ranges of it.
    public func segments(ofByteCount byteCount: Int) -> [Range<Int>] {
        stride(from: 0, to: byteCount, by: segmentByteCount).map {
            $0..<min(byteCount, $0 + segmentByteCount)
        }
    }
}
