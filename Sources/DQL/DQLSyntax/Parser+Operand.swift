extension Parser {
    /// Reads a constant, a path, or a function of a path.
    ///
    /// - Parameter mayBeVariable: Whether a variable alone is a value, as in `m1.parent = m2`.
    mutating func operand(mayBeVariable: Bool = false) throws(DQLError) -> Operand {
        if isAt(.count) {
            let name = token
            try advance()
            return try function(named: name)
        }
        guard case .word(let word) = token.kind else {
            let literal = try literal()
            return Operand(kind: .literal(literal.value), range: literal.range)
        }
        let hint = literalHint
        let name = token
        let path = try attributePath()
        if path.steps.isEmpty, token.kind == .symbol(.leftParenthesis) {
            return try function(named: name)
        }
        guard mayBeVariable || !path.steps.isEmpty else {
            throw DQLError(
                .syntax,
                "Expected a value or an attribute such as 'm.name', found '\(word.prefix(40))'.",
                at: path.range,
                hint: hint
            )
        }
        return Operand(kind: .path(path), range: path.range)
    }

    /// Reads the `(m["loss"])` behind the name of a function.
    mutating func function(named name: Token) throws(DQLError) -> Operand {
        let spelling: String
        switch name.kind {
        case .word(let word), .keyword(_, let word): spelling = word
        default: spelling = "\(name.kind)"
        }
        try expect(.leftParenthesis)
        let path = try attributePath()
        try expect(.rightParenthesis)
        return Operand(
            kind: .function(Identifier(name: spelling, range: name.range), path),
            range: name.range.through(previousRange)
        )
    }

    /// Reads `m`, `m.name`, `m.config.lr`, `m["loss"] at 100`, `m["conv*"].next`.
    mutating func attributePath() throws(DQLError) -> AttributePath {
        let variable = try identifier("an attribute such as 'm.name'")
        var path = AttributePath(variable: variable, steps: [], range: variable.range)
        while let step = try step() { path.steps.append(step) }
        if try skip(.at) { path.iteration = try wholeNumber("the number of an iteration") }
        path.range = variable.range.through(previousRange)
        return path
    }

    private mutating func step() throws(DQLError) -> AttributePath.Step? {
        if try skip(.dot) {
            let name: String
            switch token.kind {
            case .word(let word), .keyword(_, let word): name = word
            default: throw unexpected("the name of an attribute")
            }
            try advance()
            return .member(Identifier(name: name, range: previousRange))
        }
        guard try skip(.leftBracket) else { return nil }
        guard case .string(let name) = token.kind else {
            throw unexpected("a name in double quotes")
        }
        try advance()
        let range = previousRange
        try expect(.rightBracket)
        return .element(Identifier(name: name, range: range))
    }

    /// Reads a constant.
    mutating func literal() throws(DQLError) -> Literal {
        let value: Literal.Value
        switch token.kind {
        case .string(let text): value = .text(text)
        case .integer(let number): value = .integer(number)
        case .number(let number): value = .number(number)
        case .keyword(.true, _): value = .boolean(true)
        case .keyword(.false, _): value = .boolean(false)
        default: throw unexpected("a value", hint: literalHint)
        }
        try advance()
        return Literal(value: value, range: previousRange)
    }

    /// Reads constants between brackets or parentheses.
    mutating func literals() throws(DQLError) -> [Literal] {
        let closing: Symbol =
            token.kind == .symbol(.leftParenthesis) ? .rightParenthesis : .rightBracket
        if try !skip(.leftParenthesis) {
            guard try skip(.leftBracket) else { throw unexpected("a list such as [1, 2]") }
        }
        var literals = [try literal()]
        while try skip(.comma) { literals.append(try literal()) }
        try expect(closing)
        return literals
    }

    private var literalHint: String? {
        switch token.kind {
        case .keyword(.missing, _): "write 'is missing'"
        case .word(let word) where ["null", "none", "nan"].contains(word.lowercased()):
            "write 'is missing'"
        case .word: "a text stands in double quotes"
        default: nil
        }
    }

    /// Reads `POOL("MAX")`, `CONV(kernel=3)` or `RELU`.
    mutating func template() throws(DQLError) -> Template {
        let name = try identifier("a node template such as POOL(\"MAX\")")
        var template = Template(name: name, arguments: [], range: name.range)
        guard try skip(.leftParenthesis) else { return template }
        if try !skip(.rightParenthesis) {
            repeat { template.arguments.append(try templateArgument()) } while try skip(.comma)
            try expect(.rightParenthesis)
        }
        template.range = name.range.through(previousRange)
        return template
    }

    private mutating func templateArgument() throws(DQLError) -> Template.Argument {
        let start = token.range
        var name: Identifier?
        if case .word(let word) = token.kind {
            try advance()
            name = Identifier(name: word, range: previousRange)
            try expect(.equal)
        }
        let isList = token.kind == .symbol(.leftBracket)
        let values = isList ? try literals() : [try literal()]
        return Template.Argument(
            name: name, values: values, range: start.through(previousRange)
        )
    }
}
