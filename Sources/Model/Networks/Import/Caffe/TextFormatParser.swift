/// Parses protobuf's text format.
///
/// `#` begins a comment; texts stand in `"` or `'` and may be divided; lists in brackets repeat a
/// field; messages stand in `{ }` or `< >`, with or without a colon before; `,` and `;` may follow a
/// field. (Text Format Language Specification, protobuf.dev.)
struct TextFormatParser {
    private let bytes: [UInt8]
    private var place = 0

    /// Deeper nesting than any network has; bounds the stack.
    private static let depthMax = 64

    static func parse(_ bytes: [UInt8]) throws(NetworkError) -> TextMessage {
        var parser = TextFormatParser(bytes: bytes)
        let message = try parser.message(until: nil, depth: 0)
        return message
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
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

    private mutating func skipSpace() {
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                place += 1
            case UInt8(ascii: "#"):
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            default: return
            }
        }
    }

    /// The next byte that is no space, or nil at the end.
    private mutating func peek() -> UInt8? {
        skipSpace()
        return place < bytes.count ? bytes[place] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        place += 1
        return true
    }

    private mutating func message(
        until closing: UInt8?,
        depth: Int
    ) throws(NetworkError) -> TextMessage {
        guard depth <= Self.depthMax else {
            throw error("more than \(Self.depthMax) messages lie in each other")
        }
        var message = TextMessage()
        while true {
            guard let byte = peek() else {
                guard let closing else { return message }
                throw error("'\(Character(Unicode.Scalar(closing)))' is missing at the end")
            }
            if byte == closing {
                place += 1
                return message
            }
            let name = try fieldName()
            let hasColon = take(UInt8(ascii: ":"))
            if hasColon, take(UInt8(ascii: "[")) {
                try appendList(to: &message, named: name, depth: depth)
            } else {
                let value = try value(depth: depth, isScalarAllowed: hasColon)
                message.fields.append(.init(name: name, value: value))
            }
            while take(UInt8(ascii: ",")) || take(UInt8(ascii: ";")) {}
        }
    }

    private mutating func appendList(
        to message: inout TextMessage,
        named name: String,
        depth: Int
    ) throws(NetworkError) {
        if take(UInt8(ascii: "]")) { return }
        repeat {
            let value = try value(depth: depth, isScalarAllowed: true)
            message.fields.append(.init(name: name, value: value))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']' in a list") }
    }

    private mutating func fieldName() throws(NetworkError) -> String {
        // An extension or Any: its name in brackets is skipped over like any unknown one.
        if peek() == UInt8(ascii: "[") {
            let start = place
            while place < bytes.count, bytes[place] != UInt8(ascii: "]") { place += 1 }
            guard place < bytes.count else { throw error("']' is missing") }
            place += 1
            return String(decoding: bytes[start..<place], as: UTF8.self)
        }
        let start = place
        while place < bytes.count, Self.isWordByte(bytes[place]) { place += 1 }
        guard place > start else { throw error("expected the name of a field") }
        return String(decoding: bytes[start..<place], as: UTF8.self)
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
        if take(UInt8(ascii: "{")) {
            return .message(try message(until: UInt8(ascii: "}"), depth: depth + 1))
        }
        if take(UInt8(ascii: "<")) {
            return .message(try message(until: UInt8(ascii: ">"), depth: depth + 1))
        }
        guard isScalarAllowed else { throw error("expected ':' or '{' after the name of a field") }
        if let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            var text: [UInt8] = []
            while let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                place += 1
                try appendQuoted(until: quote, to: &text)
            }
            return .scalar(String(decoding: text, as: UTF8.self))
        }
        let start = place
        if place < bytes.count, bytes[place] == UInt8(ascii: "-") { place += 1 }
        while place < bytes.count,
            Self.isWordByte(bytes[place]) || bytes[place] == UInt8(ascii: ".")
                || bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-")
        { place += 1 }
        guard place > start else { throw error("expected a value") }
        return .scalar(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    private mutating func appendQuoted(
        until quote: UInt8,
        to text: inout [UInt8]
    ) throws(NetworkError) {
        while place < bytes.count, bytes[place] != quote {
            var byte = bytes[place]
            guard byte != UInt8(ascii: "\n") else { break }
            if byte == UInt8(ascii: "\\"), place + 1 < bytes.count {
                place += 1
                switch bytes[place] {
                case UInt8(ascii: "n"): byte = UInt8(ascii: "\n")
                case UInt8(ascii: "t"): byte = UInt8(ascii: "\t")
                default: byte = bytes[place]
                }
            }
            text.append(byte)
            place += 1
        }
        guard place < bytes.count, bytes[place] == quote else {
            throw error("a text is not closed on its line")
        }
        place += 1
    }
}
