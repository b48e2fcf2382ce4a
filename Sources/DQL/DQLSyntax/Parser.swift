/// Reads a query by recursive descent; see the grammar in this module's documentation.
public struct Parser {
    private let text: [UInt8]
    private let tokens: [Token]
    private var position = 0
    private var depth = 0

    /// Deeper conditions are nobody's, and every level takes stack.
    private static let depthMax = 200

    /// Parses the text of a query.
    ///
    /// - Throws: ``DQLError`` at the first word that does not fit.
    public static func parse(_ text: [UInt8]) throws(DQLError) -> SelectSyntax {
        var parser = Parser(text: text, tokens: try Lexer.tokens(of: text))
        let query = try parser.query()
        guard parser.token.kind == .end else {
            throw parser.unexpected(
                "the end of the query, or 'from', 'where', 'order by', 'limit'",
                keywords: ["from", "where", "order", "limit", "and", "or"]
            )
        }
        return query
    }

    private init(text: [UInt8], tokens: [Token]) {
        self.text = text
        self.tokens = tokens
    }

    // MARK: - Query

    private mutating func query() throws(DQLError) -> SelectSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.depthMax else {
            throw DQLError("The query is nested too deeply.", at: token.range)
        }
        for later in ["slice", "construct", "evaluate", "explain"] where isWord(later) {
            throw DQLError("'\(later)' comes with a later release of dlv.", at: token.range)
        }
        guard take(word: "select") else {
            throw unexpected("'select'", keywords: ["select"])
        }
        let selectionRange = token.range
        let (selection, selected) = try self.selection()
        var query = SelectSyntax(
            selection: selection,
            variable: selected ?? "",
            source: .archive,
            condition: nil,
            order: [],
            limit: nil
        )
        if take(word: "from") { try source(into: &query) }
        if query.variable.isEmpty { query.variable = "m" }
        if let selected, selected != query.variable {
            throw DQLError(
                "The query selects '\(selected)', but its source is named '\(query.variable)'.",
                at: selectionRange
            )
        }
        if take(word: "where") { query.condition = try condition() }
        if take(word: "order") { query.order = try order() }
        if take(word: "limit") { query.limit = try limit() }
        return query
    }

    private mutating func selection() throws(DQLError) -> (SelectSyntax.Selection, String?) {
        if isWord("count"), tokens[position + 1].kind == .symbol("(") {
            position += 2
            let variable = take(symbol: "*") ? nil : try name("a variable or '*'")
            try expect(symbol: ")")
            return (.count, variable)
        }
        if take(symbol: "*") { return (.versions, nil) }
        var columns: [SelectSyntax.Column] = []
        var variable: String?
        repeat {
            let start = token.range.lowerBound
            guard case .word(let word) = token.kind, !Self.reserved.contains(word.lowercased()) else {
                throw unexpected("a variable, such as 'm'", keywords: [])
            }
            if isPathBehindName {
                let operand = try self.operand()
                let range = start..<tokens[position - 1].range.upperBound
                columns.append(
                    .init(operand: operand, name: String(decoding: text[range], as: UTF8.self))
                )
                variable = variable ?? operand.variable
            } else if columns.isEmpty, variable == nil {
                variable = try name("a variable")
                guard token.kind == .symbol(",") else { return (.versions, variable) }
                throw DQLError("Several variables come with a later release of dlv.", at: token.range)
            } else {
                throw unexpected("a fact of a version, such as 'm.name'", keywords: [])
            }
        } while take(symbol: ",")
        return (.columns(columns), variable)
    }

    /// Whether `.`, `[` or `(` follows the present word.
    private var isPathBehindName: Bool {
        guard position + 1 < tokens.count else { return false }
        return [".", "[", "("].contains { tokens[position + 1].kind == .symbol($0) }
    }

    private mutating func source(into query: inout SelectSyntax) throws(DQLError) {
        switch token.kind {
        case .text(let name):
            query.source = .saved(name: name, range: token.range)
            position += 1
        case .symbol("("):
            position += 1
            query.source = .nested(try self.query())
            try expect(symbol: ")")
        case .word(let word) where word.lowercased() == "snapshots":
            throw DQLError("Rows of snapshots come with a later release of dlv.", at: token.range)
        case .word(let word) where word.lowercased() == "versions": position += 1
        case .word: break
        default: throw unexpected("a saved query in quotes, or '('", keywords: [])
        }
        if case .word(let word) = token.kind, !Self.reserved.contains(word.lowercased()) {
            if query.variable.isEmpty || word == query.variable {
                query.variable = word
            } else {
                throw DQLError(
                    "The query selects '\(query.variable)', but its source is named '\(word)'.",
                    at: token.range
                )
            }
            position += 1
        }
        if token.kind == .symbol(",") {
            throw DQLError("Several sources come with a later release of dlv.", at: token.range)
        }
    }

    private mutating func order() throws(DQLError) -> [SelectSyntax.Order] {
        guard take(word: "by") else { throw unexpected("'by'", keywords: ["by"]) }
        var order: [SelectSyntax.Order] = []
        repeat {
            let operand = try operand()
            let isDescending = take(word: "desc")
            if !isDescending { _ = take(word: "asc") }
            order.append(.init(operand: operand, isDescending: isDescending))
        } while take(symbol: ",")
        return order
    }

    private mutating func limit() throws(DQLError) -> Int {
        guard case .integer(let count) = token.kind, count >= 0 else {
            throw unexpected("a whole number", keywords: [])
        }
        position += 1
        return Int(count)
    }

    // MARK: - Conditions

    private mutating func condition() throws(DQLError) -> ConditionSyntax {
        var left = try conjunction()
        while take(word: "or") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(DQLError) -> ConditionSyntax {
        var left = try negation()
        while take(word: "and") { left = .and(left, try negation()) }
        return left
    }

    private mutating func negation() throws(DQLError) -> ConditionSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.depthMax else {
            throw DQLError("The condition is nested too deeply.", at: token.range)
        }
        if take(word: "not") { return .not(try negation()) }
        if take(symbol: "(") {
            let inner = try condition()
            try expect(symbol: ")")
            return inner
        }
        return try predicate()
    }

    private mutating func predicate() throws(DQLError) -> ConditionSyntax {
        let left = try operand()
        if take(word: "is") {
            let isNegated = take(word: "not")
            guard take(word: "missing") || take(word: "null") else {
                throw unexpected("'missing'", keywords: ["missing"])
            }
            return isNegated ? .not(.isMissing(left)) : .isMissing(left)
        }
        let isNegated = take(word: "not")
        if let condition = try membership(left) { return isNegated ? .not(condition) : condition }
        guard !isNegated else {
            throw unexpected("'like', 'in' or 'between'", keywords: ["like", "in", "between"])
        }
        if isWord("has") { throw Self.nodesComeLater(token.range) }
        guard case .symbol(let symbol) = token.kind,
            let comparison = ConditionSyntax.Comparison(rawValue: symbol)
        else {
            throw unexpected(
                "a comparison, 'like', 'in', 'between' or 'is missing'",
                keywords: ["like", "in", "between", "is"]
            )
        }
        position += 1
        let right = try operand()
        return .comparison(left, comparison, right, left.range.lowerBound..<right.range.upperBound)
    }

    private mutating func membership(_ left: OperandSyntax) throws(DQLError) -> ConditionSyntax? {
        let start = left.range.lowerBound
        if take(word: "like") {
            let pattern = try operand()
            return .like(left, pattern, start..<pattern.range.upperBound)
        }
        if take(word: "between") {
            let low = try operand()
            guard take(word: "and") else { throw unexpected("'and'", keywords: ["and"]) }
            let high = try operand()
            return .and(
                .comparison(left, .greaterOrEqual, low, start..<low.range.upperBound),
                .comparison(left, .lessOrEqual, high, start..<high.range.upperBound)
            )
        }
        guard take(word: "in") else { return nil }
        let closing: String
        if take(symbol: "(") {
            closing = ")"
        } else if take(symbol: "[") {
            closing = "]"
        } else {
            let list = try operand()
            return .inAttribute(left, list, start..<list.range.upperBound)
        }
        var values: [OperandSyntax] = []
        repeat { values.append(try operand()) } while take(symbol: ",")
        try expect(symbol: closing)
        return .inList(left, values, start..<tokens[position - 1].range.upperBound)
    }

    // MARK: - Values

    private mutating func operand() throws(DQLError) -> OperandSyntax {
        let token = self.token
        switch token.kind {
        case .text(let text): return literal(.text(text))
        case .integer(let value): return literal(.integer(value))
        case .number(let value): return literal(.number(value))
        case .word(let word):
            switch word.lowercased() {
            case "true": return literal(.boolean(true))
            case "false": return literal(.boolean(false))
            case "min", "max":
                if tokens[position + 1].kind == .symbol("(") { return try extreme(word) }
            default: break
            }
            guard !Self.reserved.contains(word.lowercased()) else { break }
            return try path(word)
        default: break
        }
        throw unexpected("a value: a fact such as 'm.name', a text in quotes, or a number", keywords: [])
    }

    private mutating func literal(_ kind: OperandSyntax.Kind) -> OperandSyntax {
        position += 1
        return OperandSyntax(kind: kind, range: tokens[position - 1].range)
    }

    private mutating func extreme(_ word: String) throws(DQLError) -> OperandSyntax {
        let start = token.range.lowerBound
        position += 2
        let inner = try operand()
        try expect(symbol: ")")
        guard case .measurement(let variable, let name, nil) = inner.kind else {
            throw DQLError(
                "'\(word)' is of a measurement, as in \(word)(m[\"loss\"]).",
                at: inner.range
            )
        }
        return OperandSyntax(
            kind: .extreme(variable: variable, name: name, isMaximum: word.lowercased() == "max"),
            range: start..<tokens[position - 1].range.upperBound
        )
    }

    private mutating func path(_ variable: String) throws(DQLError) -> OperandSyntax {
        let start = token.range.lowerBound
        position += 1
        if take(symbol: "[") { return try measurement(of: variable, start: start) }
        var path: [String] = []
        while take(symbol: ".") {
            guard case .word(let name) = token.kind else {
                throw unexpected("the name of an attribute", keywords: [])
            }
            path.append(name)
            position += 1
        }
        let range = start..<tokens[position - 1].range.upperBound
        guard !path.isEmpty else {
            throw DQLError(
                "A condition is about a fact of '\(variable)', such as \(variable).name.",
                at: range,
                hint: "texts stand in double quotes: \"\(variable)\""
            )
        }
        return OperandSyntax(kind: .attribute(variable: variable, path: path), range: range)
    }

    private mutating func measurement(
        of variable: String,
        start: Int
    ) throws(DQLError) -> OperandSyntax {
        guard case .text(let name) = token.kind else {
            throw unexpected("the name of a measurement in quotes", keywords: [])
        }
        position += 1
        try expect(symbol: "]")
        if token.kind == .symbol(".") || isWord("has") {
            throw Self.nodesComeLater(start..<tokens[position - 1].range.upperBound)
        }
        var iteration: Int64?
        if take(word: "at") {
            guard case .integer(let value) = token.kind else {
                throw unexpected("an iteration: a whole number", keywords: [])
            }
            iteration = value
            position += 1
        }
        return OperandSyntax(
            kind: .measurement(variable: variable, name: name, iteration: iteration),
            range: start..<tokens[position - 1].range.upperBound
        )
    }

    private static func nodesComeLater(_ range: Range<Int>) -> DQLError {
        DQLError(
            "Node selectors (.next, .prev, has) come with a later release of dlv.",
            at: range,
            hint: "m[\"loss\"] alone is a measurement"
        )
    }

    // MARK: - Words

    private static let reserved: Set<String> = [
        "select", "from", "where", "order", "by", "limit", "and", "or", "not", "like", "in", "between",
        "is", "missing", "null", "asc", "desc", "at", "has", "true", "false",
    ]

    private var token: Token { tokens[position] }

    private func isWord(_ word: String) -> Bool {
        guard case .word(let found) = token.kind else { return false }
        return found.lowercased() == word
    }

    private mutating func take(word: String) -> Bool {
        guard isWord(word) else { return false }
        position += 1
        return true
    }

    private mutating func take(symbol: String) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(symbol: String) throws(DQLError) {
        guard take(symbol: symbol) else { throw unexpected("'\(symbol)'", keywords: []) }
    }

    private mutating func name(_ what: String) throws(DQLError) -> String {
        guard case .word(let word) = token.kind, !Self.reserved.contains(word.lowercased()) else {
            throw unexpected(what, keywords: [])
        }
        position += 1
        return word
    }

    private func unexpected(_ expected: String, keywords: [String]) -> DQLError {
        var hint: String?
        if case .word(let word) = token.kind {
            hint = Spelling.nearest(to: word.lowercased(), among: keywords).map { "did you mean '\($0)'?" }
        }
        return DQLError(
            "Expected \(expected), but found \(token.description).",
            at: token.range,
            hint: hint
        )
    }
}

extension OperandSyntax {
    /// The variable that it is a fact of; nil for a literal.
    public var variable: String? {
        switch kind {
        case .attribute(let variable, _), .measurement(let variable, _, _),
            .extreme(let variable, _, _):
            variable
        default: nil
        }
    }
}
