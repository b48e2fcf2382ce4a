/// A query as it is written: the result of parsing, before anything is known of names and types.
public struct SelectSyntax: Hashable, Sendable {
    /// A column of the answer.
    public struct Column: Hashable, Sendable {
        /// What it shows.
        public let operand: OperandSyntax
        /// The column's name: its text in the query.
        public let name: String
    }

    /// What the query gives.
    public enum Selection: Hashable, Sendable {
        /// Versions, with all their facts.
        case versions
        /// The number of versions.
        case count
        /// Chosen facts.
        case columns([Column])
    }

    /// Where the versions come from.
    public indirect enum Source: Hashable, Sendable {
        /// All versions of the archive.
        case archive
        /// The answer of a saved query.
        case saved(name: String, range: Range<Int>)
        /// The answer of a query in parentheses.
        case nested(SelectSyntax)
    }

    /// What the answer is sorted by.
    public struct Order: Hashable, Sendable {
        /// The fact.
        public let operand: OperandSyntax
        /// Whether the largest comes first.
        public let isDescending: Bool
    }

    /// What the query gives.
    public var selection: Selection
    /// The name that stands for a version.
    public var variable: String
    /// Where the versions come from.
    public var source: Source
    /// Which versions match; nil for all.
    public var condition: ConditionSyntax?
    /// What the answer is sorted by; nothing means name and number.
    public var order: [Order]
    /// How many versions the answer has at most.
    public var limit: Int?
}

/// A condition.
public indirect enum ConditionSyntax: Hashable, Sendable {
    case or(ConditionSyntax, ConditionSyntax)
    case and(ConditionSyntax, ConditionSyntax)
    case not(ConditionSyntax)
    case comparison(OperandSyntax, Comparison, OperandSyntax, Range<Int>)
    case like(OperandSyntax, OperandSyntax, Range<Int>)
    case isMissing(OperandSyntax)
    case inList(OperandSyntax, [OperandSyntax], Range<Int>)
    case inAttribute(OperandSyntax, OperandSyntax, Range<Int>)

    /// How two values are compared.
    public enum Comparison: String, Hashable, Sendable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }
}

/// A value in a condition.
public struct OperandSyntax: Hashable, Sendable {
    /// The kinds of values.
    public enum Kind: Hashable, Sendable {
        case text(String)
        case integer(Int64)
        case number(Double)
        case boolean(Bool)
        /// `m.config.lr`: a variable and the names behind it.
        case attribute(variable: String, path: [String])
        /// `m["loss"]` or `m["loss"] at 100`.
        case measurement(variable: String, name: String, iteration: Int64?)
        /// `min(m["loss"])` or `max(m["loss"])`.
        case extreme(variable: String, name: String, isMaximum: Bool)
    }

    /// What it is.
    public let kind: Kind

    /// Where it stands.
    public let range: Range<Int>
}
