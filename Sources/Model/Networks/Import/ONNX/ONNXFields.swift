import Tensors

/// A small message, loaded as a whole.
struct ONNXFields {
    private let bytes: MemoryBytes
    private var fields: [ProtobufField] = []

    /// More than a node or a description of a value has.
    private static let byteCountMax = 64 << 20

    init(_ source: any ByteSource, _ range: Range<Int>) throws {
        guard range.count <= Self.byteCountMax else {
            throw ProtobufFields.broken("a node is larger than any")
        }
        bytes = MemoryBytes(try source.bytes(in: range))
        try ProtobufFields.forEach(bytes) { fields.append($0) }
    }

    func texts(_ number: Int) throws -> [String] {
        fields.filter { $0.number == number }.compactMap { field in
            field.range.map { String(decoding: bytes.bytes[$0], as: UTF8.self) }
        }
    }

    func raw(_ number: Int) -> [UInt8] {
        fields.last { $0.number == number }?.range.map { Array(bytes.bytes[$0]) } ?? []
    }

    func messages(_ number: Int) throws -> [ONNXFields] {
        try fields.filter { $0.number == number }.compactMap { field in
            try field.range.map { try ONNXFields(bytes, $0) }
        }
    }

    /// Integers, packed or one by one.
    func integers(_ number: Int) throws -> [Int] {
        fields.filter { $0.number == number }.flatMap { field in
            field.range.map { Self.integers(in: bytes.bytes[$0]) }
                ?? [Int(bitPattern: UInt(field.bits))]
        }
    }

    /// The integers of a packed list.
    static func integers(in bytes: some Sequence<UInt8>) -> [Int] {
        var values: [Int] = []
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes {
            value |= shift < 64 ? UInt64(byte & 0x7F) << shift : 0
            shift += 7
            if byte < 0x80 {
                values.append(Int(bitPattern: UInt(value)))
                (value, shift) = (0, 0)
            }
        }
        return values
    }

    /// Single-precision numbers, packed or one by one.
    func numbers(_ number: Int) -> [Double] {
        fields.filter { $0.number == number }.flatMap { field -> [Double] in
            guard let range = field.range else {
                return [Double(Float(bitPattern: UInt32(truncatingIfNeeded: field.bits)))]
            }
            return stride(from: range.lowerBound, to: range.upperBound - 3, by: 4).map { start in
                let bits = (0..<4).reduce(UInt32(0)) { bits, index in
                    bits | UInt32(bytes.bytes[start + index]) << UInt32(index * 8)
                }
                return Double(Float(bitPattern: bits))
            }
        }
    }
}
