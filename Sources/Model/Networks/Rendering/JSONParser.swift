/// Parses JSON (RFC 8259).
///
/// Foundation's reader does not tell `1.0` from `1`, which a network that is read and written again
/// must.
struct JSONParser {
    private var text: TextCursor

    /// Deeper nesting than any network or configuration has; bounds the stack.
    private static let depthMax = 64

    static func parse(_ bytes: [UInt8]) throws(NetworkError) -> JSONValue {
        // Editors of one system put a byte order mark in front.
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        var parser = JSONParser(text: TextCursor(isMarked ? Array(bytes.dropFirst(3)) : bytes))
        let value = try parser.value(depth: 0)
        guard parser.text.next() == nil else {
            throw parser.text.error("nothing may follow the value")
        }
        return value
    }

    private mutating func value(depth: Int) throws(NetworkError) -> JSONValue {
        guard depth <= Self.depthMax else {
            throw text.error("more than \(Self.depthMax) values lie in each other")
        }
        guard let byte = text.next() else { throw text.error("the text ends too early") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(NetworkError) -> JSONValue
    {
        guard text.bytes[text.place...].starts(with: word.utf8) else {
            throw text.error("expected a value")
        }
        text.place += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(NetworkError) -> JSONValue {
        text.place += 1
        var members: [JSONValue.Member] = []
        if text.take("}") { return .object(members) }
        repeat {
            guard text.next() == UInt8(ascii: "\"") else {
                throw text.error("expected a name in quotes")
            }
            let name = try string()
            guard text.take(":") else { throw text.error("expected ':'") }
            members.append(.init(name, try value(depth: depth + 1)))
        } while text.take(",")
        guard text.take("}") else { throw text.error("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func list(depth: Int) throws(NetworkError) -> JSONValue {
        text.place += 1
        var values: [JSONValue] = []
        if text.take("]") { return .list(values) }
        repeat { values.append(try value(depth: depth + 1)) } while text.take(",")
        guard text.take("]") else { throw text.error("expected ',' or ']'") }
        return .list(values)
    }

    private mutating func number() throws(NetworkError) -> JSONValue {
        let start = text.place
        let allowed = Set("+-0123456789.eE".utf8)
        text.skip { allowed.contains($0) }
        let digits = text.text(from: start)
        if let integer = Int(digits), !digits.hasPrefix("+") { return .integer(integer) }
        guard let number = Double(digits), number.isFinite else {
            text.place = start
            throw text.error("expected a value")
        }
        return .number(number)
    }

    private mutating func string() throws(NetworkError) -> String {
        text.place += 1
        var string: [UInt8] = []
        while let byte = text.byte, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw text.error("a text is not closed on its line") }
            text.place += 1
            if byte == UInt8(ascii: "\\") {
                string.append(contentsOf: String(try escaped()).utf8)
            } else {
                string.append(byte)
            }
        }
        guard text.byte != nil else { throw text.error("a text is not closed") }
        text.place += 1
        return String(decoding: string, as: UTF8.self)
    }

    private mutating func escaped() throws(NetworkError) -> Character {
        guard let byte = text.byte else { throw text.error("a text is not closed") }
        text.place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicode()
        default: throw text.error("'\\' must be followed by one of \"\\/bfnrtu")
        }
    }

    private mutating func unicode() throws(NetworkError) -> Character {
        let first = try hexadecimal()
        guard (0xD800...0xDBFF).contains(first),
            text.bytes[text.place...].starts(with: "\\u".utf8)
        else { return Character(Unicode.Scalar(first) ?? "\u{FFFD}") }
        text.place += 2
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second) else { return "\u{FFFD}" }
        let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        return Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")
    }

    private mutating func hexadecimal() throws(NetworkError) -> UInt32 {
        let digits = text.bytes[text.place...].prefix(4)
        guard digits.count == 4,
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw text.error("'\\u' must be followed by four hexadecimal digits") }
        text.place += 4
        return value
    }
}
