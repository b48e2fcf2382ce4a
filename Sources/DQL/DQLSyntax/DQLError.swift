/// A mistake in a query: what it is, where, and what would be right.
public struct DQLError: Error, Hashable {
    /// What is wrong, in one sentence.
    public let message: String

    /// Where, as offsets in the bytes of the text.
    public let range: Range<Int>

    /// What would be right, if that can be told: `did you mean 'name'?`
    public let hint: String?

    /// Creates an error.
    public init(_ message: String, at range: Range<Int>, hint: String? = nil) {
        self.message = message
        self.range = range
        self.hint = hint
    }

    /// The error as users see it: place, sentence, the line with a caret, the hint.
    ///
    ///     best.dql:1:16: error: A version has no attribute 'nam'.
    ///     select m where m.nam = "x"
    ///                      ^~~
    ///     did you mean 'name'?
    ///
    /// - Parameters:
    ///   - text: The bytes of the query.
    ///   - name: What the place begins with.
    public func rendered(in text: [UInt8], name: String) -> String {
        let start = min(range.lowerBound, text.count)
        let before = text[..<start]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let lineEnd = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
        // A line that fills the screen hides the mistake: what is near it is shown.
        let first = max(lineStart, start - 60)
        let last = min(lineEnd, start + 60)
        let shown = Self.printable(text[first..<last])
        let column = String(decoding: text[lineStart..<start], as: UTF8.self).count + 1
        let indentation = Self.printable(text[first..<start]).count
        let width = max(1, min(range.upperBound, last) - start)
        var rendered = "\(name):\(line):\(column): error: \(message)\n\(shown)\n"
        rendered += String(repeating: " ", count: indentation) + "^"
        rendered += String(repeating: "~", count: width - 1) + "\n"
        if let hint { rendered += hint + "\n" }
        return rendered
    }

    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        String(
            String(decoding: bytes, as: UTF8.self).map { character in
                character.isWhitespace || character.unicodeScalars.allSatisfy { $0.value < 0x20 }
                    ? " " : character
            }
        )
    }
}
