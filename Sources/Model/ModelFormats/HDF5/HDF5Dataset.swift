import Tensors

/// A dataset of an HDF5 file: its shape, its dtype, and where its elements lie.
struct HDF5Dataset {
    /// What became of the elements.
    enum Elements {
        case mapped(MappedTensor)
        /// Texts, or nothing.
        case noNumbers
        case left(reason: String)
    }

    private(set) var elements = Elements.noNumbers

    init(_ messages: [HDF5Reader.Message], of file: HDF5Reader, name: String) throws {
        var shape: [Int]?
        var type: (dtype: DType, isBigEndian: Bool)?
        var layout: HDF5Reader.Message?
        for message in messages {
            switch message.type {
            case 0x01: shape = try Self.shape(file.reader(of: message), width: file.lengthWidth)
            case 0x03 where !message.isShared: type = try Self.type(file.reader(of: message))
            case 0x07: throw ModelFormatError("Its dataset '\(name)' would be read from another file.")
            case 0x08: layout = message
            default: break
            }
        }
        guard let shape, let type, let layout else { return }
        let description = TensorDescription(
            name: name,
            dtype: type.dtype,
            shape: shape,
            isBigEndian: type.isBigEndian
        )
        guard let byteCount = description.byteCount else {
            throw ModelFormatError("The shape of its dataset '\(name)' is too large.")
        }
        let reader = file.reader(of: layout)
        let version = try reader.byte()
        guard version == 3 || version == 4 else {
            elements = .left(reason: "its dataset '\(name)' is laid out in an old way.")
            return
        }
        switch try reader.byte() {
        case 0:
            let size = try reader.integer(2)
            let start = reader.position
            try reader.skip(size)
            try map(description, start..<reader.position, byteCount)
        case 1:
            // Elements that were never written have no address.
            guard let start = try file.address(reader) else { return }
            let size = try reader.integer(file.lengthWidth)
            guard start <= file.byteCount, size <= file.byteCount - start else {
                throw ModelFormatError("Its dataset '\(name)' lies outside the file.")
            }
            try map(description, start..<start + size, byteCount)
        default:
            elements = .left(reason: "its dataset '\(name)' is chunked, so it is not mapped.")
        }
    }

    private mutating func map(
        _ description: TensorDescription,
        _ range: Range<Int>,
        _ byteCount: Int
    ) throws {
        guard byteCount <= range.count else {
            throw ModelFormatError(
                "Its dataset '\(description.name)' needs \(byteCount) bytes and has \(range.count)."
            )
        }
        let part = range.lowerBound..<range.lowerBound + byteCount
        elements = .mapped(MappedTensor(description: description, byteRange: part))
    }

    /// A dataspace message, version 1 or 2; nil for one without elements.
    private static func shape(_ reader: SourceReader, width: Int) throws -> [Int]? {
        let version = try reader.byte()
        let rank = Int(try reader.byte())
        _ = try reader.byte()
        if version == 1 {
            try reader.skip(5)
        } else if try reader.byte() == 2 {
            return nil
        }
        return try (0..<rank).map { _ in try reader.integer(width) }
    }

    /// A datatype message; nil for what is no number.
    private static func type(
        _ reader: SourceReader
    ) throws -> (dtype: DType, isBigEndian: Bool)? {
        let kind = try reader.byte() & 0x0F
        let bits = try reader.byte()
        try reader.skip(2)
        let size = try reader.integer(4)
        let isBigEndian = bits & 1 != 0
        switch (kind, size) {
        case (0, 1), (0, 2), (0, 4), (0, 8):
            let signed: [Int: DType] = [1: .i8, 2: .i16, 4: .i32, 8: .i64]
            let unsigned: [Int: DType] = [1: .u8, 2: .u16, 4: .u32, 8: .u64]
            return (bits & 8 != 0 ? signed : unsigned)[size].map { ($0, isBigEndian) }
        case (1, 2):
            // The width of the exponent tells half precision from bfloat16.
            try reader.skip(5)
            let exponentWidth = try reader.byte()
            return exponentWidth == 5 ? (.f16, isBigEndian)
                : exponentWidth == 8 ? (.bf16, isBigEndian) : nil
        case (1, 4): return (.f32, isBigEndian)
        case (1, 8): return (.f64, isBigEndian)
        // h5py writes truth values as an enumeration of a byte.
        case (8, 1): return (.bool, false)
        default: return nil
        }
    }
}
