/// A piece of a selector pattern.
indirect enum PatternPiece: Hashable, Sendable {
    case byte(ByteSet)
    case sequence([PatternPiece])
    case alternatives([PatternPiece])
    /// The piece none or any times; at least once if `isNeeded`, at most once if not `isUnbounded`.
    case repeated(PatternPiece, isNeeded: Bool, isUnbounded: Bool)
    case capture(Int, PatternPiece)

    /// One character of any kind.
    static let character = oneCharacter(beginningWith: .beginning)
    /// Any characters, also none.
    static let anything = PatternPiece.repeated(.byte(.all), isNeeded: false, isUnbounded: true)

    /// One character whose first byte is in a set; valid UTF-8 continues as it must.
    static func oneCharacter(beginningWith set: ByteSet) -> PatternPiece {
        let rest = PatternPiece.repeated(
            .byte(.continuation),
            isNeeded: false,
            isUnbounded: true
        )
        return .sequence([.byte(set), rest])
    }
}

/// Parses the language of node selectors, which ``NodePattern`` describes.
struct PatternParser {
    private let bytes: [UInt8]
    private var place = 0
    private var captures: Set<Int> = []

    /// More makes patterns that nobody can read, and bounds the stack.
    private static let depthMax = 50

    static func parse(
        _ text: String
    ) throws(NetworkError) -> (piece: PatternPiece, captures: Set<Int>) {
        var parser = PatternParser(bytes: Array(text.utf8))
        let piece = try parser.alternatives(depth: 0)
        guard parser.place == parser.bytes.count else {
            throw parser.error(
                "')' closes nothing; write '\\)' for the character",
                at: parser.place
            )
        }
        return (piece, parser.captures)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func error(_ reason: String, at place: Int) -> NetworkError {
        NetworkError(
            .badPattern,
            "The selector \"\(String(decoding: bytes, as: UTF8.self).prefix(60))\" is wrong at "
                + "character \(place + 1): \(reason).",
            offset: place
        )
    }

    private mutating func alternatives(depth: Int) throws(NetworkError) -> PatternPiece {
        guard depth <= Self.depthMax else {
            throw error("more than \(Self.depthMax) parentheses lie in each other", at: place)
        }
        var choices = [try sequence(depth: depth)]
        while place < bytes.count, bytes[place] == UInt8(ascii: "|") {
            place += 1
            choices.append(try sequence(depth: depth))
        }
        return choices.count == 1 ? choices[0] : .alternatives(choices)
    }

    /// Reads pieces up to `|`, `)` or the end.
    private mutating func sequence(depth: Int) throws(NetworkError) -> PatternPiece {
        var pieces: [PatternPiece] = []
        // Whether `*`, `?`, `+` after the last piece repeat it, and whether it may be captured.
        var isQuantifiable = false
        var isWildcard = false
        while place < bytes.count {
            let start = place
            let byte = bytes[place]
            if byte == UInt8(ascii: "|") || byte == UInt8(ascii: ")") { break }
            place += 1
            if isQuantifiable, let last = pieces.last, let piece = Self.quantified(last, by: byte) {
                pieces[pieces.count - 1] = piece
                (isQuantifiable, isWildcard) = (false, true)
                continue
            }
            if byte == UInt8(ascii: "("), let number = captureNumber() {
                guard isWildcard, let last = pieces.popLast() else {
                    throw error("($\(number)) must follow the wildcard that it captures", at: start)
                }
                guard captures.insert(number).inserted else {
                    throw error("($\(number)) is there twice", at: start)
                }
                pieces.append(.capture(number, last))
                (isQuantifiable, isWildcard) = (false, false)
                continue
            }
            let (piece, quantifiable, wildcard) = try self.piece(byte, at: start, depth: depth)
            pieces.append(piece)
            (isQuantifiable, isWildcard) = (quantifiable, wildcard)
        }
        return pieces.count == 1 ? pieces[0] : .sequence(pieces)
    }

    private static func quantified(_ piece: PatternPiece, by byte: UInt8) -> PatternPiece? {
        switch byte {
        case UInt8(ascii: "*"): .repeated(piece, isNeeded: false, isUnbounded: true)
        case UInt8(ascii: "+"): .repeated(piece, isNeeded: true, isUnbounded: true)
        case UInt8(ascii: "?"): .repeated(piece, isNeeded: false, isUnbounded: false)
        default: nil
        }
    }

    private mutating func piece(
        _ byte: UInt8,
        at start: Int,
        depth: Int
    ) throws(NetworkError) -> (PatternPiece, isQuantifiable: Bool, isWildcard: Bool) {
        switch byte {
        case UInt8(ascii: "."): return (.character, true, true)
        case UInt8(ascii: "*"): return (.anything, false, true)
        case UInt8(ascii: "?"): return (.character, false, true)
        case UInt8(ascii: "["): return (try characterClass(from: start), true, true)
        case UInt8(ascii: "("):
            let inner = try alternatives(depth: depth + 1)
            guard place < bytes.count else { throw error("'(' is never closed", at: start) }
            place += 1
            return (inner, true, true)
        case UInt8(ascii: "\\"):
            guard place < bytes.count else {
                throw error("'\\' must be followed by a character", at: start)
            }
            place += 1
            return (.byte(ByteSet(bytes[place - 1])), false, false)
        default: return (.byte(ByteSet(byte)), false, false)
        }
    }

    /// The number of `($1)`, whose parenthesis has been read; nil if this is another group.
    private mutating func captureNumber() -> Int? {
        guard place + 2 < bytes.count, bytes[place] == UInt8(ascii: "$"),
            (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(bytes[place + 1]),
            bytes[place + 2] == UInt8(ascii: ")")
        else { return nil }
        place += 3
        return Int(bytes[place - 2] - UInt8(ascii: "0"))
    }

    /// Reads a class such as `[1,3,5]`, `[a-z]` or `[^0-9]`, whose bracket has been read.
    private mutating func characterClass(from start: Int) throws(NetworkError) -> PatternPiece {
        var set = ByteSet()
        var isNegated = false
        if place < bytes.count, bytes[place] == UInt8(ascii: "^") {
            isNegated = true
            place += 1
        }
        var isFirst = true
        while true {
            guard place < bytes.count else { throw error("'[' is never closed", at: start) }
            if bytes[place] == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            let first = try classMember(from: start)
            guard place + 1 < bytes.count, bytes[place] == UInt8(ascii: "-"),
                bytes[place + 1] != UInt8(ascii: "]")
            else {
                set.insert(first)
                continue
            }
            place += 1
            let rangePlace = place
            let last = try classMember(from: start)
            guard first <= last else {
                throw error("the range ends before it begins", at: rangePlace)
            }
            for byte in first...last { set.insert(byte) }
        }
        place += 1
        return isNegated
            ? .oneCharacter(beginningWith: set.complementOfCharacters()) : .byte(set)
    }

    private mutating func classMember(from start: Int) throws(NetworkError) -> UInt8 {
        if bytes[place] == UInt8(ascii: "\\") { place += 1 }
        guard place < bytes.count else { throw error("'[' is never closed", at: start) }
        guard bytes[place] < 0x80 else {
            throw error("a class holds ASCII characters only", at: place)
        }
        place += 1
        return bytes[place - 1]
    }
}
