extension Statement: CustomStringConvertible {
    /// The statement on one line, in a form that parses to the same tree.
    public var description: String { (isExplained ? "explain " : "") + query.description }
}

extension Query: CustomStringConvertible {
    /// The query on one line.
    public var description: String {
        switch self {
        case .select(let query): query.description
        case .derive(let query): query.description
        case .evaluate(let query): query.description
        }
    }
}

extension SelectQuery: CustomStringConvertible {
    /// The query on one line.
    public var description: String {
        var text = "select "
        switch selection {
        case .items(let items): text += items.map(\.description).joined(separator: ", ")
        case .count(let variable): text += variable.map { "count(\($0.name))" } ?? "count"
        }
        if !sources.isEmpty {
            text += " from " + sources.map(\.description).joined(separator: ", ")
        }
        if let condition { text += " where \(condition)" }
        if !ordering.isEmpty {
            text += " order by " + ordering.map(\.description).joined(separator: ", ")
        }
        if let limit { text += " limit \(limit)" }
        return text
    }
}

extension SelectItem: CustomStringConvertible {
    /// The item as it stands behind `select`.
    public var description: String { heading.map { "\(operand) as \($0.name)" } ?? "\(operand)" }
}

extension QuerySource: CustomStringConvertible {
    /// The source as it stands behind `from`.
    public var description: String {
        let text =
            switch kind {
            case .versions: "versions"
            case .snapshots: "snapshots"
            case .saved(let name): Literal.quoted(name)
            case .nested(let query): "(\(query))"
            }
        return variable.map { "\(text) \($0.name)" } ?? text
    }
}

extension OrderTerm: CustomStringConvertible {
    /// The term as it stands behind `order by`.
    public var description: String { "\(operand)\(isDescending ? " desc" : "")" }
}

extension DeriveQuery: CustomStringConvertible {
    /// The query on one line.
    public var description: String {
        var text = "\(kind.rawValue) \(result.name) from \(source)"
        if let condition { text += " where \(condition)" }
        return text + " mutate " + mutations.map(\.description).joined(separator: " and ")
    }
}

extension Mutation: CustomStringConvertible {
    /// The mutation as it stands behind `mutate`.
    public var description: String {
        switch action {
        case .input(let nodes): "\(target).input = \(nodes)"
        case .output(let nodes): "\(target).output = \(nodes)"
        case .insert(let template): "\(target).insert = \(template)"
        case .delete: "\(target).delete"
        case .disconnect(let nodes): "\(target).delete = \(nodes)"
        }
    }
}

extension EvaluateQuery: CustomStringConvertible {
    /// The query on one line.
    public var description: String {
        var text = "evaluate \(variable.name)"
        if let source { text += " from \(source)" }
        if let condition { text += " where \(condition)" }
        text += " with config = \(configuration)"
        if !dimensions.isEmpty {
            text += " vary " + dimensions.map(\.description).joined(separator: " and ")
        }
        if !rules.isEmpty { text += " keep " + rules.map(\.description).joined(separator: " and ") }
        return text
    }
}

extension Dimension: CustomStringConvertible {
    /// The dimension as it stands behind `vary`.
    public var description: String {
        guard let values else { return "\(path) auto" }
        return "\(path) in [\(values.map(\.description).joined(separator: ", "))]"
    }
}

extension KeepRule: CustomStringConvertible {
    /// The rule as it stands behind `keep`.
    public var description: String {
        switch kind {
        case .top(let count, let metric, let iterations): "top(\(count), \(metric), \(iterations))"
        case .threshold(let metric, let comparison, let value, let iterations):
            "threshold(\(metric) \(comparison.rawValue) \(value), \(iterations))"
        case .budget(let seconds): "budget(\(seconds))"
        }
    }
}
