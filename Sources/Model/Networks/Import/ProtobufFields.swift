import ModelFormats
import Tensors

/// A field of a protobuf message: its number, and what it holds or where that lies.
struct ProtobufField {
    /// The number in the schema.
    let number: Int
    /// The value of a varint, or the bits of a number of four or eight bytes.
    var bits: UInt64 = 0
    /// The bytes of a text, message or packed list; nil for numbers.
    var range: Range<Int>?
}

/// Walks the fields of a protobuf message without loading what lies between: models hold gigabytes of
/// weights, and only the graph is of interest.
enum ProtobufFields {
    /// A message that breaks the rules of its schema.
    static func broken(_ reason: String) -> NetworkError {
        NetworkError(.badInput, "Its message is damaged: \(reason).")
    }

    /// Calls a function with every field in order.
    ///
    /// - Throws: ``NetworkError`` if the bytes are no message, or what the function or source throws.
    static func forEach(
        _ source: any ByteSource,
        in range: Range<Int>? = nil,
        _ body: (ProtobufField) throws -> Void
    ) throws {
        let message = ProtobufMessage(
            source,
            in: range ?? 0..<source.byteCount,
            subject: "Its message"
        )
        do {
            try message.forEachField { field in
                var result = ProtobufField(number: field.number)
                switch field.value {
                case .varint(let bits): result.bits = bits
                case .bytes(let range): result.range = range
                case .fixed32(let range), .fixed64(let range):
                    for (index, byte) in try message.bytes(range).enumerated() {
                        result.bits |= UInt64(byte) << UInt64(8 * index)
                    }
                }
                try body(result)
            }
        } catch let error as ModelFormatError {
            throw NetworkError(.badInput, error.message)
        }
    }
}
