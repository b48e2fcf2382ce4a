import Tensors

/// A field of a protobuf message: its number, and where its value lies.
struct ProtobufField {
    /// The number in the schema.
    let number: Int
    /// The value of a varint, or the bits of a fixed-width number.
    let bits: UInt64
    /// The bytes of a text, message or packed list; nil for numbers.
    let range: Range<Int>?
}

/// Walks the fields of a protobuf message without loading what lies between: models hold gigabytes of
/// weights, and only the graph is of interest. (Protocol Buffers Encoding, protobuf.dev.)
struct ProtobufReader {
    private let source: any ByteSource
    private let end: Int
    private var place: Int
    private var window: [UInt8] = []
    private var windowStart = 0

    /// Enough for many small fields a read, and little to waste before a large one.
    private static let windowByteCount = 16 << 10

    init(_ source: any ByteSource, in range: Range<Int>? = nil) {
        self.source = source
        place = range?.lowerBound ?? 0
        end = range?.upperBound ?? source.byteCount
    }

    static func broken(_ reason: String) -> NetworkError {
        NetworkError(.badInput, "It is no protobuf message: \(reason).")
    }

    /// The next field, or nil at the end.
    mutating func next() throws -> ProtobufField? {
        guard place < end else { return nil }
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw Self.broken("a field has no number") }
        let number = Int(tag >> 3)
        switch tag & 7 {
        case 0: return ProtobufField(number: number, bits: try varint(), range: nil)
        case 1: return ProtobufField(number: number, bits: try fixed(8), range: nil)
        case 5: return ProtobufField(number: number, bits: try fixed(4), range: nil)
        case 2:
            let count = try varint()
            guard count <= UInt64(end - place) else { throw Self.broken("a field is cut off") }
            let range = place..<place + Int(count)
            place = range.upperBound
            return ProtobufField(number: number, bits: 0, range: range)
        default: throw Self.broken("a field has the wire type \(tag & 7)")
        }
    }

    private mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Self.broken("a number has more than ten bytes")
    }

    private mutating func fixed(_ count: Int) throws -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(try byte()) << UInt64(index * 8) }
        return value
    }

    private mutating func byte() throws -> UInt8 {
        guard place < end else { throw Self.broken("it is cut off") }
        if !(windowStart..<windowStart + window.count).contains(place) {
            let count = min(Self.windowByteCount, end - place)
            window = try source.bytes(in: place..<place + count)
            windowStart = place
        }
        place += 1
        return window[place - 1 - windowStart]
    }
}
