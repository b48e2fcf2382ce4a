/// A query as it is written, before anything is known about its names.
public struct Statement: Hashable, Sendable {
    /// Whether `explain` stands in front: the plan is wanted, not the answer.
    public var isExplained: Bool

    /// The query.
    public var query: Query
}

/// One of the four kinds of queries.
public indirect enum Query: Hashable, Sendable {
    /// `select …`: versions or snapshots, or facts of them.
    case select(SelectQuery)
    /// `slice …` and `construct …`: networks made of those of versions.
    case derive(DeriveQuery)
    /// `evaluate …`: training of networks with varied hyperparameters.
    case evaluate(EvaluateQuery)
}

/// `select` with its clauses in their order.
public struct SelectQuery: Hashable, Sendable {
    /// What stands behind `select`.
    public var selection: Selection

    /// What the variables stand for; variables without a source are versions of the archive.
    public var sources: [QuerySource]

    /// What holds for the rows of the answer.
    public var condition: Condition?

    /// The order of the answer, most significant term first.
    public var ordering: [OrderTerm]

    /// How many rows the answer has at most.
    public var limit: Int?

    /// Creates a query.
    public init(
        selection: Selection,
        sources: [QuerySource] = [],
        condition: Condition? = nil,
        ordering: [OrderTerm] = [],
        limit: Int? = nil
    ) {
        self.selection = selection
        self.sources = sources
        self.condition = condition
        self.ordering = ordering
        self.limit = limit
    }
}

/// What a query answers with.
public enum Selection: Hashable, Sendable {
    /// `select m`, `select m.name, m["loss"] as loss`: rows.
    case items([SelectItem])
    /// `select count`, `select count(m)`: how many rows there are.
    case count(Identifier?)
}

/// A thing behind `select`: a variable alone, or a value of one.
public struct SelectItem: Hashable, Sendable {
    /// What is shown.
    public var operand: Operand

    /// The heading behind `as`, if any.
    public var heading: Identifier?
}

/// What a variable stands for.
public struct QuerySource: Hashable, Sendable {
    /// The kinds of sources.
    public enum Kind: Hashable, Sendable {
        /// All versions of the archive.
        case versions
        /// All snapshots of all versions.
        case snapshots
        /// The answer of a saved query, or of a file (a text with a slash that ends in `.dql`).
        case saved(String)
        /// The answer of a query in parentheses.
        case nested(Query)
    }

    /// Which rows these are.
    public var kind: Kind

    /// The variable that stands behind the source, if any.
    public var variable: Identifier?

    /// Where the source stands.
    public var range: SourceRange
}

/// A term of `order by`.
public struct OrderTerm: Hashable, Sendable {
    /// What is compared.
    public var operand: Operand

    /// Whether the greatest comes first.
    public var isDescending: Bool
}

/// `slice RESULT from … mutate …` or `construct RESULT from … mutate …`.
public struct DeriveQuery: Hashable, Sendable {
    /// Whether networks are cut or changed.
    public enum Kind: String, Hashable, Sendable {
        case slice
        case construct
    }

    /// Which of the two it is.
    public var kind: Kind

    /// The name of the new networks.
    public var result: Identifier

    /// Where the networks come from: one variable.
    public var source: QuerySource

    /// Which networks are taken, and which nodes of them are changed.
    public var condition: Condition?

    /// What is done with them.
    public var mutations: [Mutation]
}

/// A part of `mutate`: `m.input = …`, `m["a"].insert = …`, `m["a"].delete`.
public struct Mutation: Hashable, Sendable {
    /// What happens at the nodes.
    public enum Action: Hashable, Sendable {
        /// The first nodes of a slice.
        case input(AttributePath)
        /// The last nodes of a slice.
        case output(AttributePath)
        /// A new node behind each.
        case insert(Template)
        /// Each node goes, its neighbours are joined.
        case delete
        /// The edges to some nodes go.
        case disconnect(AttributePath)
    }

    /// The variable or selector that stands in front of the verb.
    public var target: AttributePath

    /// What happens.
    public var action: Action

    /// Where all of it stands.
    public var range: SourceRange
}

/// `evaluate m from … with config = … vary … keep …`.
public struct EvaluateQuery: Hashable, Sendable {
    /// The variable of the networks.
    public var variable: Identifier

    /// Where the networks come from.
    public var source: QuerySource?

    /// Which of them are trained.
    public var condition: Condition?

    /// The path of the configuration that the variations start from.
    public var configuration: Literal

    /// What is varied; each with each.
    public var dimensions: [Dimension]

    /// Which results are kept.
    public var rules: [KeepRule]
}

/// A part of `vary`: a hyperparameter and its values.
public struct Dimension: Hashable, Sendable {
    /// `config.base_lr` or `config.net["conv*"].lr`.
    public var path: AttributePath

    /// The values behind `in`; nil for `auto`.
    public var values: [Literal]?

    /// Where all of it stands.
    public var range: SourceRange
}

/// A part of `keep`.
public struct KeepRule: Hashable, Sendable {
    /// The kinds of rules.
    public enum Kind: Hashable, Sendable {
        /// The best so many by a measurement after some iterations.
        case top(Int64, AttributePath, iterations: Int64)
        /// Those whose measurement passes a value after some iterations.
        case threshold(AttributePath, ComparisonOperator, Double, iterations: Int64)
        /// What is finished after some seconds.
        case budget(seconds: Double)
    }

    /// Which rule it is.
    public var kind: Kind

    /// Where it stands.
    public var range: SourceRange
}
