extension Parser {
    private static let clauses: [Keyword] = [.from, .where, .order, .limit]

    /// Reads `select … from … where … order by … limit …`.
    mutating func selectQuery() throws(DQLError) -> SelectQuery {
        try expect(.select)
        var query = SelectQuery(
            selection: try selection(), sources: [], condition: nil, ordering: [], limit: nil
        )
        var next = Self.clauses
        if try skip(.from) {
            repeat { query.sources.append(try source()) } while try skip(.comma)
            next.removeFirst()
        }
        if try skip(.where) {
            query.condition = try condition()
            next = [.and, .or, .order, .limit]
        }
        if try skip(.order) {
            try expect(.by)
            query.ordering = try orderTerms()
            next = [.asc, .desc, .limit]
        }
        if try skip(.limit) {
            query.limit = Int(clamping: try wholeNumber("a whole number of rows, 0 or more"))
            next = []
        }
        try expectClauseEnd(next, order: Self.clauses)
        return query
    }

    private mutating func orderTerms() throws(DQLError) -> [OrderTerm] {
        var terms: [OrderTerm] = []
        repeat {
            let operand = try operand()
            let isDescending = try skip(.desc)
            if !isDescending { _ = try skip(.asc) }
            terms.append(OrderTerm(operand: operand, isDescending: isDescending))
        } while try skip(.comma)
        return terms
    }

    private mutating func selection() throws(DQLError) -> Selection {
        if isAt(.count) {
            let start = token
            try advance()
            // 'count(m["conv*"])' is a value like any other, 'count(m)' and 'count' are not.
            if try isCountOfRows() { return .count(try countedVariable()) }
            return .items(try items(startingWith: try function(named: start)))
        }
        if token.kind == .symbol(.star) {
            throw unexpected("a variable", hint: "'select m' selects whole versions")
        }
        return .items(try items(startingWith: nil))
    }

    private mutating func items(startingWith first: Operand?) throws(DQLError) -> [SelectItem] {
        var items: [SelectItem] = []
        var operand = first
        repeat {
            let shown: Operand
            if let first = operand { shown = first } else { shown = try itemOperand() }
            operand = nil
            let heading = try skip(.as) ? try identifier("the heading of the column") : nil
            items.append(SelectItem(operand: shown, heading: heading))
        } while try skip(.comma)
        return items
    }

    private mutating func itemOperand() throws(DQLError) -> Operand {
        guard isAt(.count) else {
            let operand = try operand(mayBeVariable: true)
            if case .literal = operand.kind {
                throw DQLError(
                    .syntax,
                    "Expected a variable or an attribute such as 'm.name', found a constant.",
                    at: operand.range
                )
            }
            return operand
        }
        let start = token
        try advance()
        if try isCountOfRows() {
            throw DQLError(
                .syntax,
                "'count' answers one row and cannot stand beside columns.",
                at: start.range
            )
        }
        return try function(named: start)
    }

    /// Reads the `(m)` or `(*)` that may stand behind `count`.
    private mutating func countedVariable() throws(DQLError) -> Identifier? {
        guard try skip(.leftParenthesis) else { return nil }
        var variable: Identifier?
        if try !skip(.star) { variable = try identifier("a variable such as 'm'") }
        try expect(.rightParenthesis)
        return variable
    }

    /// Whether what stands behind `count` is nothing, `(*)` or `(m)`.
    private func isCountOfRows() throws(DQLError) -> Bool {
        guard token.kind == .symbol(.leftParenthesis) else { return true }
        var ahead = self
        try ahead.advance()
        if ahead.token.kind == .symbol(.star) { return true }
        guard case .word = ahead.token.kind else { return true }
        try ahead.advance()
        return ahead.token.kind == .symbol(.rightParenthesis)
    }

    // MARK: Sources

    /// Reads what stands behind `from`: a table, a saved query, or a query in parentheses.
    mutating func source() throws(DQLError) -> QuerySource {
        let start = token.range
        var source: QuerySource
        switch token.kind {
        case .string(let name):
            try advance()
            source = QuerySource(kind: .saved(name), range: start)
        case .symbol(.leftParenthesis):
            source = QuerySource(kind: .nested(try nestedQuery()), range: start)
            source.range = start.through(previousRange)
        case .word(let name):
            try advance()
            source = try namedSource(Identifier(name: name, range: start))
        default:
            throw unexpected("a saved query in double quotes or a query in parentheses")
        }
        if source.variable == nil, case .word(let name) = token.kind, !looksLikeClause(name) {
            source.variable = try identifier("a variable")
            source.range = source.range.through(previousRange)
        }
        return source
    }

    /// `from versions m`, `from snapshots s` and, as the papers write it, `from m`: versions.
    private mutating func namedSource(_ name: Identifier) throws(DQLError) -> QuerySource {
        let tables: [String: QuerySource.Kind] = [
            "versions": .versions, "models": .versions, "snapshots": .snapshots,
        ]
        if let kind = tables[name.name] { return QuerySource(kind: kind, range: name.range) }
        guard case .word(let variable) = token.kind, !looksLikeClause(variable) else {
            return QuerySource(kind: .versions, variable: name, range: name.range)
        }
        throw DQLError(
            .unknownName,
            "There is no table '\(name.name)'.",
            at: name.range,
            hint: NameSuggestion.hint(for: name.name, among: tables.keys.sorted())
                ?? "write a saved query in double quotes: from \"\(name.name)\""
        )
    }

    /// Whether a word is a keyword with a slip rather than a variable: `from "best" wher …`.
    private func looksLikeClause(_ word: String) -> Bool {
        let clauses: [Keyword] = [.where, .order, .limit, .mutate, .with, .vary, .keep]
        return word.count > 3
            && NameSuggestion.nearest(to: word, among: clauses.map(\.rawValue)) != nil
    }

    private mutating func nestedQuery() throws(DQLError) -> Query {
        try enter()
        defer { leave() }
        try expect(.leftParenthesis)
        let query = try query()
        try expect(.rightParenthesis)
        return query
    }
}
