extension Parser {
    private static let clauses: [Keyword] = [.from, .where, .with, .vary, .keep]

    /// Reads `evaluate m from … with config = … vary … keep …`.
    mutating func evaluateQuery() throws(DQLError) -> EvaluateQuery {
        try expect(.evaluate)
        let variable = try identifier("a variable such as 'm'")
        let source = try skip(.from) ? try source() : nil
        let condition = try skip(.where) ? try condition() : nil
        guard isAt(.with) else {
            let next: [Keyword] =
                (source == nil ? [.from] : []) + (condition == nil ? [.where] : [.and, .or]) + [.with]
            throw unexpected(next.map { "'\($0.rawValue)'" }.joined(separator: ", "), next)
        }
        try advance()
        try expectWord("config")
        try expect(.equal)
        guard case .string(let path) = token.kind else {
            throw unexpected("the path of a configuration in double quotes")
        }
        try advance()
        var query = EvaluateQuery(
            variable: variable,
            source: source,
            condition: condition,
            configuration: Literal(value: .text(path), range: previousRange),
            dimensions: [],
            rules: []
        )
        var next: [Keyword] = [.vary, .keep]
        if try skip(.vary) {
            repeat { query.dimensions.append(try dimension()) } while try skip(.and)
            next = [.and, .keep]
        }
        if try skip(.keep) {
            repeat { query.rules.append(try keepRule()) } while try skip(.and)
            next = [.and]
        }
        try expectClauseEnd(next, order: Self.clauses)
        return query
    }

    private mutating func expectWord(_ expected: String) throws(DQLError) {
        guard case .word(let word) = token.kind, word.lowercased() == expected else {
            throw unexpected("'\(expected)'")
        }
        try advance()
    }

    private mutating func dimension() throws(DQLError) -> Dimension {
        let path = try attributePath()
        guard path.variable.name.lowercased() == "config", !path.steps.isEmpty else {
            throw DQLError(
                .syntax,
                "Expected a hyperparameter such as config.base_lr, found '\(path)'.",
                at: path.range
            )
        }
        var values: [Literal]?
        if try skip(.in) {
            values = try literals()
        } else if case .word(let word) = token.kind, word.lowercased() == "auto" {
            try advance()
        } else {
            throw unexpected("'in' with a list of values, or 'auto'", [.in])
        }
        return Dimension(path: path, values: values, range: path.range.through(previousRange))
    }

    private mutating func keepRule() throws(DQLError) -> KeepRule {
        let name = try identifier("'top', 'threshold' or 'budget'")
        try expect(.leftParenthesis)
        let kind: KeepRule.Kind
        switch name.name.lowercased() {
        case "top":
            let count = try wholeNumber("how many results are kept")
            try expect(.comma)
            let metric = try attributePath()
            try expect(.comma)
            kind = .top(count, metric, iterations: try wholeNumber("a number of iterations"))
        case "threshold":
            let metric = try attributePath()
            _ = try skip(.comma)
            let comparison = try thresholdOperator()
            _ = try skip(.comma)
            let value = try number("the value that is to be passed")
            try expect(.comma)
            kind = .threshold(
                metric, comparison, value, iterations: try wholeNumber("a number of iterations")
            )
        case "budget":
            kind = .budget(seconds: try number("a number of seconds"))
        default:
            throw DQLError(
                .unknownName,
                "There is no rule '\(name.name)'.",
                at: name.range,
                hint: NameSuggestion.hint(for: name.name, among: ["top", "threshold", "budget"])
                    ?? "rules are top, threshold and budget"
            )
        }
        try expect(.rightParenthesis)
        return KeepRule(kind: kind, range: name.range.through(previousRange))
    }

    /// The operator of a threshold, bare or in quotes.
    private mutating func thresholdOperator() throws(DQLError) -> ComparisonOperator {
        let text: String
        switch token.kind {
        case .symbol(let symbol): text = symbol.rawValue
        case .string(let string): text = string
        default: text = ""
        }
        guard let comparison = ComparisonOperator(rawValue: text) else {
            throw unexpected("a comparison such as <")
        }
        try advance()
        return comparison
    }

    private mutating func number(_ expected: String) throws(DQLError) -> Double {
        switch token.kind {
        case .integer(let value):
            try advance()
            return Double(value)
        case .number(let value):
            try advance()
            return value
        default: throw unexpected(expected)
        }
    }
}
