import Tensors

/// Reads the header of a safetensors file.
///
///     0           8                8 + N
///     N (u64 LE)  header: JSON     tensors, one behind the other, to the end of the file
///
/// The rules are those that the reference reader enforces: no hole, no overlap, no trailing byte, and
/// each size is the product of its shape and dtype. Duplicate names, which it lets pass, are refused.
enum SafetensorsFile {
    /// The longest header that the reference reader takes.
    static let headerByteCountMax = 100_000_000

    static func map(_ source: any ByteSource) throws -> SpanMap {
        guard source.byteCount >= 8 else {
            throw ModelFormatError(
                "A safetensors file has at least 8 bytes, and this has \(source.byteCount)."
            )
        }
        let length = try source.bytes(in: 0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(source.byteCount - 8) else {
            throw ModelFormatError(
                "The header claims \(length) bytes, but only \(source.byteCount - 8) follow."
            )
        }
        guard length <= UInt64(headerByteCountMax) else {
            throw ModelFormatError(
                "The header claims \(length) bytes; more than \(headerByteCountMax) are refused."
            )
        }
        let start = 8 + Int(length)
        let header = try source.bytes(in: 8..<start)
        var parser = SafetensorsHeaderParser(header)
        let entries = try parser.parse()
        let tensors = try entries.map { try tensor($0, dataStart: start, source.byteCount) }
        return try checked(tensors, dataStart: start, byteCount: source.byteCount)
    }

    private static func tensor(
        _ entry: SafetensorsHeaderParser.Entry,
        dataStart: Int,
        _ byteCount: Int
    ) throws -> MappedTensor {
        let room = byteCount - dataStart
        guard entry.start <= entry.end, entry.end <= room else {
            throw ModelFormatError(
                "The tensor '\(entry.name)' claims the bytes \(entry.start) to \(entry.end) of "
                    + "\(room)."
            )
        }
        let byteRange = dataStart + entry.start..<dataStart + entry.end
        guard let dtype = DType(rawValue: entry.dtype), isOfFormat(dtype) else {
            // The list of dtypes grows; the offsets tell what belongs to one that is not known yet.
            return MappedTensor(
                description: TensorDescription(
                    name: entry.name,
                    dtype: .opaque,
                    shape: [byteRange.count]
                ),
                byteRange: byteRange
            )
        }
        let description = TensorDescription(name: entry.name, dtype: dtype, shape: entry.shape)
        guard let size = description.byteCount, let count = description.elementCount,
            count % dtype.block.elementCount == 0 || count * dtype.bitWidth % 8 == 0
        else {
            throw ModelFormatError(
                "The shape of the tensor '\(entry.name)' is too large or not a whole number of bytes."
            )
        }
        guard entry.end - entry.start == size else {
            throw ModelFormatError(
                "The tensor '\(entry.name)' needs \(size) bytes by its shape and dtype, but its "
                    + "offsets hold \(entry.end - entry.start)."
            )
        }
        return MappedTensor(description: description, byteRange: byteRange)
    }

    /// Whether the format has a dtype: those up to BOOL in the list.
    private static func isOfFormat(_ dtype: DType) -> Bool {
        let ranks = DType.allCases
        guard let rank = ranks.firstIndex(of: dtype), let last = ranks.firstIndex(of: .bool) else {
            return false
        }
        return rank <= last
    }

    private static func checked(
        _ tensors: [MappedTensor],
        dataStart: Int,
        byteCount: Int
    ) throws -> SpanMap {
        guard let map = SpanMap(format: .safetensors, byteCount: byteCount, tensors: tensors) else {
            throw ModelFormatError("Two of the tensors overlap.")
        }
        // Only the header is no tensor: its eight bytes and its text are one gap at the beginning.
        if let hole = map.gaps.first(where: { $0.upperBound > dataStart }) {
            let first = max(hole.lowerBound, dataStart)
            throw ModelFormatError(
                "The bytes \(first) to \(hole.upperBound) of the file belong to no tensor."
            )
        }
        return map
    }
}
