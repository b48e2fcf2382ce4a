/// Reads the Python literal of a NumPy header: a dictionary of three members.
struct NpyHeaderParser {
    /// What the header says.
    struct Fields {
        /// The type string; nil for a structured type, which is a list.
        var descr: String?
        var isFortranOrder = false
        var shape: [Int] = []
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The fields, or nil if the text is no such dictionary.
    mutating func parse() -> Fields? {
        var fields = Fields()
        var seen: Set<String> = []
        guard take("{") else { return nil }
        while !take("}") {
            guard let name = parseString(), seen.insert(name).inserted, take(":") else { return nil }
            switch name {
            case "descr":
                if peek() == UInt8(ascii: "[") {
                    guard skipList() else { return nil }
                } else {
                    guard let text = parseString() else { return nil }
                    fields.descr = text
                }
            case "fortran_order":
                if takeWord("True") {
                    fields.isFortranOrder = true
                } else if !takeWord("False") {
                    return nil
                }
            case "shape":
                guard let shape = parseTuple() else { return nil }
                fields.shape = shape
            default: return nil
            }
            guard take(",") || peek() == UInt8(ascii: "}") else { return nil }
        }
        skipSpace()
        return position == bytes.count && seen.count == 3 ? fields : nil
    }

    private mutating func parseTuple() -> [Int]? {
        guard take("(") else { return nil }
        var numbers: [Int] = []
        while !take(")") {
            guard let number = parseInteger() else { return nil }
            numbers.append(number)
            guard take(",") || peek() == UInt8(ascii: ")") else { return nil }
        }
        return numbers
    }

    private mutating func parseInteger() -> Int? {
        skipSpace()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        position += digits.count
        let number = Int(String(decoding: digits, as: UTF8.self))
        // Python 2 wrote long integers with an L.
        if position < bytes.count, bytes[position] == UInt8(ascii: "L") { position += 1 }
        return number
    }

    private mutating func parseString() -> String? {
        guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            return nil
        }
        position += 1
        let text = bytes[position...].prefix { $0 != quote }
        position += text.count + 1
        // Type strings and the three names hold no escapes.
        guard position <= bytes.count, !text.contains(UInt8(ascii: "\\")) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// Skips a list with whatever is in it.
    private mutating func skipList() -> Bool {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "["), UInt8(ascii: "("): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: ")"): depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return true }
        }
        return false
    }

    private mutating func takeWord(_ word: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func peek() -> UInt8? {
        skipSpace()
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            position += 1
        }
    }
}
