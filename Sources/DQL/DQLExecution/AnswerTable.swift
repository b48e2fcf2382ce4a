/// Lays the versions that a query gives out as a table.
enum AnswerTable {
    static func answer(
        _ query: BoundQuery,
        _ versions: [VersionFacts],
        scannedCount: Int
    ) -> QueryAnswer {
        let explanation =
            Planner.explanation(of: query)
            + "\(scannedCount) versions looked at, \(versions.count) in the answer\n"
        switch query.selection {
        case .count:
            return QueryAnswer(
                columns: ["count"],
                rows: [[.integer(Int64(versions.count))]],
                links: [],
                explanation: explanation
            )
        case .columns(let columns):
            return QueryAnswer(
                columns: columns.map(\.name),
                rows: versions.map { version in
                    columns.map { Executor.value($0.value, version) }
                },
                links: links(versions, isOrdered: !query.order.isEmpty),
                explanation: explanation
            )
        case .versions:
            let (columns, rows) = allFacts(of: versions)
            return QueryAnswer(
                columns: columns,
                rows: rows,
                links: links(versions, isOrdered: !query.order.isEmpty),
                explanation: explanation
            )
        }
    }

    /// A column for every hyperparameter and measurement that one of the versions has.
    private static func allFacts(
        of versions: [VersionFacts]
    ) -> (columns: [String], rows: [[DQLValue]]) {
        let hyperparameters = Set(versions.flatMap(\.hyperparameters.keys)).sorted()
        let measurements = Set(versions.flatMap(\.measurements.keys)).sorted()
        let columns =
            ["name", "version", "created", "parents", "tags"]
            + hyperparameters.map { "config.\($0)" } + measurements
        let rows = versions.map { version -> [DQLValue] in
            [
                .text(version.model), .text("v\(version.number)"), .text(version.creationTime),
                .list(version.parents), .list(version.tags),
            ] + hyperparameters.map { version.hyperparameters[$0] ?? .missing }
                + measurements.map { .measured(version.measurements[$0]?.last?.value) }
        }
        return (columns, rows)
    }

    private static func links(_ versions: [VersionFacts], isOrdered: Bool) -> [QueryAnswer.Link] {
        let digits = max(2, String(versions.count).count)
        return versions.enumerated().map { index, version in
            let name = "\(version.model.replacing("/", with: "+"))@v\(version.number)"
            let rank = String(index + 1)
            let padding = String(repeating: "0", count: digits - rank.count)
            return QueryAnswer.Link(
                name: isOrdered ? "\(padding)\(rank)-\(name)" : name,
                model: version.model,
                number: version.number
            )
        }
    }
}
