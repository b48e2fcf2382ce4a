extension Parser {
    /// Reads what stands behind `where`; `not` binds closer than `and`, `and` closer than `or`.
    mutating func condition() throws(DQLError) -> Condition {
        var operands = [try conjunction()]
        while try skip(.or) { operands.append(try conjunction()) }
        return operands.count == 1 ? operands[0] : .any(operands)
    }

    private mutating func conjunction() throws(DQLError) -> Condition {
        var operands = [try negation()]
        while try skip(.and) { operands.append(try negation()) }
        return operands.count == 1 ? operands[0] : .all(operands)
    }

    private mutating func negation() throws(DQLError) -> Condition {
        if isAt(.not) {
            try enter()
            defer { leave() }
            try advance()
            return .not(try negation())
        }
        guard token.kind == .symbol(.leftParenthesis) else { return try predicate() }
        try enter()
        defer { leave() }
        try advance()
        let condition = try condition()
        try expect(.rightParenthesis)
        return condition
    }

    private mutating func predicate() throws(DQLError) -> Condition {
        let left = try operand(mayBeVariable: true)
        if case .symbol(let symbol) = token.kind,
            let comparison = ComparisonOperator(rawValue: symbol.rawValue)
        {
            try advance()
            return .comparison(left, comparison, try operand(mayBeVariable: true))
        }
        let isNegated = try skip(.not)
        if !isNegated, case .path(let path) = left.kind, !path.steps.isEmpty, isAtPredicateEnd {
            return .holds(path)
        }
        let predicate = try wordPredicate(left, isNegated: isNegated)
        return isNegated ? .not(predicate) : predicate
    }

    /// Whether a condition could end here, so that a path alone is one: `where m.finite and …`.
    private var isAtPredicateEnd: Bool {
        switch token.kind {
        case .end, .symbol(.rightParenthesis), .symbol(.semicolon), .keyword(.and, _),
            .keyword(.or, _), .keyword(.order, _), .keyword(.limit, _), .keyword(.mutate, _),
            .keyword(.with, _):
            true
        default: false
        }
    }

    private mutating func wordPredicate(
        _ left: Operand,
        isNegated: Bool
    ) throws(DQLError) -> Condition {
        switch token.kind {
        case .keyword(.has, _):
            let path = try path(left, before: "has")
            try advance()
            return .has(path, try template())
        case .keyword(.like, _):
            _ = try value(left, before: "like")
            try advance()
            guard case .string(let pattern) = token.kind else {
                throw unexpected("a pattern in double quotes, in which % is any text")
            }
            try advance()
            return .like(left, pattern: Literal(value: .text(pattern), range: previousRange))
        case .keyword(.in, _):
            try advance()
            return try membership(of: left)
        case .keyword(.between, _):
            _ = try value(left, before: "between")
            try advance()
            let low = try operand()
            try expect(.and)
            return .between(left, low, try operand())
        case .keyword(.is, _) where !isNegated:
            try advance()
            let isPresent = try skip(.not)
            // SQL's word for it is understood as well.
            if case .word(let word) = token.kind, word.lowercased() == "null" {
                try advance()
            } else {
                try expect(.missing)
            }
            _ = try value(left, before: "is missing")
            return isPresent ? .not(.isMissing(left)) : .isMissing(left)
        default:
            let words: [Keyword] =
                [.like, .in, .between, .has] + (isNegated ? [] : [.is])
            let names = words.map { "'\($0 == .is ? "is missing" : $0.rawValue)'" }
            throw unexpected(
                (isNegated ? "" : "a comparison, ") + names.joined(separator: ", "),
                words
            )
        }
    }

    /// Reads what stands behind `in`: a list in brackets or parentheses, or a list attribute.
    private mutating func membership(of left: Operand) throws(DQLError) -> Condition {
        switch token.kind {
        case .symbol(.leftBracket), .symbol(.leftParenthesis):
            _ = try value(left, before: "in")
            return .isOneOf(left, try literals())
        default:
            return .contains(list: try operand(), element: left)
        }
    }

    private func path(_ operand: Operand, before word: String) throws(DQLError) -> AttributePath {
        guard case .path(let path) = operand.kind, !path.steps.isEmpty else {
            throw DQLError(
                .syntax,
                "A selector such as 'm[\"conv*\"]' stands before '\(word)'.",
                at: operand.range
            )
        }
        return path
    }

    private func value(_ operand: Operand, before word: String) throws(DQLError) -> Operand {
        switch operand.kind {
        case .function: return operand
        case .path(let path) where !path.steps.isEmpty: return operand
        case .path, .literal:
            throw DQLError(
                .syntax,
                "An attribute such as 'm.name' stands before '\(word)'.",
                at: operand.range
            )
        }
    }
}
