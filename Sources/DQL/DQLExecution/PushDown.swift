import Catalog
import DQLSyntax

/// Says conditions on one variable in the catalog's words, where SQLite answers as DQL does.
struct PushDown {
    private let variable: BoundVariable

    init(_ variable: BoundVariable) {
        self.variable = variable
    }

    /// The condition for SQLite; nil if it cannot decide all of it.
    func condition(_ condition: BoundCondition) -> VersionCondition? {
        switch condition {
        case .all(let operands): return all(operands).map(VersionCondition.all)
        case .any(let operands): return all(operands).map(VersionCondition.any)
        case .not(let operand): return self.condition(operand).map(VersionCondition.not)
        case .comparison(let left, let comparison, let right):
            return self.comparison(left, comparison, right)
        case .contains(let list, let element): return tag(list, element)
        case .time(let value, let comparison, let span):
            guard attribute(value) == .creationTime else { return nil }
            return time(comparison, span)
        case .like(let value, let pattern):
            guard let text = self.value(value, as: .text), let glob = pattern.glob else { return nil }
            return .matches(text, glob: glob)
        case .timeLike: return nil
        case .isOneOf(let value, let constants): return isOneOf(value, constants)
        case .isMissing(let value):
            // A hyperparameter may be of any kind, and SQLite sees one kind at a time.
            guard let attribute = attribute(value) else { return nil }
            if case .hyperparameter = attribute { return nil }
            return self.value(value, as: attribute.kind).map(VersionCondition.isMissing)
        case .holds(let value):
            guard let value = self.value(value, as: .boolean) else { return nil }
            return .comparison(value, .equal, .integer(1))
        }
    }

    /// The value for SQLite's order; nil for one whose kinds it would order in its own way.
    func orderValue(_ value: BoundValue) -> VersionValue? {
        guard let attribute = attribute(value) else { return nil }
        if case .hyperparameter = attribute { return nil }
        return self.value(value, as: attribute.kind)
    }

    private func all(_ operands: [BoundCondition]) -> [VersionCondition]? {
        let conditions = operands.compactMap { condition($0) }
        return conditions.count == operands.count ? conditions : nil
    }

    private func attribute(_ value: BoundValue) -> Attribute? {
        guard case .attribute(_, let slot) = value else { return nil }
        return variable.attributes[slot]
    }

    private func comparison(
        _ left: BoundValue,
        _ comparison: ComparisonOperator,
        _ right: BoundValue
    ) -> VersionCondition? {
        if !comparison.isOrdering, let tag = tag(left, right) {
            return comparison == .equal ? tag : .not(tag)
        }
        let kinds = [left, right].compactMap { value -> ValueKind? in
            switch value {
            case .literal(let literal): literal.kind
            case .attribute: attribute(value)?.kind
            }
        }
        // Two hyperparameters may be of the same kind, or not; that is decided here.
        guard let kind = kinds.first, Set(kinds).count == 1,
            let first = value(left, as: kind), let second = value(right, as: kind)
        else { return nil }
        return .comparison(first, comparison.catalog, second)
    }

    private func tag(_ list: BoundValue, _ element: BoundValue) -> VersionCondition? {
        guard attribute(list) == .tags, case .literal(.text(let tag)) = element else { return nil }
        return .hasTag(tag)
    }

    private func isOneOf(_ value: BoundValue, _ constants: Set<DQLValue>) -> VersionCondition? {
        let kinds = Set(constants.map(\.kind))
        guard kinds.count == 1, let kind = kinds.first ?? nil else { return nil }
        if attribute(value) == .tags {
            let tags = constants.compactMap { constant -> VersionCondition? in
                if case .text(let tag) = constant { .hasTag(tag) } else { nil }
            }
            return .any(tags)
        }
        // SQLite takes a few hundred arguments without complaint, not a hundred thousand.
        guard constants.count <= 500, let value = self.value(value, as: kind) else { return nil }
        let literals = constants.compactMap { literal($0) }
        return literals.count == constants.count ? .isOneOf(value, literals) : nil
    }

    private func time(_ comparison: ComparisonOperator, _ span: TimeSpan) -> VersionCondition {
        let from = VersionValue.integer(span.start)
        let end = VersionValue.integer(span.end)
        return switch comparison {
        case .less: .comparison(.creationTime, .less, from)
        case .lessOrEqual: .comparison(.creationTime, .less, end)
        case .greater: .comparison(.creationTime, .greaterOrEqual, end)
        case .greaterOrEqual: .comparison(.creationTime, .greaterOrEqual, from)
        case .equal:
            .all([
                .comparison(.creationTime, .greaterOrEqual, from),
                .comparison(.creationTime, .less, end),
            ])
        case .notEqual:
            .any([
                .comparison(.creationTime, .less, from),
                .comparison(.creationTime, .greaterOrEqual, end),
            ])
        }
    }

    // MARK: Values

    private func value(_ value: BoundValue, as kind: ValueKind?) -> VersionValue? {
        switch value {
        case .literal(let literal): return literal.kind == kind ? self.literal(literal) : nil
        case .attribute:
            guard let attribute = attribute(value) else { return nil }
            if case .hyperparameter(let name) = attribute {
                switch kind {
                case .number: return .hyperparameter(name, .number)
                case .text: return .hyperparameter(name, .text)
                case .boolean: return .hyperparameter(name, .boolean)
                default: return nil
                }
            }
            return attribute.kind == kind ? Self.value(attribute) : nil
        }
    }

    private func literal(_ literal: DQLValue) -> VersionValue? {
        switch literal {
        case .integer(let value): .integer(value)
        case .number(let value): .real(value)
        case .boolean(let value): .integer(value ? 1 : 0)
        // SQLite ends its texts at U+0000.
        case .text(let text): text.utf8.contains(0) ? nil : .text(text)
        case .missing, .list: nil
        }
    }

    private static func value(_ attribute: Attribute) -> VersionValue? {
        switch attribute {
        case .name: .name
        case .version: .number
        case .creationTime: .creationTime
        case .message: .message
        case .iteration: .iteration
        case .label: .label
        case .parameters: .parameterCount
        case .byteCount: .byteCount
        case .isFinite: .isFinite
        case .measurement(let name, let reading): .measurement(name, reading.catalog)
        default: nil
        }
    }
}

extension Attribute.Reading {
    fileprivate var catalog: VersionValue.Reading {
        switch self {
        case .latest: .latest
        case .first: .first
        case .at(let iteration): .at(iteration)
        case .minimum: .minimum
        case .maximum: .maximum
        }
    }
}

extension ComparisonOperator {
    fileprivate var catalog: VersionCondition.Comparison {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        }
    }
}
