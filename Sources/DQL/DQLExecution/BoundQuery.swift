import Catalog
import DQLSyntax
import Networks

/// A query whose names have a meaning.
indirect enum BoundQuery: Sendable {
    case select(BoundSelect)
    case derive(BoundDerivation)
    case evaluate(BoundEvaluation)
}

/// A variable and what it stands for.
struct BoundVariable: Sendable {
    /// Where its rows come from.
    enum Source: Sendable {
        case table(VersionSelection.Table)
        case query(BoundQuery, savedName: String?)
    }

    var name: String
    var source: Source
    /// What is asked of its rows; a value of the query names one of these by its place, the *slot*.
    var attributes: [Attribute] = []

    /// The place of an attribute, made if it is new.
    mutating func slot(of attribute: Attribute) -> Int {
        if let slot = attributes.firstIndex(of: attribute) { return slot }
        attributes.append(attribute)
        return attributes.count - 1
    }
}

/// A value of a row: of one of its variables, or a constant.
enum BoundValue: Hashable, Sendable {
    case literal(DQLValue)
    case attribute(variable: Int, slot: Int)
}

/// What holds for a row or does not, ready to be evaluated.
indirect enum BoundCondition: Sendable {
    case all([BoundCondition])
    case any([BoundCondition])
    case not(BoundCondition)
    case comparison(BoundValue, ComparisonOperator, BoundValue)
    /// A creation time is compared with a span of time.
    case time(BoundValue, ComparisonOperator, TimeSpan)
    case like(BoundValue, LikePattern)
    /// A creation time is compared as it is written.
    case timeLike(BoundValue, LikePattern)
    case isOneOf(BoundValue, Set<DQLValue>)
    case contains(list: BoundValue, element: BoundValue)
    case isMissing(BoundValue)
    case holds(BoundValue)
}

/// `select`, bound.
struct BoundSelect: Sendable {
    /// A column of the answer.
    struct Column: Sendable {
        var heading: String
        var value: BoundValue
    }

    /// What the answer has rows of.
    enum Output: Sendable {
        /// Whole versions, snapshots or networks of one variable.
        case entities(variable: Int)
        /// Chosen values.
        case columns([Column])
        /// How many rows there are.
        case count
    }

    var variables: [BoundVariable]
    var condition: BoundCondition?
    var ordering: [(value: BoundValue, isDescending: Bool)] = []
    var limit: Int?
    var output = Output.count
    /// The variables that are selected; rows that are equal in them are one if nothing else is shown.
    var selected: [Int] = []
    /// What it was written as, for the explanation.
    var syntax: SelectQuery
}

/// `slice` or `construct`, bound.
struct BoundDerivation: Sendable {
    var kind: DeriveQuery.Kind
    /// The one variable that networks come from.
    var source: BoundSelect
    var mutations: [BoundMutation]
    /// The name of the query, for the names of the networks; nil for one that is not saved.
    var queryName: String?
    var syntax: DeriveQuery
    var origin: DQLError.Origin?
}

/// A mutation, bound.
struct BoundMutation: Sendable {
    enum Action: Sendable {
        case input
        case output
        case insert(NodeTemplate)
        case delete
        case disconnect(NodeSelection)
    }

    var selection: NodeSelection
    var action: Action
    var range: SourceRange
}

/// `evaluate`, bound.
struct BoundEvaluation: Sendable {
    var source: BoundSelect
    var dimensions: [BoundDimension]
    var syntax: EvaluateQuery
}

/// A hyperparameter that is varied, with its values.
struct BoundDimension: Sendable {
    var name: String
    var values: [DQLValue]
    var isAutomatic: Bool
}

/// Names that a query takes for granted, which can only be checked against an archive.
struct ArchiveChecks: Sendable {
    /// A hyperparameter or measurement that some version should have.
    struct Use: Sendable {
        var attribute: Attribute
        /// The kind of what it is compared with, if it is a constant.
        var kind: ValueKind?
        var range: SourceRange
        var origin: DQLError.Origin?
    }

    var uses: [Use] = []
    var tags: Set<String> = []
}
