/// Cuts the text of a query into tokens: the first step from a text to a listing.
public struct Lexer: Sendable {
    /// The longest text that is a query, in bytes: a mebibyte, far beyond what anybody types, so
    /// that a weight file saved under a wrong name is refused at once.
    public static let byteCountMax = 1 << 20

    let bytes: [UInt8]
    var offset = 0

    /// Creates a lexer.
    ///
    /// - Parameter text: The bytes of a file that may hold anything.
    /// - Throws: ``DQLError`` if it is too long or not UTF-8.
    public init(_ text: [UInt8]) throws(DQLError) {
        guard text.count <= Self.byteCountMax else {
            throw DQLError(
                .syntax,
                "The query has \(text.count) bytes; at most \(Self.byteCountMax) are allowed."
            )
        }
        if let bad = Self.firstOffsetNotUTF8(text) {
            throw DQLError(
                .syntax,
                "The byte 0x\(String(text[bad], radix: 16)) is not UTF-8; "
                    + "save the query in that encoding.",
                at: SourceRange(bad, bad + 1)
            )
        }
        bytes = text
    }

    /// Reads the next token, skipping blanks and comments.
    ///
    /// - Returns: The token; `end` again and again at the end.
    /// - Throws: ``DQLError`` for what no token begins with and for broken strings and numbers.
    public mutating func next() throws(DQLError) -> Token {
        skipBlanksAndComments()
        let start = offset
        guard let byte = byte(at: start) else { return token(.end, from: start) }
        if Self.isLetter(byte) { return word() }
        if byte == UInt8(ascii: "\"") { return token(.string(try string()), from: start) }
        if beginsNumber() { return token(try number(), from: start) }
        if let symbol = symbol() {
            offset += symbol.rawValue.utf8.count
            return token(.symbol(symbol), from: start)
        }
        throw unexpectedCharacter(byte)
    }

    func byte(at index: Int) -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    private func token(_ kind: Token.Kind, from start: Int) -> Token {
        Token(kind: kind, range: SourceRange(start, offset))
    }

    private mutating func skipBlanksAndComments() {
        while let byte = byte(at: offset) {
            let isComment =
                byte == UInt8(ascii: "#")
                || (byte == UInt8(ascii: "-") && self.byte(at: offset + 1) == byte)
            if isComment {
                offset = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            } else if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
                offset += 1
            } else {
                return
            }
        }
    }

    private mutating func word() -> Token {
        let start = offset
        while let byte = byte(at: offset), Self.isLetter(byte) || Self.isDigit(byte) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if let keyword = Keyword(rawValue: text.lowercased()) {
            return token(.keyword(keyword, spelling: text), from: start)
        }
        return token(.word(text), from: start)
    }

    private func symbol() -> Symbol? {
        // The longer symbol counts: '<=' is not '<' and '='.
        for length in [2, 1] where offset + length <= bytes.count {
            let text = String(decoding: bytes[offset..<offset + length], as: UTF8.self)
            if let symbol = Symbol(rawValue: text), !isForeignOperator(symbol) { return symbol }
        }
        return nil
    }

    /// Whether other languages' `==` and `<>` begin here; the error for them says what to write.
    private func isForeignOperator(_ symbol: Symbol) -> Bool {
        let next = byte(at: offset + 1)
        return (symbol == .equal && next == UInt8(ascii: "="))
            || (symbol == .less && next == UInt8(ascii: ">"))
    }

    private func unexpectedCharacter(_ byte: UInt8) -> DQLError {
        let rest = String(decoding: bytes[offset...].prefix(4), as: UTF8.self)
        let scalar = rest.unicodeScalars.first ?? "\u{FFFD}"
        let length = UTF8.width(scalar)
        let name =
            scalar.properties.generalCategory == .control
            ? "U+" + String(scalar.value, radix: 16, uppercase: true) : "'\(scalar)'"
        let hint: String? =
            switch byte {
            case UInt8(ascii: "'"): "strings are written in double quotes"
            case UInt8(ascii: "="): "equality is written '='"
            case UInt8(ascii: "<"), UInt8(ascii: "!"): "inequality is written '!='"
            case UInt8(ascii: "&"): "write 'and'"
            case UInt8(ascii: "|"): "write 'or'"
            case UInt8(ascii: "/"): "a comment begins with '--' or '#'"
            default: nil
            }
        return DQLError(
            .syntax,
            "\(name) has no meaning here.",
            at: SourceRange(offset, offset + length),
            hint: hint
        )
    }

    private static func firstOffsetNotUTF8(_ text: [UInt8]) -> Int? {
        guard String(validating: text, as: UTF8.self) == nil else { return nil }
        var decoder = UTF8()
        var iterator = text.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            offset += UTF8.width(scalar)
        }
        return min(offset, text.count - 1)
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        let lowered = byte | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowered) || byte == UInt8(ascii: "_")
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
