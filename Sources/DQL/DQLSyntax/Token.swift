/// The smallest piece of a query that has a meaning.
public struct Token: Hashable, Sendable {
    /// What a token is.
    public enum Kind: Hashable, Sendable {
        /// A name: letters, digits and `_`, not beginning with a digit.
        case word(String)
        /// A word of the language; its spelling is kept, since a name after `.` may look like one.
        case keyword(Keyword, spelling: String)
        /// The value of a string, escapes resolved.
        case string(String)
        /// A number without a point or an exponent that fits.
        case integer(Int64)
        /// Any other number.
        case number(Double)
        /// Punctuation.
        case symbol(Symbol)
        /// The end of the text.
        case end
    }

    /// What it is.
    public let kind: Kind

    /// Where it stands.
    public let range: SourceRange
}

/// A word that cannot name a variable, written in any case.
public enum Keyword: String, CaseIterable, Sendable {
    case select, slice, construct, evaluate, explain
    case from, `where`, mutate, with, vary, keep
    case and, or, not, has, like, `in`, between, `is`, missing, at
    case `true`, `false`
    case order, by, asc, desc, limit, count, `as`
}

/// Punctuation of the language.
public enum Symbol: String, CaseIterable, Sendable {
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case comma = ","
    case dot = "."
    case semicolon = ";"
    case star = "*"
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

extension Token.Kind: CustomStringConvertible {
    /// The token as messages name it.
    public var description: String {
        switch self {
        case .word(let text), .keyword(_, let text): "'\(text.prefix(40))'"
        case .string: "a string"
        case .integer(let value): "'\(value)'"
        case .number(let value): "'\(value)'"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "the end of the query"
        }
    }
}
