public import Tensors

/// The fields of a protobuf message in a file, with their places (protobuf.dev, "Encoding").
///
/// Written for span maps: generated code, as of swift-protobuf, copies every field into memory and
/// forgets where it lay, while a map needs the places and none of the bytes. What is needed of the wire
/// format is four cases. Unknown fields are passed over; groups, which no model format has, are an error.
public struct ProtobufMessage {
    /// A field of a message.
    public struct Field {
        /// The number in the schema.
        public let number: Int
        /// What it holds.
        public let value: Value
        /// Where the field lies, tag included.
        public let range: Range<Int>
    }

    /// The value of a field by its wire type.
    public enum Value {
        /// A number of variable length.
        case varint(UInt64)
        /// Eight bytes of a number.
        case fixed64(Range<Int>)
        /// Four bytes of a number.
        case fixed32(Range<Int>)
        /// A string, a nested message or packed numbers.
        case bytes(Range<Int>)
    }

    /// More fields than this are no model.
    static let fieldCountMax = 20_000_000

    private let source: any ByteSource
    private let subject: String
    /// Where the message lies in the file.
    public let range: Range<Int>

    /// The message that fills a range of a source.
    ///
    /// - Parameter subject: What it is, for messages: `The model`.
    public init(_ source: any ByteSource, in range: Range<Int>, subject: String) {
        self.source = source
        self.range = range
        self.subject = subject
    }

    /// Calls a function with every field in order.
    ///
    /// - Throws: ``ModelFormatError`` if the bytes are no message, or what the function throws.
    public func forEachField(_ body: (Field) throws -> Void) throws {
        let reader = SourceReader(source, in: range, subject: subject)
        while reader.remaining > 0 {
            let start = reader.position
            let tag = try Self.varint(reader)
            let value: Value
            switch tag & 7 {
            case 0: value = .varint(try Self.varint(reader))
            case 1: value = .fixed64(try Self.take(8, reader))
            case 2: value = .bytes(try Self.take(Int(exactly: try Self.varint(reader)) ?? -1, reader))
            case 5: value = .fixed32(try Self.take(4, reader))
            default:
                throw ModelFormatError("\(subject) is no protobuf message at byte \(start).")
            }
            guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
                throw ModelFormatError("\(subject) has an impossible field at byte \(start).")
            }
            try body(Field(number: Int(tag >> 3), value: value, range: start..<reader.position))
        }
    }

    /// A nested message.
    func message(_ range: Range<Int>) -> ProtobufMessage {
        ProtobufMessage(source, in: range, subject: subject)
    }

    /// The text of a field.
    func text(_ range: Range<Int>) throws -> String {
        String(decoding: try source.bytes(in: range), as: UTF8.self)
    }

    /// The numbers of a repeated field that was written packed.
    ///
    /// - Parameter countMax: More are an error.
    func varints(_ range: Range<Int>, countMax: Int) throws -> [UInt64] {
        let reader = SourceReader(source, in: range, subject: subject)
        var numbers: [UInt64] = []
        while reader.remaining > 0 {
            guard numbers.count < countMax else {
                throw ModelFormatError("\(subject) lists more than \(countMax) numbers in one field.")
            }
            numbers.append(try Self.varint(reader))
        }
        return numbers
    }

    /// The bytes of a range.
    public func bytes(_ range: Range<Int>) throws -> [UInt8] {
        try source.bytes(in: range)
    }

    private static func take(_ count: Int, _ reader: SourceReader) throws -> Range<Int> {
        let start = reader.position
        try reader.skip(count)
        return start..<reader.position
    }

    private static func varint(_ reader: SourceReader) throws -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try reader.byte()
            number |= shift < 64 ? UInt64(byte & 0x7F) << shift : 0
            if byte < 0x80 { return number }
        }
        throw ModelFormatError("\(reader.subject) has an endless number at byte \(reader.position).")
    }
}
