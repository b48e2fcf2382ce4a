import Archive
import DQLSyntax

/// What a query may cost before it is stopped.
public struct QueryLimits: Hashable, Sendable {
    /// How long it may run, in seconds.
    public var seconds: Double

    /// How many rows its answer may have.
    public var rowCount: Int

    /// How many combinations of rows are looked at where nothing says which belong together.
    public var combinationCount: Int

    /// How a user raises the limits: the end of a sentence.
    public var advice: String

    /// Ten seconds and 100,000 rows: what whoever lists a directory would still wait for.
    public static let mount = QueryLimits(
        seconds: 10,
        rowCount: 100_000,
        advice: "'dlv query' takes more: --seconds, --rows"
    )

    /// Ten minutes and a million rows.
    public static let commandLine = QueryLimits(
        seconds: 600,
        rowCount: 1_000_000,
        advice: "--seconds, --rows and --combinations raise the limits"
    )

    /// Creates limits.
    public init(
        seconds: Double,
        rowCount: Int,
        combinationCount: Int = 1_000_000,
        advice: String
    ) {
        self.seconds = seconds
        self.rowCount = rowCount
        self.combinationCount = combinationCount
        self.advice = advice
    }
}

/// Watches the time of one run.
struct QueryClock {
    /// The clock is read once in so many rows: reading it costs more than looking at a row.
    private static let rowsBetweenChecks = 256

    let limits: QueryLimits
    private let start = ContinuousClock.now
    private let isCancelled: () -> Bool

    init(_ limits: QueryLimits, _ isCancelled: @escaping () -> Bool) {
        self.limits = limits
        self.isCancelled = isCancelled
    }

    /// Stops a run that took too long or that nobody waits for, now and then.
    func check(row: Int = 0) throws(DQLError) {
        guard row.isMultiple(of: Self.rowsBetweenChecks) else { return }
        if isCancelled() {
            throw DQLError(.cancelled, "The query was interrupted before it had an answer.")
        }
        guard ContinuousClock.now - start < .seconds(limits.seconds) else {
            throw DQLError(
                .limit,
                "The query ran longer than \(JSONText.shortest(limits.seconds)) seconds. "
                    + "Narrow it with 'where', for example by the name of the model.",
                hint: limits.advice
            )
        }
    }

    /// Refuses an answer of too many rows.
    func check(rowCount: Int) throws(DQLError) {
        guard rowCount > limits.rowCount else { return }
        throw DQLError(
            .limit,
            "The answer has \(rowCount) rows or more; at most \(limits.rowCount) are allowed. "
                + "Narrow it with 'where', or end it with 'limit \(limits.rowCount)'.",
            hint: limits.advice
        )
    }
}
