import DQLSyntax

/// A query that compiles: what is left to do is to run it.
///
/// The walk is one file a step: `Lexer`, `Parser`, `Binder`, `Planner`, `Executor`, `AnswerTable`.
public struct DQLQuery: Sendable {
    private let bound: BoundQuery
    private let mentions: [Binder.Mention]

    /// The texts of the saved queries that it selects from, directly or through others.
    public let dependencies: [String: [UInt8]]

    /// Compiles a query.
    ///
    /// - Parameters:
    ///   - text: Its bytes.
    ///   - name: Its name if it is saved, so that it cannot select from itself.
    ///   - source: Knows the saved queries that it may select from.
    /// - Throws: ``DQLError``, or an error of the source.
    public init(
        compiling text: [UInt8],
        named name: String? = nil,
        source: some VersionSource
    ) throws {
        let resolver = SavedQueryResolver(source: source, path: name.map { [$0] } ?? [])
        var binder = Binder(savedQueries: resolver.bind)
        bound = try binder.bind(try Parser.parse(text))
        mentions = binder.mentions
        dependencies = resolver.texts
    }

    /// Runs the query.
    ///
    /// - Parameters:
    ///   - source: Has the versions.
    ///   - limits: What it may take.
    ///   - isCancelled: Asked now and then.
    /// - Throws: ``DQLError`` if it names a hyperparameter or measurement that no version has,
    ///   ``QueryFailure`` beyond a limit, or an error of the source.
    public func run(
        source: some VersionSource,
        limits: QueryLimits,
        isCancelled: @escaping () -> Bool = { false }
    ) throws -> QueryAnswer {
        let filter = Planner.filter(for: bound)
        let versions = try source.versions(matching: filter)
        try checkMentions(versions, isFiltered: filter.model != nil, source)
        let executor = Executor(limits: limits, isCancelled: isCancelled)
        let matching = try executor.run(bound, over: versions)
        return AnswerTable.answer(bound, matching, scannedCount: versions.count)
    }

    /// A name that no version knows is a mistake rather than a condition that never holds.
    private func checkMentions(
        _ versions: [VersionFacts],
        isFiltered: Bool,
        _ source: some VersionSource
    ) throws {
        func unknown(_ versions: [VersionFacts]) -> Binder.Mention? {
            mentions.first { mention in
                !versions.contains {
                    mention.isHyperparameter
                        ? $0.hyperparameters[mention.name] != nil
                        : $0.measurements[mention.name] != nil
                }
            }
        }
        guard unknown(versions) != nil else { return }
        let all = isFiltered ? try source.versions(matching: VersionFilter()) : versions
        guard !all.isEmpty, let mention = unknown(all) else { return }
        let known = Set(
            all.flatMap { mention.isHyperparameter ? Array($0.hyperparameters.keys) : Array($0.measurements.keys) }
        ).sorted()
        let noun = mention.isHyperparameter ? "hyperparameter" : "measurement"
        let near = Spelling.nearest(to: mention.name, among: known)
        throw DQLError(
            "No version has a \(noun) '\(mention.name)'.",
            at: mention.range,
            hint: near.map { "did you mean '\($0)'?" }
                ?? (known.isEmpty
                    ? "no version has any \(noun)"
                    : "there are \(known.prefix(20).joined(separator: ", "))")
        )
    }
}

/// Binds the saved queries that a query selects from, and finds those that select from themselves.
private final class SavedQueryResolver {
    private let source: any VersionSource
    private var path: [String]
    private(set) var texts: [String: [UInt8]] = [:]

    init(source: any VersionSource, path: [String]) {
        self.source = source
        self.path = path
    }

    func bind(_ name: String, _ range: Range<Int>) throws -> BoundQuery {
        guard !path.contains(name) else {
            let cycle = (path + [name]).map { "\"\($0)\"" }.joined(separator: " from ")
            throw DQLError("The query selects from itself: \(cycle).", at: range)
        }
        guard let text = try source.savedQuery(named: name) else {
            let names = try source.savedQueryNames()
            let near = Spelling.nearest(to: name, among: names)
            throw DQLError(
                "There is no saved query \"\(name)\".",
                at: range,
                hint: near.map { "did you mean \"\($0)\"?" }
            )
        }
        texts[name] = text
        path.append(name)
        defer { path.removeLast() }
        do {
            var binder = Binder(savedQueries: bind)
            return try binder.bind(try Parser.parse(text))
        } catch let error as DQLError {
            // The place of the mistake is in another text; the name must lead there.
            let message = error.message
            guard !message.hasPrefix("The query selects from itself") else {
                throw DQLError(message, at: range)
            }
            throw DQLError("The saved query \"\(name)\" does not compile: \(message)", at: range)
        }
    }
}
