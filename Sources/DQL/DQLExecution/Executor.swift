/// What a query may take at most.
public struct QueryLimits: Sendable {
    /// The longest time.
    public var duration: Duration
    /// The largest answer.
    public var rowCount: Int

    /// The limits below a mount.
    public static let mount = QueryLimits(duration: .seconds(10), rowCount: 100_000)

    /// Creates limits.
    public init(duration: Duration, rowCount: Int) {
        self.duration = duration
        self.rowCount = rowCount
    }
}

/// A query that could not be run to its end.
public struct QueryFailure: Error, Hashable, CustomStringConvertible {
    /// Why, in one sentence.
    public let description: String
}

/// Runs a bound query over versions.
struct Executor {
    private let limits: QueryLimits
    private let deadline: ContinuousClock.Instant
    private let isCancelled: () -> Bool

    init(limits: QueryLimits, isCancelled: @escaping () -> Bool) {
        self.limits = limits
        deadline = .now + limits.duration
        self.isCancelled = isCancelled
    }

    /// The versions that a query gives, in its order.
    func run(_ query: BoundQuery, over all: [VersionFacts]) throws -> [VersionFacts] {
        var versions: [VersionFacts]
        switch query.source {
        case .archive: versions = all
        case .query(let inner, _): versions = try run(inner, over: all)
        }
        if let condition = query.condition {
            var matching: [VersionFacts] = []
            for (index, version) in versions.enumerated() {
                if index % 256 == 0 { try checkLimits() }
                if Self.decide(condition, version) == true { matching.append(version) }
            }
            versions = matching
        }
        if !query.order.isEmpty { versions = try sorted(versions, by: query.order) }
        if let limit = query.limit { versions = Array(versions.prefix(limit)) }
        guard versions.count <= limits.rowCount else {
            throw QueryFailure(
                description: "The answer has \(versions.count) rows, more than \(limits.rowCount). "
                    + "Narrow it with 'where', or end it with 'limit \(limits.rowCount)'."
            )
        }
        return versions
    }

    private func checkLimits() throws {
        if isCancelled() { throw QueryFailure(description: "The query was interrupted.") }
        guard .now < deadline else {
            throw QueryFailure(
                description: "The query took longer than \(limits.duration). Narrow it with 'where'."
            )
        }
    }

    private func sorted(
        _ versions: [VersionFacts],
        by order: [(value: BoundValue, isDescending: Bool)]
    ) throws -> [VersionFacts] {
        try checkLimits()
        let keys = versions.map { version in order.map { Self.value($0.value, version) } }
        let indices = versions.indices.sorted { left, right in
            for (column, item) in order.enumerated() {
                let first = DQLValue.precedes(
                    keys[left][column],
                    keys[right][column],
                    isDescending: item.isDescending
                )
                if let first { return first }
            }
            // Equal ones stay in the order of name and number.
            return left < right
        }
        return indices.map { versions[$0] }
    }

    // MARK: - Values

    static func value(_ value: BoundValue, _ version: VersionFacts) -> DQLValue {
        switch value {
        case .literal(let value): return value
        case .name: return .text(version.model)
        case .version: return .integer(Int64(version.number))
        case .globalID: return .text(version.globalID)
        case .creationTime: return .text(version.creationTime)
        case .message: return .text(version.message)
        case .tags: return .list(version.tags)
        case .parents: return .list(version.parents)
        case .hyperparameter(let name): return version.hyperparameters[name] ?? .missing
        case .measurement(let name, nil):
            return .measured(version.measurements[name]?.last?.value)
        case .measurement(let name, let iteration?):
            return .measured(
                version.measurements[name]?.first { $0.iteration == iteration }?.value
            )
        case .extreme(let name, let isMaximum):
            let values = (version.measurements[name] ?? []).map(\.value).filter { !$0.isNaN }
            return .measured(isMaximum ? values.max() : values.min())
        }
    }

    /// Whether a condition holds; nil where that depends on something that is missing, as in SQL.
    static func decide(_ condition: BoundCondition, _ version: VersionFacts) -> Bool? {
        switch condition {
        case .or(let left, let right):
            let (left, right) = (decide(left, version), decide(right, version))
            if left == true || right == true { return true }
            return left == nil || right == nil ? nil : false
        case .and(let left, let right):
            let (left, right) = (decide(left, version), decide(right, version))
            if left == false || right == false { return false }
            return left == nil || right == nil ? nil : true
        case .not(let inner): return decide(inner, version).map { !$0 }
        case .isMissing(let value): return self.value(value, version) == .missing
        case .comparison(let left, let comparison, let right):
            return compare(value(left, version), comparison, value(right, version))
        case .time(let comparison, let prefix):
            // As much of the time as the literal has: "2026-11-23" stands for the whole day.
            return comparison.holds(String(version.creationTime.prefix(prefix.count)), prefix)
        case .like(let value, let pattern):
            switch self.value(value, version) {
            case .text(let text): return pattern.matches(text)
            case .list(let items): return items.contains(where: pattern.matches)
            case .missing: return nil
            default: return nil
            }
        case .inList(let value, let items):
            let found = self.value(value, version)
            let answers = items.map { compare(found, .equal, self.value($0, version)) }
            if answers.contains(true) { return true }
            return answers.contains(nil) ? nil : false
        case .contains(let list, let value):
            guard case .list(let items) = self.value(list, version) else { return nil }
            guard case .text(let text) = self.value(value, version) else { return nil }
            return items.contains(text)
        }
    }

    private static func compare(
        _ left: DQLValue,
        _ comparison: BoundCondition.Comparison,
        _ right: DQLValue
    ) -> Bool? {
        if let left = left.number, let right = right.number { return comparison.holds(left, right) }
        switch (left, right) {
        case (.text(let left), .text(let right)): return comparison.holds(left, right)
        case (.boolean(let left), .boolean(let right)):
            return comparison.holds(left ? 1 : 0, right ? 1 : 0)
        default: return nil
        }
    }
}
