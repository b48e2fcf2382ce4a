import Catalog
import DQLSyntax
import Networks

extension Binder {
    /// Binds what stands behind `where`.
    mutating func bind(_ condition: Condition) throws -> BoundCondition {
        switch condition {
        case .all(let operands): return .all(try bind(operands))
        case .any(let operands): return .any(try bind(operands))
        case .not(let operand): return .not(try bind(operand))
        case .comparison(let left, let comparison, let right):
            return try bind(left, comparison, right)
        case .like(let operand, let pattern): return try bind(operand, like: pattern)
        case .isOneOf(let operand, let literals):
            var conditions: [BoundCondition] = []
            for literal in literals {
                let constant = Operand(kind: .literal(literal.value), range: literal.range)
                conditions.append(try bind(operand, .equal, constant))
            }
            return Self.isOneOf(conditions)
        case .contains(let list, let element): return try bind(element, in: list)
        case .between(let operand, let low, let high):
            return .all([
                try bind(operand, .greaterOrEqual, low), try bind(operand, .lessOrEqual, high),
            ])
        case .isMissing(let operand): return .isMissing(try value(operand))
        case .has(let path, let syntax): return try bind(path, has: syntax)
        case .holds(let path):
            let value = try value(path)
            guard [.boolean, nil].contains(kind(of: value)) else {
                throw error(
                    .typeMismatch,
                    "'\(path)' is no truth value; compare it with something.",
                    at: path.range
                )
            }
            return .holds(value)
        }
    }

    private mutating func bind(_ operands: [Condition]) throws -> [BoundCondition] {
        var bound: [BoundCondition] = []
        for operand in operands { bound.append(try bind(operand)) }
        return bound
    }

    /// Makes one look-up of many comparisons with the same value.
    private static func isOneOf(_ conditions: [BoundCondition]) -> BoundCondition {
        var shared: BoundValue?
        var constants: Set<DQLValue> = []
        for condition in conditions {
            guard case .comparison(let value, .equal, .literal(let constant)) = condition,
                shared == nil || shared == value
            else { return .any(conditions) }
            shared = value
            constants.insert(constant.canonical)
        }
        return shared.map { .isOneOf($0, constants) } ?? .any(conditions)
    }

    /// The kind of a value; nil if only the archive knows.
    func kind(of value: BoundValue) -> ValueKind? {
        switch value {
        case .literal(let literal): literal.kind
        case .attribute(let variable, let slot): attribute(variable, slot).kind
        }
    }

    private func attribute(_ variable: Int, _ slot: Int) -> Attribute {
        variables[variable].attributes[slot]
    }

    // MARK: Comparisons

    private mutating func bind(
        _ left: Operand,
        _ comparison: ComparisonOperator,
        _ right: Operand
    ) throws -> BoundCondition {
        if let layers = try layers(left, comparison, right) { return layers }
        var first = try value(left)
        var second = try value(right)
        if case .literal = first {
            guard case .attribute = second else {
                throw error(
                    .typeMismatch,
                    "An attribute such as 'm.name' must stand on one side of a comparison.",
                    at: left.range.through(right.range)
                )
            }
            swap(&first, &second)
            return try bind(right, first, comparison.flipped, left, second)
        }
        return try bind(left, first, comparison, right, second)
    }

    private mutating func bind(
        _ left: Operand,
        _ first: BoundValue,
        _ comparison: ComparisonOperator,
        _ right: Operand,
        _ second: BoundValue
    ) throws -> BoundCondition {
        if kind(of: first) == .time, case .literal(let literal) = second {
            return .time(first, comparison, try timeSpan(literal, at: right.range))
        }
        let constant = try constant(second, comparedWith: first, left, right)
        try checkKinds(left, first, comparison, right, constant)
        return .comparison(first, comparison, constant)
    }

    /// A constant as the value that it is compared with has it: `"v3"` is the version 3.
    private mutating func constant(
        _ value: BoundValue,
        comparedWith other: BoundValue,
        _ left: Operand,
        _ right: Operand
    ) throws -> BoundValue {
        guard case .literal(let literal) = value,
            case .attribute(let variable, let slot) = other
        else { return value }
        let attribute = attribute(variable, slot)
        if attribute == .version, case .text(let text) = literal, text.hasPrefix("v"),
            let number = Int64(text.dropFirst())
        {
            return .literal(.integer(number))
        }
        if case .text(let tag) = literal, attribute == .tags { checks.tags.insert(tag) }
        if case .hyperparameter = attribute {
            checks.uses.append(
                .init(attribute: attribute, kind: literal.kind, range: right.range, origin: origin)
            )
        }
        return value
    }

