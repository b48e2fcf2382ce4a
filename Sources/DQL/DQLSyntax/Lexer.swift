/// Splits a query into words.
public struct Lexer {
    private let text: [UInt8]
    private var position = 0

    /// The longest query: no person writes one, and no error should take longer to find.
    static let byteCountMax = 1 << 20

    /// The words of a query, the last one its end.
    ///
    /// - Throws: ``DQLError`` at a character that no word begins with, or a text that does not end.
    public static func tokens(of text: [UInt8]) throws(DQLError) -> [Token] {
        guard text.count <= byteCountMax else {
            throw DQLError("A query has at most \(byteCountMax) bytes.", at: 0..<1)
        }
        var lexer = Lexer(text: text)
        var tokens: [Token] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private mutating func next() throws(DQLError) -> Token {
        skipSpaceAndComments()
        let start = position
        guard start < text.count else { return Token(kind: .end, range: start..<start) }
        let byte = text[start]
        let kind: Token.Kind
        switch byte {
        case UInt8(ascii: "\""): kind = .text(try quoted())
        case UInt8(ascii: "0")...UInt8(ascii: "9"): kind = try number()
        case UInt8(ascii: "-"), UInt8(ascii: "+"):
            guard start + 1 < text.count, isDigit(text[start + 1]) || text[start + 1] == UInt8(ascii: ".")
            else { throw unknown(start) }
            kind = try number()
        case _ where isLetter(byte):
            while position < text.count, isLetter(text[position]) || isDigit(text[position]) {
                position += 1
            }
            kind = .word(String(decoding: text[start..<position], as: UTF8.self))
        default: kind = .symbol(try symbol())
        }
        return Token(kind: kind, range: start..<position)
    }

    private mutating func skipSpaceAndComments() {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: "-") where text[position...].starts(with: "--".utf8): skipLine()
            default: return
            }
        }
    }

    private mutating func skipLine() {
        position = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    }

    private mutating func quoted() throws(DQLError) -> String {
        let start = position
        position += 1
        var bytes: [UInt8] = []
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard position < text.count else { break }
                switch text[position] {
                case UInt8(ascii: "n"): bytes.append(0x0A)
                case UInt8(ascii: "t"): bytes.append(0x09)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "'"):
                    bytes.append(text[position])
                default:
                    throw DQLError(
                        "A text has the escapes \\\", \\', \\\\, \\n and \\t.",
                        at: position - 1..<position + 1
                    )
                }
                position += 1
            case 0x0A:
                throw DQLError("The text does not end on its line.", at: start..<position - 1)
            default: bytes.append(byte)
            }
        }
        throw DQLError("The text does not end.", at: start..<text.count, hint: "close it with \"")
    }

    private mutating func number() throws(DQLError) -> Token.Kind {
        let start = position
        position += 1
        var isInteger = true
        while position < text.count {
            let byte = text[position]
            let isExponentSign =
                "+-".utf8.contains(byte) && "eE".utf8.contains(text[position - 1])
            guard isDigit(byte) || byte == UInt8(ascii: ".") || isLetter(byte) || isExponentSign else {
                break
            }
            isInteger = isInteger && isDigit(byte)
            position += 1
        }
        let word = String(decoding: text[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(word) { return .integer(value) }
        let isPlain = word.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
        guard isPlain, let value = Double(word), value.isFinite else {
            throw DQLError("'\(word)' is no number.", at: start..<position)
        }
        return .number(value)
    }

    private mutating func symbol() throws(DQLError) -> String {
        let start = position
        for symbol in ["!=", "<=", ">=", "<>"] where text[start...].starts(with: symbol.utf8) {
            position += 2
            return symbol == "<>" ? "!=" : symbol
        }
        guard "()[],.=<>*".utf8.contains(text[start]) else { throw unknown(start) }
        position += 1
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private func unknown(_ start: Int) -> DQLError {
        // A character of several bytes is shown whole.
        var end = start + 1
        while end < text.count, text[end] & 0xC0 == 0x80, end < start + 4 { end += 1 }
        let character = String(decoding: text[start..<end], as: UTF8.self)
        let isQuote = "'“”‘’`".contains(character)
        return DQLError(
            "No word of a query begins with '\(character)'.",
            at: start..<end,
            hint: isQuote ? "texts stand in double quotes: \"like this\"" : nil
        )
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || byte == UInt8(ascii: "_")
    }
}
