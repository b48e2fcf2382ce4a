/// A value that a query compares or answers with.
public enum DQLValue: Hashable, Sendable {
    /// Nothing is known; also what NaN becomes.
    case missing
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([DQLValue])

    /// A measured number; NaN is missing.
    public static func measured(_ value: Double) -> DQLValue {
        value.isNaN ? .missing : .number(value)
    }

    /// What is known, so that every kind of not knowing is the same.
    var normalized: DQLValue {
        if case .number(let value) = self, value.isNaN { .missing } else { self }
    }

    /// Whether `is missing` holds.
    var isMissing: Bool {
        switch self {
        case .missing: true
        case .list(let values): values.isEmpty
        case .number(let value): value.isNaN
        case .boolean, .integer, .text: false
        }
    }

    /// The kind that decides what it can be compared with; nil if it is missing.
    var kind: ValueKind? {
        switch self {
        case .missing: nil
        case .boolean: .boolean
        case .integer, .number: .number
        case .text: .text
        case .list: .list
        }
    }

    /// The same value in the form that equal numbers share, for sets.
    var canonical: DQLValue {
        if case .integer(let value) = self, let number = Double(exactly: value) {
            return .number(number)
        }
        return self
    }
}

/// What kinds of values are told apart when they are compared.
enum ValueKind: Int, Hashable {
    case boolean
    case number
    case text
    case list
    /// A creation time, which is compared with spans of time.
    case time
    /// A version, written as its reference.
    case version
    /// A list of versions.
    case versions

    /// The kind in the plural, for messages.
    var name: String {
        switch self {
        case .boolean: "truth values"
        case .number: "numbers"
        case .text: "texts"
        case .list: "lists"
        case .time: "times"
        case .version, .versions: "versions"
        }
    }
}

/// How two values are ordered.
enum ValueOrder {
    case ascending
    case same
    case descending

    init<Value: Comparable>(_ left: Value, _ right: Value) {
        self = left < right ? .ascending : (left == right ? .same : .descending)
    }

    /// The order of the bytes of two texts, which is SQLite's too.
    private init(bytesOf left: String, _ right: String) {
        if left.utf8.elementsEqual(right.utf8) {
            self = .same
        } else {
            self = left.utf8.lexicographicallyPrecedes(right.utf8) ? .ascending : .descending
        }
    }

    /// The order of two values of one kind; nil if they cannot be compared.
    static func of(_ left: DQLValue, _ right: DQLValue) -> ValueOrder? {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): ValueOrder(left, right)
        case (.integer(let left), .number(let right)): number(Double(left), right)
        case (.number(let left), .integer(let right)): number(left, Double(right))
        case (.number(let left), .number(let right)): number(left, right)
        case (.text(let left), .text(let right)): ValueOrder(bytesOf: left, right)
        case (.boolean(let left), .boolean(let right)):
            ValueOrder(left ? 1 : 0, right ? 1 : 0)
        default: nil
        }
    }

    private static func number(_ left: Double, _ right: Double) -> ValueOrder? {
        left.isNaN || right.isNaN ? nil : ValueOrder(left, right)
    }
}
