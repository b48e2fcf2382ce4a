extension Parser {
    private static let clauses: [Keyword] = [.from, .where, .mutate]

    /// Reads `slice m2 from m1 where … mutate …` or the same with `construct`.
    mutating func deriveQuery() throws(DQLError) -> DeriveQuery {
        let kind: DeriveQuery.Kind = isAt(.slice) ? .slice : .construct
        try advance()
        let result = try identifier("a variable for the new networks")
        try expect(.from)
        var query = DeriveQuery(
            kind: kind, result: result, source: try source(), condition: nil, mutations: []
        )
        if token.kind == .symbol(.comma) {
            throw DQLError(
                .syntax,
                "'\(kind.rawValue)' makes networks from one source; join in a query that it selects from.",
                at: token.range
            )
        }
        if try skip(.where) { query.condition = try condition() }
        guard isAt(.mutate) else {
            throw unexpected(
                query.condition == nil ? "'where' or 'mutate'" : "'and', 'or' or 'mutate'",
                [.where, .mutate]
            )
        }
        try advance()
        repeat { query.mutations.append(try mutation()) } while try skip(.and)
        try expectClauseEnd([.and], order: Self.clauses)
        return query
    }

    private mutating func mutation() throws(DQLError) -> Mutation {
        var target = try attributePath()
        guard case .member(let verb)? = target.steps.popLast() else {
            throw mutationError(at: target.range)
        }
        let start = target.range
        target.range = SourceRange(start.start, verb.range.start - 1)
        let action: Mutation.Action
        switch verb.name.lowercased() {
        case "input":
            try expect(.equal)
            action = .input(try attributePath())
        case "output":
            try expect(.equal)
            action = .output(try attributePath())
        case "insert":
            try expect(.equal)
            action = .insert(try template())
        case "delete":
            action = try skip(.equal) ? .disconnect(try attributePath()) : .delete
        default: throw mutationError(at: verb.range, found: verb.name)
        }
        return Mutation(target: target, action: action, range: start.through(previousRange))
    }

    private func mutationError(at range: SourceRange, found: String? = nil) -> DQLError {
        let verbs = ["input", "output", "insert", "delete"]
        return DQLError(
            .syntax,
            "Expected .input, .output, .insert or .delete behind a variable or a selector.",
            at: range,
            hint: found.flatMap { NameSuggestion.hint(for: $0, among: verbs) }
                ?? "for example m[\"conv*($1)\"].insert = RELU(\"relu$1\")"
        )
    }
}
