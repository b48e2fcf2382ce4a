import Tensors

/// Finds the tensors of a GGUF file, version 2 or 3, in either byte order (gguf.md of ggml).
///
///     GGUF │ version u32 │ tensors u64 │ pairs u64
///     { key │ type u32 │ value } …       a string is its length u64 and its bytes
///     { name │ dimensions u32 │ u64 …, the fastest first │ type u32 │ offset u64 } …
///     padding │ tensors, each at a multiple of the alignment
struct GGUFFile {
    /// The first four bytes.
    static let magic = Array("GGUF".utf8)

    private struct Entry {
        let name: String
        let shape: [Int]
        let type: Int
        let offset: Int
    }

    private let reader: SourceReader
    private let isBigEndian: Bool
    private var alignment = 32

    static func map(_ source: any ByteSource) throws -> FileMapping {
        var file = try GGUFFile(source)
        let tensorCount = try file.integer(8)
        let pairCount = try file.integer(8)
        // A tensor takes at least 24 bytes of the header, a pair 13.
        guard tensorCount <= source.byteCount / 24, pairCount <= source.byteCount / 13 else {
            throw ModelFormatError("It claims more tensors than it has room for.")
        }
        for _ in 0..<pairCount { try file.readPair() }
        var entries: [Entry] = []
        for _ in 0..<tensorCount { entries.append(try file.readEntry()) }
        let start = file.reader.position
        let padded = (start + file.alignment - 1) / file.alignment * file.alignment
        guard padded <= source.byteCount || entries.isEmpty else { throw file.reader.endsTooEarly }
        let tensors = try file.tensors(entries, dataStart: padded, end: source.byteCount)
        guard let map = SpanMap(format: .gguf, byteCount: source.byteCount, tensors: tensors) else {
            throw ModelFormatError("Two of its tensors overlap.")
        }
        return .mapped(map)
    }

    private init(_ source: any ByteSource) throws {
        reader = SourceReader(source, in: 0..<source.byteCount, subject: "The header")
        try reader.skip(Self.magic.count)
        let version = try reader.integer(4)
        isBigEndian = version & 0xFFFF == 0
        let number = isBigEndian ? Int(UInt32(truncatingIfNeeded: version).byteSwapped) : version
        guard number == 2 || number == 3 else {
            throw ModelFormatError("Its version \(number) is unknown.")
        }
    }

    private func integer(_ byteCount: Int) throws -> Int {
        try reader.integer(byteCount, isBigEndian: isBigEndian)
    }

    private func text() throws -> String {
        try reader.text(try integer(8))
    }

    // MARK: - Pairs

    private mutating func readPair() throws {
        let key = try text()
        let type = try integer(4)
        if key == "general.alignment" {
            guard type == 4 else { throw ModelFormatError("Its alignment is no number of 32 bits.") }
            alignment = try integer(4)
            guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
                throw ModelFormatError("Its alignment \(alignment) is no power of two.")
            }
            return
        }
        try skipValue(type, depth: 0)
    }

    private func skipValue(_ type: Int, depth: Int) throws {
        if let width = Self.width(type) { return try reader.skip(width) }
        switch type {
        case 8: try reader.skip(try integer(8))
        case 9:
            let element = try integer(4)
            let count = try integer(8)
            guard depth < 4 else { throw ModelFormatError("Its lists lie too deep.") }
            if let width = Self.width(element) {
                let (size, overflow) = count.multipliedReportingOverflow(by: width)
                return try reader.skip(overflow ? -1 : size)
            }
            // A string takes at least eight bytes, and a list twelve.
            guard count <= reader.remaining / 8 else { throw reader.endsTooEarly }
            for _ in 0..<count { try skipValue(element, depth: depth + 1) }
        default: throw ModelFormatError("It holds a value of the unknown type \(type).")
        }
    }

    /// The width of a value of fixed size in bytes.
    private static func width(_ type: Int) -> Int? {
        switch type {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 10, 11, 12: 8
        default: nil
        }
    }

    // MARK: - Tensors

    private func readEntry() throws -> Entry {
        let name = try text()
        let count = try integer(4)
        guard count <= 16 else { throw ModelFormatError("The tensor '\(name)' has \(count) dimensions.") }
        let dimensions = try (0..<count).map { _ in try integer(8) }
        return Entry(
            name: name,
            shape: dimensions.reversed(),
            type: try integer(4),
            offset: try integer(8)
        )
    }

    private func tensors(
        _ entries: [Entry],
        dataStart: Int,
        end: Int
    ) throws -> [MappedTensor] {
        let room = end - dataStart
        let offsets = entries.map(\.offset).sorted()
        return try entries.map { entry in
            guard entry.offset <= room else {
                throw ModelFormatError("The tensor '\(entry.name)' lies outside the file.")
            }
            let start = dataStart + entry.offset
            var description = TensorDescription(
                name: entry.name,
                dtype: GGUFType.dtype(entry.type) ?? .opaque,
                shape: entry.shape,
                isBigEndian: isBigEndian
            )
            if description.dtype == .opaque {
                // Types come every few months: one that is new takes the bytes up to the next tensor.
                let next = offsets.first { $0 > entry.offset } ?? room
                description.shape = [min(next, room) - entry.offset]
            }
            guard let byteCount = description.byteCount, byteCount <= end - start,
                (entry.shape.last ?? 1) % description.dtype.block.elementCount == 0
            else {
                throw ModelFormatError("The tensor '\(entry.name)' does not fit into the file.")
            }
            return MappedTensor(description: description, byteRange: start..<start + byteCount)
        }
    }
}

/// The element types of GGUF (ggml.h, `ggml_type`).
enum GGUFType {
    static func dtype(_ code: Int) -> DType? {
        let types: [Int: DType] = [
            0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 9: .q8_1, 10: .q2K,
            11: .q3K, 12: .q4K, 13: .q5K, 14: .q6K, 15: .q8K, 16: .iq2XXS, 17: .iq2XS, 18: .iq3XXS,
            19: .iq1S, 20: .iq4NL, 21: .iq3S, 22: .iq2S, 23: .iq4XS, 24: .i8, 25: .i16, 26: .i32,
            27: .i64, 28: .f64, 29: .iq1M, 30: .bf16, 34: .tq1_0, 35: .tq2_0, 39: .mxfp4, 40: .nvfp4,
            41: .q1_0,
        ]
        return types[code]
    }
}
