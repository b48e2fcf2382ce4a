/// A selector of layers by their names: the text in `m["conv*"]`.
///
/// A pattern matches the whole of a name, and upper case is not lower case:
///
///     conv1         the layer of that name
///     conv*  conv?  after a letter, digit, `_ - /`, or at the start: any characters, one character
///     conv[1,3,5]   one of the characters; ranges as [1-5], all others as [^0-9]
///     layer.*       after `.`, `]` or `)`, a quantifier: `*` any number, `+` at least one, `?` at
///                   most one. `.` is one character, so `.*` is anything
///     (conv|fc)1    one of several
///     conv*($1)     `$1` in the arguments of a template is what the wildcard before it matched
///     \*            the character itself
///
/// Time is linear in the length of the name, whatever the pattern (no backtracking).
public struct NodePattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let text: String
    /// The numbers of its captures: 1 for `($1)`.
    public let captureNumbers: Set<Int>

    private let program: PatternProgram
    private let automaton: PatternAutomaton?

    /// More bytes than any selector needs; bounds the work per name.
    public static let byteCountMax = 512

    /// Compiles a pattern.
    ///
    /// - Throws: ``NetworkError`` with the place of the mistake.
    public init(_ text: String) throws(NetworkError) {
        guard !text.isEmpty else {
            throw NetworkError(
                .badPattern,
                "A selector is empty; write \"*\" for every layer.",
                offset: 0
            )
        }
        guard text.utf8.count <= Self.byteCountMax else {
            throw NetworkError(
                .badPattern,
                "A selector has \(text.utf8.count) bytes; at most \(Self.byteCountMax) are allowed.",
                offset: Self.byteCountMax
            )
        }
        let (piece, captures) = try PatternParser.parse(text)
        self.text = text
        captureNumbers = captures
        program = PatternProgram(piece)
        automaton = PatternAutomaton(program)
    }

    /// Patterns are equal if their texts are.
    public static func == (left: NodePattern, right: NodePattern) -> Bool {
        left.text == right.text
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }

    /// Whether a name matches.
    public func matches(_ name: String) -> Bool {
        matches(Array(name.utf8)[...])
    }

    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        if let automaton { return automaton.matches(name) }
        return program.match(name, slotCount: 0) != nil
    }

    /// What the captures matched.
    ///
    /// Where a name can be divided in several ways, earlier wildcards get as much as they can.
    ///
    /// - Returns: The texts by number; nil if the name does not match.
    public func captures(in name: String) -> [Int: String]? {
        let bytes = Array(name.utf8)
        guard let slots = program.match(bytes[...], slotCount: 20) else { return nil }
        var captures: [Int: String] = [:]
        for number in captureNumbers {
            let (start, end) = (slots[number * 2], slots[number * 2 + 1])
            let isSet = start >= 0 && end >= start
            captures[number] = isSet ? String(decoding: bytes[start..<end], as: UTF8.self) : ""
        }
        return captures
    }
}

/// Texts with `$1` to `$9` in them, as arguments of templates are.
public enum CaptureText {
    /// The numbers that a text refers to.
    public static func references(in text: String) -> Set<Int> {
        var numbers: Set<Int> = []
        _ = replacing(text) { number in
            numbers.insert(number)
            return ""
        }
        return numbers
    }

    /// The text with what was captured; `$$` becomes `$`, a number that was not captured nothing.
    public static func substituting(_ captures: [Int: String], in text: String) -> String {
        replacing(text) { captures[$0] ?? "" }
    }

    private static func replacing(_ text: String, _ value: (Int) -> String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            guard let next = rest.first else { return result + "$" }
            if let number = next.wholeNumberValue, next.isASCII, number > 0 {
                result += value(number)
                rest = rest.dropFirst()
            } else {
                result += "$"
                if next == "$" { rest = rest.dropFirst() }
            }
        }
        return result + rest
    }
}

extension NetworkGraph {
    /// The nodes whose names match a selector, ascending.
    public func nodes(matching pattern: NodePattern) -> [Int] {
        (0..<nodeCount).filter { pattern.matches(nameBytes[nameRange(of: $0)]) }
    }
}
