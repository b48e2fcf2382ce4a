import Tensors

/// Reads the header of a `.npy` file (numpy.lib.format, versions 1 to 3).
///
///     0        6      8          10 or 12
///     \x93NUMPY  version  length  {'descr': …, 'fortran_order': …, 'shape': …}  elements
enum NpyFile {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Longer headers belong to structured arrays, which are kept whole anyway.
    private static let headerByteCountMax = 1 << 20

    /// An array within a file.
    struct Header {
        let dtype: DType
        let shape: [Int]
        let isFortranOrder: Bool
        let isBigEndian: Bool
        /// The place of the first element.
        let dataOffset: Int
    }

    /// What a header says.
    enum Reading {
        case array(Header)
        case keptWhole(reason: String)
    }

    static func map(_ source: any ByteSource, tensorName: String) throws -> FileMapping {
        let header: Header
        switch try read(source, at: 0, end: source.byteCount, name: "The file") {
        case .array(let found): header = found
        case .keptWhole(let reason): return .keptWhole(reason: reason)
        }
        let tensor = try tensor(header, name: tensorName, end: source.byteCount)
        guard
            let map = SpanMap(format: .npy, byteCount: source.byteCount, tensors: [tensor])
        else { throw ModelFormatError("The array '\(tensorName)' lies outside the file.") }
        return .mapped(map)
    }

    /// The tensor of a header, whose elements must end before `end`.
    static func tensor(_ header: Header, name: String, end: Int) throws -> MappedTensor {
        var description = TensorDescription(
            name: name,
            dtype: header.dtype,
            shape: header.shape,
            isFortranOrder: header.isFortranOrder
        )
        description.isBigEndian = header.isBigEndian
        guard let byteCount = description.byteCount else {
            throw ModelFormatError("The shape of the array '\(name)' is too large.")
        }
        guard byteCount <= end - header.dataOffset else {
            throw ModelFormatError(
                "The array '\(name)' needs \(byteCount) bytes, but only "
                    + "\(end - header.dataOffset) are there."
            )
        }
        return MappedTensor(
            description: description,
            byteRange: header.dataOffset..<header.dataOffset + byteCount
        )
    }

    /// Reads the header of the array that begins at `start` and ends before `end`.
    static func read(
        _ source: any ByteSource,
        at start: Int,
        end: Int,
        name: String
    ) throws -> Reading {
        guard end - start >= 10 else { throw ModelFormatError("\(name) is too short for an array.") }
        let prefix = try source.bytes(in: start..<min(end, start + 12))
        guard prefix.starts(with: magic) else {
            throw ModelFormatError("\(name) does not begin like a NumPy array.")
        }
        guard (1...3).contains(prefix[6]), prefix[6] == 1 || prefix.count == 12 else {
            throw ModelFormatError("\(name) has the unknown NumPy version \(prefix[6]).")
        }
        let lengthSize = prefix[6] == 1 ? 2 : 4
        let length = prefix[8..<8 + lengthSize].reversed().reduce(0) { $0 << 8 | Int($1) }
        let headerStart = start + 8 + lengthSize
        guard length <= end - headerStart else {
            throw ModelFormatError("\(name) ends within its NumPy header.")
        }
        guard length <= headerByteCountMax else {
            return .keptWhole(reason: "its NumPy header is longer than a megabyte.")
        }
        let text = try source.bytes(in: headerStart..<headerStart + length)
        var parser = NpyHeaderParser(text)
        guard let fields = parser.parse() else {
            throw ModelFormatError("\(name) has a NumPy header that cannot be read.")
        }
        guard let descr = fields.descr else {
            return .keptWhole(reason: "it is a structured NumPy array.")
        }
        // Big-endian types are named as their little-endian twins.
        let isBigEndian = descr.first == ">"
        guard let dtype = dtype(isBigEndian ? "<" + descr.dropFirst() : descr) else {
            return .keptWhole(reason: "its NumPy dtype '\(descr)' is not one of a tensor.")
        }
        return .array(
            Header(
                dtype: dtype,
                shape: fields.shape,
                isFortranOrder: fields.isFortranOrder,
                isBigEndian: isBigEndian && dtype.storageWidth > 1,
                dataOffset: headerStart + length
            )
        )
    }

    /// The dtype of a little-endian or one-byte type string (numpy, "The array interface protocol").
    ///
    /// A `void` of one or two bytes is what ml_dtypes' bfloat16 and float8 are written as.
    private static func dtype(_ descr: String) -> DType? {
        switch descr {
        case "|b1", "<b1", "?": .bool
        case "|u1", "<u1": .u8
        case "|i1", "<i1": .i8
        case "<u2": .u16
        case "<i2": .i16
        case "<u4": .u32
        case "<i4": .i32
        case "<u8": .u64
        case "<i8": .i64
        case "<f2": .f16
        case "<f4": .f32
        case "<f8": .f64
        case "<c8": .c64
        case "<c16": .c128
        case "|V1", "<V1": .void8
        case "|V2", "<V2": .void16
        default: nil
        }
    }
}
