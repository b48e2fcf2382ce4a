/// A value of a version, or of a snapshot, that SQLite can compute.
public enum VersionValue: Hashable, Sendable {
    /// What a hyperparameter must be to be compared.
    public enum Kind: Hashable, Sendable {
        case number
        case text
        case boolean
    }

    /// Which value of a measurement counts.
    public enum Reading: Hashable, Sendable {
        /// The one of the highest iteration; of a snapshot, the one of its iteration.
        case latest
        /// The one of the lowest iteration.
        case first
        /// The one of an iteration.
        case at(Int64)
        /// The least.
        case minimum
        /// The greatest.
        case maximum
    }

    /// The name of the model.
    case name
    /// The number of the version.
    case number
    /// Milliseconds since 1970.
    case creationTime
    /// What the committer said.
    case message
    /// A hyperparameter; NULL where it is of another kind.
    case hyperparameter(String, Kind)
    /// A measurement.
    case measurement(String, Reading)
    /// The iteration of a snapshot; of a version, that of its latest snapshot.
    case iteration
    /// The label of a snapshot; of a version, that of its latest snapshot.
    case label
    /// The number of learned elements of a snapshot; of a version, of its latest snapshot.
    case parameterCount
    /// The bytes of the files of a version, or of the weights of a snapshot.
    case byteCount
    /// 1 if no weight is NaN or infinite, else 0; NULL without weights.
    case isFinite
    /// A constant.
    case integer(Int64)
    /// A constant.
    case real(Double)
    /// A constant.
    case text(String)
}

/// What holds for a version or snapshot or does not, in SQL's three-valued logic.
public indirect enum VersionCondition: Hashable, Sendable {
    /// How two values are compared.
    public enum Comparison: String, Hashable, Sendable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    case all([VersionCondition])
    case any([VersionCondition])
    case not(VersionCondition)
    case comparison(VersionValue, Comparison, VersionValue)
    /// The value is one of some constants.
    case isOneOf(VersionValue, [VersionValue])
    /// A pattern of SQLite's GLOB, which tells upper from lower case.
    case matches(VersionValue, glob: String)
    case isMissing(VersionValue)
    /// The version has a tag.
    case hasTag(String)
}

/// A selection of versions or snapshots that is one SQL statement.
public struct VersionSelection: Hashable, Sendable {
    /// What the rows are.
    public enum Table: Hashable, Sendable {
        case versions
        case snapshots
    }

    /// A term of the order.
    public struct Term: Hashable, Sendable {
        /// What is compared; missing values come last.
        public var value: VersionValue
        /// Whether the greatest comes first.
        public var isDescending: Bool

        /// Creates a term.
        public init(_ value: VersionValue, isDescending: Bool) {
            self.value = value
            self.isDescending = isDescending
        }
    }

    /// What the rows are.
    public var table: Table
    /// What holds for each row.
    public var condition: VersionCondition?
    /// The order; then name, number and snapshot.
    public var order: [Term]
    /// The greatest number of rows.
    public var limit: Int?

    /// Creates a selection of everything.
    public init(
        _ table: Table,
        where condition: VersionCondition? = nil,
        order: [Term] = [],
        limit: Int? = nil
    ) {
        self.table = table
        self.condition = condition
        self.order = order
        self.limit = limit
    }
}
