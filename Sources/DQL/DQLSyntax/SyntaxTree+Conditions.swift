/// A name and where it stands.
public struct Identifier: Hashable, Sendable {
    /// The name.
    public var name: String

    /// Where it stands.
    public var range: SourceRange

    /// Creates an identifier.
    public init(name: String, range: SourceRange) {
        self.name = name
        self.range = range
    }
}

/// What a predicate or a column is about: `m`, `m.config.lr`, `m["loss"] at 100`, `m["conv*"].next`.
public struct AttributePath: Hashable, Sendable {
    /// A step from a thing to a part of it.
    public enum Step: Hashable, Sendable {
        /// `.name`
        case member(Identifier)
        /// `["name"]`
        case element(Identifier)
    }

    /// The variable it begins with.
    public var variable: Identifier

    /// The steps behind it.
    public var steps: [Step]

    /// The iteration behind `at`.
    public var iteration: Int64?

    /// Where all of it stands.
    public var range: SourceRange
}

/// A constant.
public struct Literal: Hashable, Sendable {
    /// The value of a constant.
    public enum Value: Hashable, Sendable {
        case boolean(Bool)
        case integer(Int64)
        case number(Double)
        case text(String)
    }

    /// Its value.
    public var value: Value

    /// Where it stands.
    public var range: SourceRange
}

/// A value: a constant, a path, or a function of a path.
public struct Operand: Hashable, Sendable {
    /// The kinds of values.
    public enum Kind: Hashable, Sendable {
        case literal(Literal.Value)
        case path(AttributePath)
        /// `min(m["loss"])`
        case function(Identifier, AttributePath)
    }

    /// What it is.
    public var kind: Kind

    /// Where it stands.
    public var range: SourceRange

    /// Creates a value.
    public init(kind: Kind, range: SourceRange) {
        self.kind = kind
        self.range = range
    }
}

/// How two values are compared.
public enum ComparisonOperator: String, Hashable, Sendable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

/// A node template: `POOL("MAX")`, `CONV(kernel=3)`.
public struct Template: Hashable, Sendable {
    /// A value that a node's attribute must have, or gets.
    public struct Argument: Hashable, Sendable {
        /// The name in front of `=`; nil if the place tells which attribute it is.
        public var name: Identifier?

        /// The values: one, or those of a list.
        public var values: [Literal]

        /// Where it stands.
        public var range: SourceRange
    }

    /// The operator.
    public var name: Identifier

    /// What it says about attributes; nothing matches anything.
    public var arguments: [Argument]

    /// Where all of it stands.
    public var range: SourceRange
}

/// What holds for a row or does not.
public indirect enum Condition: Hashable, Sendable {
    /// Operands of `and`; a list rather than a pair, so that a long chain is not deep.
    case all([Condition])
    /// Operands of `or`.
    case any([Condition])
    case not(Condition)
    case comparison(Operand, ComparisonOperator, Operand)
    case like(Operand, pattern: Literal)
    /// `m.version in (1, 2)`
    case isOneOf(Operand, [Literal])
    /// `"best" in m.tags`
    case contains(list: Operand, element: Operand)
    case between(Operand, Operand, Operand)
    case isMissing(Operand)
    /// `m["conv1"].next has POOL("MAX")`
    case has(AttributePath, Template)
    /// `m.finite`
    case holds(AttributePath)
}
