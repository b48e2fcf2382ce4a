extension DQLError {
    /// How much of a long line is shown, in characters.
    private static let lineWidthMax = 120

    /// The error as compilers show it: place, message, line, caret and hint.
    ///
    /// ```
    /// best.dql:1:10: error: Expected 'where', found 'wher'.
    ///   select m wher m.version = 1
    ///            ^^^^
    ///   hint: did you mean 'where'?
    /// ```
    ///
    /// - Parameters:
    ///   - source: The text that was compiled; the text of ``origin`` counts instead if there is one.
    ///   - name: The name of the query without `.dql`; nil for a text of the command line.
    /// - Returns: Lines that each end in a newline.
    public func rendered(source: [UInt8], name: String?) -> String {
        let file = (origin?.name ?? name).map { "\($0).dql" } ?? "query"
        guard let range else {
            return "\(file): error: \(message)\n" + renderedHint
        }
        let excerpt = Excerpt(of: range, in: origin?.text ?? source, widthMax: Self.lineWidthMax)
        let underline =
            String(repeating: " ", count: excerpt.indentation)
            + String(repeating: "^", count: excerpt.caretCount)
        return """
            \(file):\(excerpt.line):\(excerpt.column): error: \(message)
              \(excerpt.text)
              \(underline)

            """ + renderedHint
    }

    /// The same for a text that is a string.
    public func rendered(source: String, name: String?) -> String {
        rendered(source: Array(source.utf8), name: name)
    }

    private var renderedHint: String {
        hint.map { "  hint: \($0)\n" } ?? ""
    }
}

/// The line that a range begins in, made fit for a terminal.
private struct Excerpt {
    /// Both count from 1; columns are Unicode scalars, as editors count them.
    let line: Int
    let column: Int
    let text: String
    /// How many characters of the text stand before the caret.
    let indentation: Int
    let caretCount: Int

    init(of range: SourceRange, in source: [UInt8], widthMax: Int) {
        let newline = UInt8(ascii: "\n")
        let start = min(range.start, source.count)
        let before = source[..<start]
        let lineStart = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
        let lineEnd = source[start...].firstIndex(of: newline) ?? source.count
        let end = min(max(range.end, start), lineEnd)
        line = 1 + before.count { $0 == newline }

        let head = Self.printable(source[lineStart..<start])
        let marked = Self.printable(source[start..<end])
        let tail = Self.printable(source[end..<lineEnd])
        column = head.count + 1
        let shownMarked = marked.prefix(widthMax)
        let shownHead = head.suffix(max(widthMax / 2, widthMax - shownMarked.count - tail.count))
        let shownTail = tail.prefix(max(0, widthMax - shownHead.count - shownMarked.count))
        let mark = shownHead.count < head.count ? "…" : ""
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: mark.unicodeScalars)
        for part in [shownHead, shownMarked, shownTail] { scalars.append(contentsOf: part) }
        text = String(scalars) + (shownTail.count < tail.count ? "…" : "")
        indentation = mark.unicodeScalars.count + shownHead.count
        caretCount = max(1, shownMarked.count)
    }

    /// The scalars of some bytes; what a terminal would obey is replaced.
    private static func printable(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                scalar == "\t" || scalar == "\r" ? " " : "\u{FFFD}"
            default: scalar
            }
        }
    }
}
