import DQLSyntax

/// A query that has been understood and can be run.
///
/// ```swift
/// let query = try DQLQuery(#"select m where m["loss"] < 0.1"#, archive: archive)
/// let answer = try query.run()
/// ```
public struct DQLQuery: Sendable {
    private let archive: ArchiveFacts
    private let bound: BoundQuery
    private let checks: ArchiveChecks
    /// Whether `explain` stands in front.
    public let isExplained: Bool

    /// The names and texts of all saved queries that it reaches.
    public let dependencies: [String: [UInt8]]

    /// Understands a text.
    ///
    /// - Parameters:
    ///   - text: The bytes of a query, which may be anything.
    ///   - name: Its name if it is a saved query; it must not reach itself.
    ///   - archive: Knows the saved queries and the names of facts.
    /// - Throws: ``DQLSyntax/DQLError`` with the place of the first thing that is wrong, to be shown
    ///   by its `rendered(source:name:)`.
    public init(_ text: [UInt8], name: String? = nil, archive: ArchiveFacts) throws {
        let statement = try Parser.parse(text)
        var binder = Binder(archive: archive, name: name)
        bound = try binder.bind(statement.query)
        checks = binder.checks
        dependencies = binder.dependencies
        isExplained = statement.isExplained
        self.archive = archive
    }

    /// The same for a text that is a string.
    public init(_ text: String, name: String? = nil, archive: ArchiveFacts) throws {
        try self.init(Array(text.utf8), name: name, archive: archive)
    }

    /// Runs the query.
    ///
    /// - Parameters:
    ///   - limits: What it may cost.
    ///   - isCancelled: Whether nobody waits for the answer any more; asked now and then.
    /// - Throws: ``DQLSyntax/DQLError`` for names that no version has, limits and cancellation;
    ///   whatever the catalog throws.
    public func run(
        limits: QueryLimits,
        isCancelled: () -> Bool = { false }
    ) throws -> QueryAnswer {
        try run(limits: limits, planner: Planner(), isCancelled: isCancelled)
    }

    func run(
        limits: QueryLimits,
        planner: Planner,
        isCancelled: () -> Bool = { false }
    ) throws -> QueryAnswer {
        try withoutActuallyEscaping(isCancelled) { isCancelled in
            let executor = Executor(archive, QueryClock(limits, isCancelled), planner: planner)
            try checks.check(archive.catalog)
            var answer = try answer(executor)
            answer.notes = try notes(answer, executor)
            for note in answer.notes { executor.explanation.add(note: note) }
            executor.explanation.add("answer", answer.rows.count)
            answer.explanation = executor.explanation.text
            guard isExplained, !isEvaluation else { return answer }
            let lines = answer.explanation.split(separator: "\n").map { [DQLValue.text(String($0))] }
            var plan = QueryAnswer(columns: ["plan"], rows: lines)
            plan.explanation = answer.explanation
            plan.notes = answer.notes
            return plan
        }
    }

    private var isEvaluation: Bool {
        if case .evaluate = bound { true } else { false }
    }

    private func answer(_ executor: Executor) throws -> QueryAnswer {
        switch bound {
        case .select(let query):
            if case .count = query.output, let count = try executor.count(of: query) {
                return QueryAnswer(columns: ["count"], rows: [[.integer(Int64(count))]])
            }
            let rows = try executor.rows(of: query, isOutermost: true)
            if case .count = query.output {} else { try executor.clock.check(rowCount: rows.count) }
            return try AnswerBuilder(query, rows, executor).build()
        case .derive(let derivation):
            let result = try Deriver(derivation, executor).run()
            try executor.clock.check(rowCount: result.entities.count)
            var answer = EntityColumns(executor).answer(made: result.entities)
            answer.networks = result.entities.compactMap(\.network)
            answer.dropped = result.dropped
            return answer
        case .evaluate(let evaluation):
            let answer = try Evaluation(evaluation, executor).enumeration()
            guard isExplained else { throw Evaluation.notYet(answer.rows.count) }
            return answer
        }
    }

    private func notes(_ answer: QueryAnswer, _ executor: Executor) throws -> [String] {
        var notes = try checks.tagNotes(archive.catalog)
        let namesOnly = executor.loader.namesOnlyCount
        if namesOnly > 0 {
            notes.append(
                "\(namesOnly) of the versions have names of layers only, no edges: "
                    + ".next and .prev find nothing in them"
            )
        }
        for dropped in answer.dropped.prefix(5) {
            notes.append("\(dropped.source) was dropped: \(dropped.reason)")
        }
        if answer.dropped.count > 5 { notes.append("\(answer.dropped.count) were dropped in all") }
        return notes
    }

    /// The names and texts of all saved queries that a text reaches, also if it does not compile.
    ///
    /// With the text itself and the catalog's generation they are all that an answer or an error
    /// depends on, so a cache can use them as its key. A query that is missing is not among them,
    /// so that the key changes when it is saved.
    public static func reachedQueries(
        from text: [UInt8],
        archive: ArchiveFacts
    ) throws -> [String: [UInt8]] {
        var reached: [String: [UInt8]] = [:]
        var waiting = savedNames(in: text)
        while let name = waiting.popLast() {
            guard reached[name] == nil, let text = try archive.savedQuery(named: name) else { continue }
            reached[name] = text
            waiting += savedNames(in: text)
        }
        return reached
    }

    private static func savedNames(in text: [UInt8]) -> [String] {
        guard let statement = try? Parser.parse(text) else { return [] }
        return statement.query.savedNames.map(Binder.canonicalName)
    }
}

extension Query {
    /// The saved queries that it selects from, also below parentheses.
    fileprivate var savedNames: [String] {
        let sources: [QuerySource] =
            switch self {
            case .select(let query): query.sources
            case .derive(let query): [query.source]
            case .evaluate(let query): query.source.map { [$0] } ?? []
            }
        return sources.flatMap { source -> [String] in
            switch source.kind {
            case .saved(let name): [name]
            case .nested(let query): query.savedNames
            case .versions, .snapshots: []
            }
        }
    }
}
