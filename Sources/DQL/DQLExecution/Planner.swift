/// Decides what of a query the source of the versions can answer by itself.
enum Planner {
    /// What the source is asked for.
    static func filter(for query: BoundQuery) -> VersionFilter {
        var filter = VersionFilter()
        var innermost = query
        collectMeasurements(of: query, into: &filter)
        while case .query(let inner, _) = innermost.source {
            innermost = inner
            collectMeasurements(of: inner, into: &filter)
        }
        filter.model = innermost.condition.flatMap(requiredModel)
        return filter
    }

    /// The plan in words, a step a line.
    static func explanation(of query: BoundQuery, depth: Int = 0) -> String {
        let indentation = String(repeating: "  ", count: depth)
        var text: String
        switch query.source {
        case .archive:
            let model = query.condition.flatMap(requiredModel)
            text = "\(indentation)scan \(model.map { "versions of '\($0)'" } ?? "all versions")\n"
        case .query(let inner, let name):
            text = "\(indentation)from \(name.map { "query '\($0)'" } ?? "nested query")\n"
            text += explanation(of: inner, depth: depth + 1)
        }
        if query.condition != nil { text += "\(indentation)filter\n" }
        if !query.order.isEmpty { text += "\(indentation)sort by \(query.order.count) keys\n" }
        if let limit = query.limit { text += "\(indentation)limit \(limit)\n" }
        return text
    }

    /// The only model whose versions can satisfy a condition.
    private static func requiredModel(_ condition: BoundCondition) -> String? {
        switch condition {
        case .and(let left, let right): requiredModel(left) ?? requiredModel(right)
        case .comparison(.name, .equal, .literal(.text(let name))),
            .comparison(.literal(.text(let name)), .equal, .name):
            name
        default: nil
        }
    }

    private static func collectMeasurements(of query: BoundQuery, into filter: inout VersionFilter) {
        var values = query.order.map(\.value)
        if case .columns(let columns) = query.selection { values += columns.map(\.value) }
        if let condition = query.condition { collectValues(of: condition, into: &values) }
        for value in values {
            switch value {
            case .extreme(let name, _), .measurement(let name, iteration: .some):
                filter.measurementsAtEveryIteration.insert(name)
            default: break
            }
        }
    }

    private static func collectValues(
        of condition: BoundCondition,
        into values: inout [BoundValue]
    ) {
        switch condition {
        case .or(let left, let right), .and(let left, let right):
            collectValues(of: left, into: &values)
            collectValues(of: right, into: &values)
        case .not(let inner): collectValues(of: inner, into: &values)
        case .comparison(let left, _, let right): values += [left, right]
        case .like(let value, _), .isMissing(let value): values.append(value)
        case .inList(let value, let items): values += [value] + items
        case .contains(let list, let value): values += [list, value]
        case .time: break
        }
    }
}
