import DQLSyntax

/// The combinations of networks and hyperparameters that an `evaluate` would train.
struct Evaluation {
    private let evaluation: BoundEvaluation
    private let executor: Executor

    init(_ evaluation: BoundEvaluation, _ executor: Executor) {
        self.evaluation = evaluation
        self.executor = executor
    }

    /// Lists every combination: the networks, each with every choice of values, the last dimension
    /// changing fastest.
    func enumeration() throws -> QueryAnswer {
        let rows = try executor.rows(of: evaluation.source)
        let networks = (0..<rows.count).map { row in
            rows.tables[0].entities[rows.values(at: row).row(of: 0)].reference
        }
        let choices = evaluation.dimensions.map(\.values.count)
        var count = networks.count
        for choice in choices {
            let (product, overflow) = count.multipliedReportingOverflow(by: choice)
            count = overflow ? .max : product
        }
        try executor.clock.check(rowCount: count)
        var answer = QueryAnswer(
            columns: AnswerBuilder.distinct(["network"] + evaluation.dimensions.map(\.name)),
            rows: []
        )
        for network in networks {
            var places = choices.map { _ in 0 }
            repeat {
                try executor.clock.check(row: answer.rows.count)
                answer.rows.append(
                    [.text(network)]
                        + zip(evaluation.dimensions, places).map { $0.values[$1] }
                )
            } while Self.advance(&places, choices)
        }
        explain(networks.count, count)
        return answer
    }

    private static func advance(_ places: inout [Int], _ choices: [Int]) -> Bool {
        for index in places.indices.reversed() {
            places[index] += 1
            if places[index] < choices[index] { return true }
            places[index] = 0
        }
        return false
    }

    private func explain(_ networkCount: Int, _ count: Int) {
        let query = evaluation.syntax
        executor.explanation.add("networks: \(networkCount)")
        executor.explanation.add("config: \(query.configuration)")
        for dimension in evaluation.dimensions {
            let values = dimension.values.map(AnswerText.plain).joined(separator: ", ")
            executor.explanation.add(
                "vary \(dimension.name) in [\(values)]"
                    + (dimension.isAutomatic ? " (auto: a grid)" : "")
            )
        }
        for rule in query.rules { executor.explanation.add("keep \(rule)") }
        let factors = [networkCount] + evaluation.dimensions.map(\.values.count)
        executor.explanation.add(
            "combinations: \(factors.map(String.init).joined(separator: " × ")) = \(count)"
        )
    }

    /// The error of whoever wants to run it.
    static func notYet(_ count: Int) -> DQLError {
        DQLError(
            .unsupported,
            "This release enumerates what 'evaluate' would train, \(count) combinations here, "
                + "and does not train them.",
            hint: "'explain evaluate …' lists them"
        )
    }
}