    private func checkKinds(
        _ left: Operand,
        _ first: BoundValue,
        _ comparison: ComparisonOperator,
        _ right: Operand,
        _ second: BoundValue
    ) throws {
        let kinds = [first, second].map { comparable(kind(of: $0), isConstant: isConstant($0)) }
        if let one = kinds[0], let other = kinds[1], one != other {
            let wantsQuotes = isConstant(second) && one == .text && other == .number
            throw error(
                .typeMismatch,
                isConstant(second)
                    ? "'\(left)' holds \(one.name) and cannot be compared with \(right)."
                    : "\(one.name.capitalizedFirst) cannot be compared with \(other.name).",
                at: isConstant(second) ? right.range : left.range.through(right.range),
                hint: wantsQuotes ? "a text stands in double quotes" : nil
            )
        }
        guard comparison.isOrdering else { return }
        let isUnordered = [first, second].contains { value in
            [.list, .version, .versions].contains(kind(of: value))
        }
        if isUnordered {
            throw error(
                .typeMismatch,
                "A list has no order; compare it with '=', '!=', 'like' or 'in'.",
                at: left.range.through(right.range)
            )
        }
        if kinds.contains(.boolean) {
            throw error(
                .typeMismatch,
                "Truth values have no order; compare them with '=' or '!='.",
                at: left.range.through(right.range)
            )
        }
    }

    private func isConstant(_ value: BoundValue) -> Bool {
        if case .literal = value { true } else { false }
    }

    /// The kind that decides what a value is compared with: a list by its elements, versions by
    /// their references, which are texts where they are written in quotes.
    private func comparable(_ kind: ValueKind?, isConstant: Bool) -> ValueKind? {
        switch kind {
        case .version, .versions, .list: .text
        default: kind
        }
    }

    private func timeSpan(_ literal: DQLValue, at range: SourceRange) throws -> TimeSpan {
        if case .text(let text) = literal, let span = TimeSpan(text) { return span }
        throw error(
            .typeMismatch,
            "\(AnswerText.plain(literal)) is not a time.",
            at: range,
            hint: "a time is the beginning of \"2015-11-22T10:30:59.000Z\", in UTC"
        )
    }

    /// `m1["conv1"] = m2["conv1"]` where neither is the name of a measurement: layers by content.
    private mutating func layers(
        _ left: Operand,
        _ comparison: ComparisonOperator,
        _ right: Operand
    ) throws -> BoundCondition? {
        guard !comparison.isOrdering, case .path(let first) = left.kind,
            case .path(let second) = right.kind, first.iteration == nil, second.iteration == nil,
            Self.isElementAlone(first), Self.isElementAlone(second),
            case .element(let name) = first.steps[0], case .element(let other) = second.steps[0],
            try !archive.catalog.hasMeasurement(name.name),
            try !archive.catalog.hasMeasurement(other.name)
        else { return nil }
        var values: [BoundValue] = []
        for path in [first, second] {
            let index = try variable(path.variable)
            let attribute = Attribute.nodes(try selection(path), .contents)
            values.append(.attribute(variable: index, slot: variables[index].slot(of: attribute)))
        }
        return .comparison(values[0], comparison, values[1])
    }

    // MARK: Other predicates

    private mutating func bind(_ operand: Operand, like pattern: Literal) throws -> BoundCondition {
        let value = try value(operand)
        guard case .text(let text) = pattern.value else {
            throw error(.syntax, "A pattern is a text.", at: pattern.range)
        }
        switch kind(of: value) {
        case .number, .boolean:
            throw error(
                .typeMismatch,
                "'\(operand)' holds \(kind(of: value)?.name ?? "numbers"); 'like' needs a text.",
                at: operand.range
            )
        default: break
        }
        if case .attribute(let variable, let slot) = value {
            let attribute = attribute(variable, slot)
            if case .hyperparameter = attribute {
                checks.uses.append(
                    .init(attribute: attribute, kind: .text, range: pattern.range, origin: origin)
                )
            }
        }
        return kind(of: value) == .time
            ? .timeLike(value, LikePattern(text)) : .like(value, LikePattern(text))
    }

    private mutating func bind(_ element: Operand, in list: Operand) throws -> BoundCondition {
        let bound = try value(list)
        guard case .attribute(let variable, let slot) = bound else {
            throw error(.typeMismatch, "'in' needs a list.", at: list.range)
        }
        let attribute = attribute(variable, slot)
        let mayBeList: Bool =
            if case .hyperparameter = attribute { true } else { attribute.isList }
        guard mayBeList else {
            throw error(
                .typeMismatch,
                "'\(list)' is no list; 'in' needs one, such as (1, 2) or m.tags.",
                at: list.range
            )
        }
        guard case .comparison(let value, _, let other) = try bind(list, .equal, element) else {
            throw error(.typeMismatch, "'\(element)' cannot be an element.", at: element.range)
        }
        return .contains(list: value, element: other)
    }

    private mutating func bind(_ path: AttributePath, has syntax: Template) throws -> BoundCondition {
        let index = try variable(path.variable)
        let selection = try selection(path)
        let template = try template(syntax, captures: selection.pattern.captureNumbers)
        let slot = variables[index].slot(of: .has(selection, template))
        return .holds(.attribute(variable: index, slot: slot))
    }
}

extension String {
    /// The text with its first letter in upper case.
    fileprivate var capitalizedFirst: String {
        prefix(1).uppercased() + dropFirst()
    }
}
