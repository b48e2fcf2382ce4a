/// Reads the JSON of a safetensors header: one object of tensors, each an object of three members.
///
/// Written for this shape alone: it goes once over the bytes, keeps the order, finds duplicate names,
/// and takes nothing deeper than the format has, so that no header can cost more than its length.
struct SafetensorsHeaderParser {
    /// A tensor as the header gives it.
    struct Entry {
        var name = ""
        var dtype = ""
        var shape: [Int] = []
        var start = 0
        var end = 0
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The tensors in the order of the text.
    mutating func parse() throws -> [Entry] {
        var entries: [Entry] = []
        var names: Set<String> = []
        try parseObject { parser, name in
            guard names.insert(name).inserted else {
                throw ModelFormatError("The header names '\(name)' twice.")
            }
            if name == "__metadata__" {
                try parser.parseMetadata()
            } else {
                entries.append(try parser.parseEntry(name))
            }
        }
        skipSpace()
        guard position == bytes.count else { throw failure("nothing but spaces may follow it") }
        return entries
    }

    /// `__metadata__` maps names to strings; the bytes are kept as they are.
    private mutating func parseMetadata() throws {
        try parseObject { parser, _ in _ = try parser.parseString() }
    }

    private mutating func parseEntry(_ name: String) throws -> Entry {
        var entry = Entry(name: name)
        var seen: Set<String> = []
        try parseObject { parser, member in
            guard seen.insert(member).inserted else {
                throw ModelFormatError("The tensor '\(name)' has two members '\(member)'.")
            }
            switch member {
            case "dtype": entry.dtype = try parser.parseString()
            case "shape": entry.shape = try parser.parseIntegers()
            case "data_offsets":
                let offsets = try parser.parseIntegers()
                guard offsets.count == 2 else {
                    throw ModelFormatError("The tensor '\(name)' needs two data_offsets.")
                }
                (entry.start, entry.end) = (offsets[0], offsets[1])
            default:
                throw ModelFormatError("The tensor '\(name)' has an unknown member '\(member)'.")
            }
        }
        guard seen.count == 3 else {
            throw ModelFormatError("The tensor '\(name)' lacks dtype, shape or data_offsets.")
        }
        return entry
    }

    // MARK: - JSON

    private mutating func parseObject(
        _ member: (inout Self, String) throws -> Void
    ) throws {
        try expect(UInt8(ascii: "{"))
        skipSpace()
        if try take(UInt8(ascii: "}")) { return }
        while true {
            skipSpace()
            let name = try parseString()
            try expect(UInt8(ascii: ":"))
            skipSpace()
            try member(&self, name)
            skipSpace()
            if try take(UInt8(ascii: "}")) { return }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func parseIntegers() throws -> [Int] {
        var integers: [Int] = []
        try expect(UInt8(ascii: "["))
        skipSpace()
        if try take(UInt8(ascii: "]")) { return [] }
        while true {
            skipSpace()
            integers.append(try parseInteger())
            skipSpace()
            if try take(UInt8(ascii: "]")) { return integers }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func parseInteger() throws -> Int {
        let start = position
        var value = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(bytes[position]) - 48)
            guard !overflow, !carry else { throw failure("a number is too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw failure("a whole number is expected") }
        return value
    }

    private mutating func parseString() throws -> String {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try parseEscape(into: &text)
            case 0..<0x20: throw failure("a string holds a control character")
            default: text.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws {
        guard position < bytes.count else { throw failure("a string does not end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try parseUnit()
            if (0xD800..<0xDC00).contains(unit) {
                // The second half of a surrogate pair must follow (RFC 8259 §7).
                try expect(UInt8(ascii: "\\"))
                try expect(UInt8(ascii: "u"))
                let second = try parseUnit()
                guard (0xDC00..<0xE000).contains(second) else { throw failure("half a character") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw failure("half a character") }
            text += Array(String(Character(scalar)).utf8)
        default: throw failure("a string holds an unknown escape")
        }
    }

    private mutating func parseUnit() throws -> UInt32 {
        guard position + 4 <= bytes.count,
            let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("a string holds an unknown escape") }
        position += 4
        return unit
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            position += 1
        }
    }

    private mutating func expect(_ byte: UInt8) throws {
        skipSpace()
        guard try take(byte) else {
            throw failure("'\(Character(Unicode.Scalar(byte)))' is expected")
        }
    }

    private mutating func take(_ byte: UInt8) throws -> Bool {
        guard position < bytes.count else { throw failure("it ends too early") }
        guard bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func failure(_ reason: String) -> ModelFormatError {
        ModelFormatError("The header is no valid JSON at byte \(8 + position) of the file: \(reason).")
    }
}
