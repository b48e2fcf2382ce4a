/// A word of a query.
public struct Token: Hashable, Sendable {
    /// What kinds of words there are.
    public enum Kind: Hashable, Sendable {
        /// A name or a keyword, as it was written.
        case word(String)
        /// A text in quotes, without them and with escapes resolved.
        case text(String)
        /// A whole number.
        case integer(Int64)
        /// Another number.
        case number(Double)
        /// One of `( ) [ ] , . = != < <= > >= *`.
        case symbol(String)
        /// The end of the query.
        case end
    }

    /// What it is.
    public let kind: Kind

    /// Where it stands, as offsets in the bytes of the text.
    public let range: Range<Int>

    /// The word as an error names it.
    public var description: String {
        switch kind {
        case .word(let word): "'\(word)'"
        case .text(let text): "\"\(text)\""
        case .integer(let value): "'\(value)'"
        case .number(let value): "'\(value)'"
        case .symbol(let symbol): "'\(symbol)'"
        case .end: "the end of the query"
        }
    }
}
