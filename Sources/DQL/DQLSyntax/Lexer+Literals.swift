extension Lexer {
    /// Whether a number begins here: a digit, or a sign or a point before one.
    func beginsNumber() -> Bool {
        var index = offset
        if let sign = byte(at: index), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            index += 1
        }
        if byte(at: index) == UInt8(ascii: ".") { index += 1 }
        return byte(at: index).map(Self.isDigit) ?? false
    }

    /// Reads a number.
    mutating func number() throws(DQLError) -> Token.Kind {
        let start = offset
        var isInteger = true
        if !Self.isDigit(bytes[offset]), bytes[offset] != UInt8(ascii: ".") { offset += 1 }
        skipDigits()
        if byte(at: offset) == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            skipDigits()
        }
        if let exponent = byte(at: offset), exponent | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if let sign = byte(at: offset), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                offset += 1
            }
            skipDigits()
        }
        // '3x' is a slip, not the number 3 before a word.
        while let next = byte(at: offset), Self.isLetter(next) || Self.isDigit(next) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard Self.isDecimal(text), let value = Double(text), value.isFinite else {
            throw DQLError(
                .syntax,
                "'\(text.prefix(40))' is not a number.",
                at: SourceRange(start, offset)
            )
        }
        return .number(value)
    }

    /// `Double` also reads hexadecimal numbers, which DQL does not have.
    private static func isDecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
    }

    private mutating func skipDigits() {
        while let next = byte(at: offset), Self.isDigit(next) { offset += 1 }
    }

    /// Reads a string from its opening quote to behind its closing one.
    mutating func string() throws(DQLError) -> String {
        let start = offset
        var value: [UInt8] = []
        offset += 1
        while let next = byte(at: offset), next != UInt8(ascii: "\n") {
            offset += 1
            switch next {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"): value.append(try escape())
            default: value.append(next)
            }
        }
        throw DQLError(
            .syntax,
            "The string that begins here has no closing '\"' on its line.",
            at: SourceRange(start, start + 1)
        )
    }

    /// Reads the character behind a backslash.
    private mutating func escape() throws(DQLError) -> UInt8 {
        guard let next = byte(at: offset) else { return UInt8(ascii: "\\") }
        offset += 1
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): return next
        case UInt8(ascii: "n"): return UInt8(ascii: "\n")
        case UInt8(ascii: "t"): return UInt8(ascii: "\t")
        default:
            throw DQLError(
                .syntax,
                "A backslash in a string stands before one of \" ' \\ n t.",
                at: SourceRange(offset - 2, offset),
                hint: "a backslash itself is written twice"
            )
        }
    }
}
