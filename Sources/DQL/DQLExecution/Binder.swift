import DQLSyntax

/// Finds what the names of a query mean, and checks that its comparisons make sense.
///
/// Names of hyperparameters and measurements are checked later, when the archive is looked at.
struct Binder {
    /// A hyperparameter or measurement that the query names.
    struct Mention: Hashable, Sendable {
        let name: String
        let isHyperparameter: Bool
        let range: Range<Int>
    }

    /// Finds the text of a saved query and binds it.
    typealias SavedQueries = (_ name: String, _ range: Range<Int>) throws -> BoundQuery

    private let savedQueries: SavedQueries
    private(set) var mentions: [Mention] = []

    init(savedQueries: @escaping SavedQueries) {
        self.savedQueries = savedQueries
    }

    mutating func bind(_ query: SelectSyntax) throws -> BoundQuery {
        let variable = query.variable
        let source: BoundQuery.Source
        switch query.source {
        case .archive: source = .archive
        case .saved(let name, let range): source = .query(try savedQueries(name, range), name: name)
        case .nested(let inner): source = .query(try bind(inner), name: nil)
        }
        if case .query(let inner, _) = source, case .count = inner.selection {
            let range: Range<Int> = if case .saved(_, let range) = query.source { range } else { 0..<1 }
            throw DQLError("A count has no versions to select from.", at: range)
        }
        let selection: BoundQuery.Selection
        switch query.selection {
        case .versions: selection = .versions
        case .count: selection = .count
        case .columns(let columns):
            selection = .columns(
                try columns.map { ($0.name, try bind($0.operand, variable)) }
            )
        }
        return BoundQuery(
            selection: selection,
            source: source,
            condition: try query.condition.map { try bind($0, variable) },
            order: try query.order.map { (try bind($0.operand, variable), $0.isDescending) },
            limit: query.limit
        )
    }

    // MARK: - Conditions

    private mutating func bind(
        _ condition: ConditionSyntax,
        _ variable: String
    ) throws -> BoundCondition {
        switch condition {
        case .or(let left, let right):
            return .or(try bind(left, variable), try bind(right, variable))
        case .and(let left, let right):
            return .and(try bind(left, variable), try bind(right, variable))
        case .not(let inner): return .not(try bind(inner, variable))
        case .isMissing(let operand): return .isMissing(try bind(operand, variable))
        case .comparison(let left, let comparison, let right, let range):
            return try compare(
                try bind(left, variable),
                BoundCondition.Comparison(comparison),
                try bind(right, variable),
                at: range
            )
        case .like(let operand, let pattern, _):
            guard case .text(let text) = pattern.kind else {
                throw DQLError("'like' needs a pattern in quotes.", at: pattern.range)
            }
            let value = try bind(operand, variable)
            guard [.text, .time, .list, .any].contains(value.type) else {
                throw DQLError("'like' compares texts, and this is a number.", at: operand.range)
            }
            return .like(value, LikePattern(text))
        case .inList(let operand, let items, let range):
            let value = try bind(operand, variable)
            let values = try items.map { item in
                let bound = try bind(item, variable)
                // The same rules as for `=` hold for each of them.
                _ = try compare(value, .equal, bound, at: range)
                return bound
            }
            guard value.type == .time else { return .inList(value, values) }
            let conditions = try values.map { try compare(value, .equal, $0, at: range) }
            return conditions.dropFirst().reduce(conditions[0]) { .or($0, $1) }
        case .inAttribute(let operand, let list, _):
            let bound = try bind(list, variable)
            guard bound.type == .list else {
                throw DQLError(
                    "'in' needs a list: values in parentheses, \(variable).tags or "
                        + "\(variable).parents.",
                    at: list.range
                )
            }
            return .contains(list: bound, try bind(operand, variable))
        }
    }

