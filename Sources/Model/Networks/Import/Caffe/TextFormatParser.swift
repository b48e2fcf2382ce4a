/// Parses protobuf's text format.
///
/// `#` begins a comment; texts stand in `"` or `'` and may be divided; lists in brackets repeat a
/// field; messages stand in `{ }` or `< >`, with or without a colon before; `,` and `;` may follow a
/// field. (Text Format Language Specification, protobuf.dev.)
struct TextFormatParser {
    private var text: TextCursor

    /// Deeper nesting than any network has; bounds the stack.
    private static let depthMax = 64

    static func parse(_ bytes: [UInt8]) throws(NetworkError) -> TextMessage {
        var parser = TextFormatParser(text: TextCursor(bytes, comment: "#"))
        return try parser.message(until: nil, depth: 0)
    }

    private mutating func message(
        until closing: Unicode.Scalar?,
        depth: Int
    ) throws(NetworkError) -> TextMessage {
        guard depth <= Self.depthMax else {
            throw text.error("more than \(Self.depthMax) messages lie in each other")
        }
        var message = TextMessage()
        while text.next() != nil {
            if let closing, text.take(closing) { return message }
            let name = try fieldName()
            let hasColon = text.take(":")
            if hasColon, text.take("[") {
                try appendList(to: &message, named: name, depth: depth)
            } else {
                let value = try value(depth: depth, isScalarAllowed: hasColon)
                message.fields.append(.init(name: name, value: value))
            }
            while text.take(",") || text.take(";") {}
        }
        guard let closing else { return message }
        throw text.error("'\(closing)' is missing at the end")
    }

    private mutating func appendList(
        to message: inout TextMessage,
        named name: String,
        depth: Int
    ) throws(NetworkError) {
        if text.take("]") { return }
        repeat {
            let value = try value(depth: depth, isScalarAllowed: true)
            message.fields.append(.init(name: name, value: value))
        } while text.take(",")
        guard text.take("]") else { throw text.error("expected ',' or ']' in a list") }
    }

    private mutating func fieldName() throws(NetworkError) -> String {
        // An extension or Any: its name in brackets is skipped over like any unknown one.
        if text.next() == UInt8(ascii: "[") {
            let start = text.place
            text.skip { $0 != UInt8(ascii: "]") }
            guard text.take("]") else { throw text.error("']' is missing") }
            return text.text(from: start)
        }
        let start = text.place
        text.skip(while: Self.isWordByte)
        guard text.place > start else { throw text.error("expected the name of a field") }
        return text.text(from: start)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func value(
        depth: Int,
        isScalarAllowed: Bool
    ) throws(NetworkError) -> TextMessage.Value {
        if text.take("{") { return .message(try message(until: "}", depth: depth + 1)) }
        if text.take("<") { return .message(try message(until: ">", depth: depth + 1)) }
        guard isScalarAllowed else {
            throw text.error("expected ':' or '{' after the name of a field")
        }
        if let string = try string() { return .scalar(string) }
        let start = text.place
        text.skip { byte in
            Self.isWordByte(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-")
        }
        guard text.place > start else { throw text.error("expected a value") }
        return .scalar(text.text(from: start))
    }

    /// A text in quotes, all pieces of it; nil if none comes next.
    private mutating func string() throws(NetworkError) -> String? {
        var bytes: [UInt8] = []
        var isThere = false
        while let quote = text.next(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            text.place += 1
            try appendQuoted(until: quote, to: &bytes)
            isThere = true
        }
        return isThere ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private mutating func appendQuoted(
        until quote: UInt8,
        to bytes: inout [UInt8]
    ) throws(NetworkError) {
        while let byte = text.byte, byte != quote, byte != UInt8(ascii: "\n") {
            text.place += 1
            guard byte == UInt8(ascii: "\\"), let escaped = text.byte else {
                bytes.append(byte)
                continue
            }
            text.place += 1
            switch escaped {
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
            default: bytes.append(escaped)
            }
        }
        guard text.byte == quote else { throw text.error("a text is not closed on its line") }
        text.place += 1
    }
}
