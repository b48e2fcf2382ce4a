/// A query whose names and types are known to be right.
struct BoundQuery: Sendable {
    enum Selection: Sendable {
        case versions
        case count
        case columns([(name: String, value: BoundValue)])
    }

    indirect enum Source: Sendable {
        case archive
        case query(BoundQuery, name: String?)
    }

    let selection: Selection
    let source: Source
    let condition: BoundCondition?
    let order: [(value: BoundValue, isDescending: Bool)]
    let limit: Int?
}

/// A value that can be computed from a version.
indirect enum BoundValue: Hashable, Sendable {
    case literal(DQLValue)
    case name
    case version
    case globalID
    case creationTime
    case message
    case tags
    case parents
    case hyperparameter(String)
    case measurement(String, iteration: Int64?)
    case extreme(String, isMaximum: Bool)

    /// What kind of values it gives, as far as that is known before the query runs.
    enum ValueType {
        case text
        case time
        case number
        case boolean
        case list
        case any
    }

    var type: ValueType {
        switch self {
        case .name, .globalID, .message: .text
        case .creationTime: .time
        case .version, .measurement, .extreme: .number
        case .tags, .parents: .list
        case .hyperparameter: .any
        case .literal(let value):
            switch value {
            case .text: .text
            case .integer, .number: .number
            case .boolean: .boolean
            case .list: .list
            case .missing: .any
            }
        }
    }
}

/// A condition that can be decided for a version.
indirect enum BoundCondition: Hashable, Sendable {
    case or(BoundCondition, BoundCondition)
    case and(BoundCondition, BoundCondition)
    case not(BoundCondition)
    case comparison(BoundValue, Comparison, BoundValue)
    case time(Comparison, prefix: String)
    case like(BoundValue, LikePattern)
    case isMissing(BoundValue)
    case inList(BoundValue, [BoundValue])
    case contains(list: BoundValue, BoundValue)

    enum Comparison: Hashable, Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

        /// The comparison with its sides exchanged.
        var mirrored: Comparison {
            switch self {
            case .equal, .notEqual: self
            case .less: .greater
            case .lessOrEqual: .greaterOrEqual
            case .greater: .less
            case .greaterOrEqual: .lessOrEqual
            }
        }

        func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch self {
            case .equal: left == right
            case .notEqual: left != right
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }
    }
}

/// A pattern of SQL's `like`: `%` stands for any characters, `_` for one. Case matters.
struct LikePattern: Hashable, Sendable {
    let text: String
    private let scalars: [Unicode.Scalar]

    init(_ text: String) {
        self.text = text
        scalars = Array(text.unicodeScalars)
    }

    /// The characters before the first wildcard.
    var prefix: String {
        String(text.prefix { $0 != "%" && $0 != "_" })
    }

    /// Whether a text matches as a whole; takes time in proportion to both lengths' product at most.
    func matches(_ candidate: String) -> Bool {
        let characters = Array(candidate.unicodeScalars)
        var position = 0
        var index = 0
        // Where the last `%` stood, and how far the text had come then: it may swallow one more.
        var star: (index: Int, position: Int)?
        while position < characters.count {
            if index < scalars.count, scalars[index] == "%" {
                star = (index, position)
                index += 1
            } else if index < scalars.count,
                scalars[index] == "_" || scalars[index] == characters[position]
            {
                index += 1
                position += 1
            } else if let last = star {
                star = (last.index, last.position + 1)
                index = last.index + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return scalars[index...].allSatisfy { $0 == "%" }
    }
}