    private func compare(
        _ left: BoundValue,
        _ comparison: BoundCondition.Comparison,
        _ right: BoundValue,
        at range: Range<Int>
    ) throws -> BoundCondition {
        if left.type == .time, case .literal(.text(let text)) = right {
            return .time(comparison, prefix: try Self.timePrefix(text, at: range))
        }
        if right.type == .time, case .literal(.text(let text)) = left {
            return .time(comparison.mirrored, prefix: try Self.timePrefix(text, at: range))
        }
        if left.type == .list || right.type == .list {
            guard comparison == .equal || comparison == .notEqual else {
                throw DQLError("A list is not larger or smaller than anything.", at: range)
            }
            let contains: BoundCondition =
                left.type == .list ? .contains(list: left, right) : .contains(list: right, left)
            return comparison == .equal ? contains : .not(contains)
        }
        func group(_ type: BoundValue.ValueType) -> BoundValue.ValueType { type == .time ? .text : type }
        let types = (group(left.type), group(right.type))
        guard types.0 == .any || types.1 == .any || types.0 == types.1 else {
            throw DQLError(
                "\(Self.noun(types.0)) is compared with \(Self.noun(types.1).lowercased()).",
                at: range,
                hint: types.0 == .number || types.1 == .number
                    ? "numbers stand without quotes, texts within" : nil
            )
        }
        return .comparison(left, comparison, right)
    }

    private static func noun(_ type: BoundValue.ValueType) -> String {
        switch type {
        case .text, .time: "A text"
        case .number: "A number"
        case .boolean: "A truth value"
        case .list: "A list"
        case .any: "A value"
        }
    }

    /// Checks that a text is the beginning of an ISO 8601 time.
    private static func timePrefix(_ text: String, at range: Range<Int>) throws -> String {
        let pattern = Array("dddd-dd-ddTdd:dd:ddZ")
        let characters = Array(text.replacing(" ", with: "T"))
        let matches =
            characters.count >= 4 && characters.count <= pattern.count
            && zip(characters, pattern).allSatisfy { character, expected in
                expected == "d" ? character.isASCII && character.isNumber : character == expected
            }
        guard matches else {
            throw DQLError(
                "\"\(text)\" is no time.",
                at: range,
                hint: "times are in UTC, such as \"2026\", \"2026-11-23\" or \"2026-11-23T10:30\""
            )
        }
        return String(characters)
    }

    // MARK: - Values

    private static let attributes: [String: BoundValue] = [
        "name": .name, "version": .version, "id": .globalID, "creation_time": .creationTime,
        "message": .message, "tags": .tags, "parents": .parents,
    ]

    private mutating func bind(
        _ operand: OperandSyntax,
        _ variable: String
    ) throws -> BoundValue {
        if let used = operand.variable, used != variable {
            throw DQLError(
                "The query has no variable '\(used)'.",
                at: operand.range,
                hint: "its variable is '\(variable)'"
            )
        }
        switch operand.kind {
        case .text(let text): return .literal(.text(text))
        case .integer(let value): return .literal(.integer(value))
        case .number(let value): return .literal(.number(value))
        case .boolean(let value): return .literal(.boolean(value))
        case .measurement(_, let name, let iteration):
            mentions.append(Mention(name: name, isHyperparameter: false, range: operand.range))
            return .measurement(name, iteration: iteration)
        case .extreme(_, let name, let isMaximum):
            mentions.append(Mention(name: name, isHyperparameter: false, range: operand.range))
            return .extreme(name, isMaximum: isMaximum)
        case .attribute(_, let path): return try attribute(path, operand.range)
        }
    }

    private mutating func attribute(_ path: [String], _ range: Range<Int>) throws -> BoundValue {
        let first = path[0]
        if first == "config" {
            guard path.count > 1 else {
                throw DQLError(
                    "'config' needs the name of a hyperparameter, as in config.lr.",
                    at: range
                )
            }
            let name = path.dropFirst().joined(separator: ".")
            mentions.append(Mention(name: name, isHyperparameter: true, range: range))
            return .hyperparameter(name)
        }
        if path.count == 1, let known = Self.attributes[first] { return known }
        let near = Spelling.nearest(to: first, among: Self.attributes.keys.sorted() + ["config"])
        let known = Self.attributes.keys.sorted().joined(separator: ", ")
        throw DQLError(
            "A version has no attribute '\(path.joined(separator: "."))'.",
            at: range,
            hint: near.map { "did you mean '\($0)'?" }
                ?? "there are \(known), config.NAME, and measurements such as [\"loss\"]"
        )
    }
}

extension BoundCondition.Comparison {
    init(_ syntax: ConditionSyntax.Comparison) {
        switch syntax {
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        }
    }
}
