/// Makes a syntax tree of a text by recursive descent: the second step from a text to a listing.
///
/// Each clause is a function; the grammar is in this target's documentation.
public struct Parser: Sendable {
    /// How deeply parentheses and `not` may nest: more than anybody writes, few enough for the
    /// small stack of a file system's thread.
    public static let depthMax = 50

    private var lexer: Lexer
    private(set) var token: Token
    private(set) var previousRange = SourceRange(0, 0)
    private var depth = 0

    private init(_ text: [UInt8]) throws(DQLError) {
        lexer = try Lexer(text)
        token = try lexer.next()
    }

    /// Reads the one statement of a text.
    ///
    /// - Parameter text: The bytes of a file, which may be anything.
    /// - Throws: ``DQLError`` with the place of the first thing that is not DQL.
    public static func parse(_ text: [UInt8]) throws(DQLError) -> Statement {
        var parser = try Parser(text)
        let statement = try parser.statement()
        try parser.expectEnd()
        return statement
    }

    /// The same for a text that is a string.
    public static func parse(_ text: String) throws(DQLError) -> Statement {
        try parse(Array(text.utf8))
    }

    // MARK: Tokens

    mutating func advance() throws(DQLError) {
        previousRange = token.range
        token = try lexer.next()
    }

    func isAt(_ keyword: Keyword) -> Bool {
        if case .keyword(keyword, _) = token.kind { true } else { false }
    }

    mutating func skip(_ keyword: Keyword) throws(DQLError) -> Bool {
        guard isAt(keyword) else { return false }
        try advance()
        return true
    }

    mutating func skip(_ symbol: Symbol) throws(DQLError) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(DQLError) {
        guard try skip(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    mutating func expect(_ keyword: Keyword) throws(DQLError) {
        guard try skip(keyword) else { throw unexpected("'\(keyword.rawValue)'", [keyword]) }
    }

    /// The error that something else should stand here.
    func unexpected(
        _ expected: String,
        _ keywords: [Keyword] = [],
        hint: String? = nil
    ) -> DQLError {
        var suggestion = hint
        if suggestion == nil, case .word(let word) = token.kind {
            suggestion = NameSuggestion.hint(for: word, among: keywords.map(\.rawValue))
        }
        return DQLError(
            .syntax,
            "Expected \(expected), found \(token.kind).",
            at: token.range,
            hint: suggestion
        )
    }

    /// Counts a level of nesting; to be paired with ``leave()``.
    mutating func enter() throws(DQLError) {
        guard depth < Self.depthMax else {
            throw DQLError(
                .syntax,
                "The query nests more than \(Self.depthMax) levels deep.",
                at: token.range
            )
        }
        depth += 1
    }

    mutating func leave() {
        depth -= 1
    }

    mutating func identifier(_ expected: String) throws(DQLError) -> Identifier {
        guard case .word(let name) = token.kind else { throw unexpected(expected) }
        try advance()
        return Identifier(name: name, range: previousRange)
    }

    // MARK: Statements

    private mutating func statement() throws(DQLError) -> Statement {
        let isExplained = try skip(.explain)
        if token.kind == .end {
            throw DQLError(
                .syntax,
                isExplained ? "Nothing stands behind 'explain'." : "The query is empty.",
                at: token.range,
                hint: "'select m' selects every version"
            )
        }
        return Statement(isExplained: isExplained, query: try query())
    }

    /// Reads one of the four kinds of queries.
    mutating func query() throws(DQLError) -> Query {
        switch token.kind {
        case .keyword(.select, _): return .select(try selectQuery())
        case .keyword(.slice, _), .keyword(.construct, _): return .derive(try deriveQuery())
        case .keyword(.evaluate, _): return .evaluate(try evaluateQuery())
        default: throw unexpected("'select'", [.select, .slice, .construct, .evaluate, .explain])
        }
    }

    private mutating func expectEnd() throws(DQLError) {
        let isClosed = try skip(.semicolon)
        guard token.kind != .end else { return }
        if isClosed {
            throw DQLError(.syntax, "A file holds one statement; this is a second.", at: token.range)
        }
        // Clauses end at ')' too, for queries in parentheses.
        throw DQLError(.syntax, "No '(' belongs to this ')'.", at: token.range)
    }

    /// Checks at the end of a query, where it is known, what could have stood at this place.
    ///
    /// - Parameters:
    ///   - next: The words that could go on.
    ///   - order: The clauses of the query in their order.
    func expectClauseEnd(_ next: [Keyword], order: [Keyword]) throws(DQLError) {
        switch token.kind {
        case .end, .symbol(.rightParenthesis), .symbol(.semicolon): return
        default: break
        }
        if !next.contains(where: isAt), let late = order.first(where: isAt) {
            let names = order.map(Self.spelled).joined(separator: ", ")
            throw DQLError(
                .syntax,
                "'\(late.rawValue)' stands too late; the order is \(names), each once.",
                at: token.range
            )
        }
        let names = next.map { "'\(Self.spelled($0))'" }
        let expected = names.isEmpty ? "" : names.joined(separator: ", ") + " or "
        throw unexpected(expected + "the end of the query", next)
    }

    private static func spelled(_ keyword: Keyword) -> String {
        keyword == .order ? "order by" : keyword.rawValue
    }

    /// Reads a whole number that is not negative.
    mutating func wholeNumber(_ expected: String) throws(DQLError) -> Int64 {
        guard case .integer(let value) = token.kind, value >= 0 else { throw unexpected(expected) }
        try advance()
        return value
    }
}
