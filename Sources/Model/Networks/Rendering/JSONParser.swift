/// Parses JSON (RFC 8259).
///
/// Foundation's reader does not tell `1.0` from `1`, which a network that is read and written again
/// must.
struct JSONParser {
    private let bytes: [UInt8]
    private var place = 0

    /// Deeper nesting than any network or configuration has; bounds the stack.
    private static let depthMax = 64

    static func parse(_ bytes: [UInt8]) throws(NetworkError) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        guard parser.peek() == nil else { throw parser.error("nothing may follow the value") }
        return value
    }

    private init(bytes: [UInt8]) {
        // Editors of one system put a byte order mark in front.
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    private func error(_ reason: String) -> NetworkError {
        let before = bytes[..<min(place, bytes.count)]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return NetworkError(
            .badInput,
            "Line \(line), column \(place - start + 1): \(reason).",
            offset: place
        )
    }

    private mutating func peek() -> UInt8? {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return bytes[place]
            }
        }
        return nil
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard let ascii = byte.asciiValue, peek() == ascii else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws(NetworkError) -> JSONValue {
        guard depth <= Self.depthMax else {
            throw error("more than \(Self.depthMax) values lie in each other")
        }
        guard let byte = peek() else { throw error("the text ends too early") }
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

    private mutating func word(_ text: String, _ value: JSONValue) throws(NetworkError) -> JSONValue
    {
        guard bytes[place...].starts(with: text.utf8) else { throw error("expected a value") }
        place += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(NetworkError) -> JSONValue {
        place += 1
        var members: [JSONValue.Member] = []
        if take("}") { return .object(members) }
        repeat {
            guard peek() == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
            let name = try string()
            guard take(":") else { throw error("expected ':'") }
            members.append(.init(name, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func list(depth: Int) throws(NetworkError) -> JSONValue {
        place += 1
        var values: [JSONValue] = []
        if take("]") { return .list(values) }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw error("expected ',' or ']'") }
        return .list(values)
    }

    private mutating func number() throws(NetworkError) -> JSONValue {
        let start = place
        let allowed = Set("+-0123456789.eE".utf8)
        while place < bytes.count, allowed.contains(bytes[place]) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if let integer = Int(text), !text.hasPrefix("+") { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            place = start
            throw error("expected a value")
        }
        return .number(number)
    }

    private mutating func string() throws(NetworkError) -> String {
        place += 1
        var text: [UInt8] = []
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            guard bytes[place] >= 0x20 else { throw error("a text is not closed on its line") }
            if bytes[place] == UInt8(ascii: "\\") {
                place += 1
                text.append(contentsOf: String(try escaped()).utf8)
            } else {
                text.append(bytes[place])
                place += 1
            }
        }
        guard place < bytes.count else { throw error("a text is not closed") }
        place += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func escaped() throws(NetworkError) -> Character {
        guard place < bytes.count else { throw error("a text is not closed") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicode()
        default: throw error("'\\' must be followed by one of \"\\/bfnrtu")
        }
    }

    private mutating func unicode() throws(NetworkError) -> Character {
        let first = try hexadecimal()
        guard (0xD800...0xDBFF).contains(first), place + 1 < bytes.count,
            bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
        else { return Character(Unicode.Scalar(first) ?? "\u{FFFD}") }
        place += 2
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second) else { return "\u{FFFD}" }
        let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        return Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")
    }

    private mutating func hexadecimal() throws(NetworkError) -> UInt32 {
        guard place + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw error("'\\u' must be followed by four hexadecimal digits") }
        place += 4
        return value
    }
}
