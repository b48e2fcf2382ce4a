import DQLSyntax

/// SQL's three-valued logic; nil is unknown.
typealias Truth = Bool?

/// Where a condition finds the values of a row.
protocol RowValues {
    /// The value in a slot of a variable.
    func value(variable: Int, slot: Int) -> DQLValue
}

extension RowValues {
    /// A constant, or what the row has.
    func value(_ value: BoundValue) -> DQLValue {
        switch value {
        case .literal(let literal): literal
        case .attribute(let variable, let slot): self.value(variable: variable, slot: slot)
        }
    }
}

extension BoundCondition {
    /// Whether it holds for a row.
    func truth(for row: some RowValues) -> Truth {
        switch self {
        case .all(let operands):
            var result: Truth = true
            for operand in operands {
                switch operand.truth(for: row) {
                case false?: return false
                case nil: result = nil
                case true?: break
                }
            }
            return result
        case .any(let operands):
            var result: Truth = false
            for operand in operands {
                switch operand.truth(for: row) {
                case true?: return true
                case nil: result = nil
                case false?: break
                }
            }
            return result
        case .not(let operand): return operand.truth(for: row).map { !$0 }
        case .comparison(let left, let comparison, let right):
            return comparison.truth(row.value(left), row.value(right))
        case .time(let value, let comparison, let span):
            guard case .integer(let time) = row.value(value) else { return nil }
            return comparison.holds(for: span.order(of: time))
        case .like(let value, let pattern): return Self.like(row.value(value), pattern)
        case .timeLike(let value, let pattern):
            guard case .integer(let time) = row.value(value) else { return nil }
            return pattern.matches(TimeSpan.text(time))
        case .isOneOf(let value, let values): return Self.isOneOf(row.value(value), values)
        case .contains(let list, let element):
            return ComparisonOperator.equal.truth(row.value(list), row.value(element))
        case .isMissing(let value): return row.value(value).isMissing
        case .holds(let value):
            switch row.value(value) {
            case .boolean(let holds): return holds
            case .list(let values):
                return values.isEmpty ? nil : values.contains(.boolean(true))
            default: return nil
            }
        }
    }

    private static func like(_ value: DQLValue, _ pattern: LikePattern) -> Truth {
        switch value {
        case .text(let text): pattern.matches(text)
        case .list(let values): values.contains { like($0, pattern) == true }
        case .missing, .boolean, .integer, .number: nil
        }
    }

    private static func isOneOf(_ value: DQLValue, _ values: Set<DQLValue>) -> Truth {
        switch value {
        case .missing: nil
        case .list(let elements): elements.contains { values.contains($0.canonical) }
        case _ where values.contains(value.canonical): true
        // As with `=`, values of different kinds are neither equal nor different.
        default: values.contains { $0.kind == value.kind } ? false : nil
        }
    }
}

extension ComparisonOperator {
    /// The operator that holds with the sides exchanged.
    var flipped: ComparisonOperator {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }

    /// Whether it asks which of two values is greater.
    var isOrdering: Bool { self != .equal && self != .notEqual }

    /// Whether it holds for values in an order.
    func holds(for order: ValueOrder) -> Bool {
        switch self {
        case .equal: order == .same
        case .notEqual: order != .same
        case .less: order == .ascending
        case .lessOrEqual: order != .descending
        case .greater: order == .descending
        case .greaterOrEqual: order != .ascending
        }
    }

    /// Whether it holds for two values; unknown if one is missing or they are of different kinds.
    ///
    /// For a list it holds if it does for one of the elements; `!=` holds if `=` does for none.
    func truth(_ left: DQLValue, _ right: DQLValue) -> Truth {
        if case .list(let elements) = left { return truth(ofElements: elements, right) }
        if case .list(let elements) = right {
            return flipped.truth(ofElements: elements, left)
        }
        return ValueOrder.of(left, right).map(holds(for:))
    }

    private func truth(ofElements elements: [DQLValue], _ value: DQLValue) -> Truth {
        guard !value.isMissing else { return nil }
        if self == .notEqual {
            return ComparisonOperator.equal.truth(ofElements: elements, value).map { !$0 }
        }
        // An empty list is a list that has no such element, as `"best" in m.tags` is false.
        var result: Truth = false
        for element in elements {
            switch truth(element, value) {
            case true?: return true
            case nil: result = nil
            case false?: break
            }
        }
        return result
    }
}
