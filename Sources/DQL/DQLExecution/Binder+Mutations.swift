import DQLSyntax
import Networks

extension Binder {
    /// Binds a part of `mutate`.
    mutating func bind(_ mutation: Mutation, of query: DeriveQuery) throws -> BoundMutation {
        switch mutation.action {
        case .input(let nodes), .output(let nodes):
            try checkVerb(mutation, of: query, wanted: .slice)
            guard mutation.target.steps.isEmpty else {
                throw error(
                    .typeMismatch,
                    "'.input' and '.output' are of the new network: \(query.result.name).input = …",
                    at: mutation.target.range
                )
            }
            guard mutation.target.variable.name == query.result.name else {
                throw error(
                    .unknownName,
                    "The new network is '\(query.result.name)', not "
                        + "'\(mutation.target.variable.name)'.",
                    at: mutation.target.variable.range,
                    hint: "did you mean '\(query.result.name)'?"
                )
            }
            let isInput: Bool = if case .input = mutation.action { true } else { false }
            return BoundMutation(
                selection: try nodesOfSource(nodes, query),
                action: isInput ? .input : .output,
                range: mutation.range
            )
        case .insert(let template):
            try checkVerb(mutation, of: query, wanted: .construct)
            let selection = try nodesOfSource(mutation.target, query)
            let bound = try self.template(template, captures: selection.pattern.captureNumbers)
            return BoundMutation(selection: selection, action: .insert(bound), range: mutation.range)
        case .delete, .disconnect:
            try checkVerb(mutation, of: query, wanted: .construct)
            let selection = try nodesOfSource(mutation.target, query)
            guard case .disconnect(let nodes) = mutation.action else {
                return BoundMutation(selection: selection, action: .delete, range: mutation.range)
            }
            return BoundMutation(
                selection: selection,
                action: .disconnect(try nodesOfSource(nodes, query)),
                range: mutation.range
            )
        }
    }

    /// The nodes of the networks that are changed; `m2["a"]` of the new one is the same.
    private mutating func nodesOfSource(
        _ path: AttributePath,
        _ query: DeriveQuery
    ) throws -> NodeSelection {
        if path.variable.name != query.result.name { _ = try variable(path.variable) }
        return try selection(path)
    }

    private func checkVerb(
        _ mutation: Mutation,
        of query: DeriveQuery,
        wanted: DeriveQuery.Kind
    ) throws {
        guard query.kind != wanted else { return }
        throw error(
            .typeMismatch,
            wanted == .slice
                ? "'construct' inserts and deletes nodes; 'slice' has an input and an output."
                : "'slice' has an input and an output; 'construct' inserts and deletes nodes.",
            at: mutation.range,
            hint: "begin the query with '\(wanted.rawValue)'"
        )
    }

    /// Refuses a slice without an input or an output.
    func checkCompleteness(_ mutations: [BoundMutation], of query: DeriveQuery) throws {
        guard query.kind == .slice else { return }
        let hasInput = mutations.contains { if case .input = $0.action { true } else { false } }
        let hasOutput = mutations.contains { if case .output = $0.action { true } else { false } }
        guard hasInput, hasOutput else {
            throw error(
                .syntax,
                "A slice needs \(hasInput ? "an output" : "an input").",
                at: query.result.range,
                hint: "\(query.result.name).\(hasInput ? "output" : "input") = …[\"fc7\"]"
            )
        }
    }

    // MARK: evaluate

    /// Binds a part of `vary`.
    func bind(_ dimension: Dimension) throws -> BoundDimension {
        let name = dimension.path.steps.map { step in
            switch step {
            case .member(let name): ".\(name.name)"
            case .element(let name): "[\"\(name.name)\"]"
            }
        }.joined()
        if case .element(let pattern)? = dimension.path.steps.dropFirst().first {
            _ = try self.pattern(pattern.name, at: pattern.range)
        }
        let title = "config\(name)"
        if let literals = dimension.values {
            let values = literals.map { DQLValue($0.value) }
            guard Set(values.map(\.kind)).count == 1 else {
                throw error(
                    .typeMismatch,
                    "The values of \(title) are of different kinds.",
                    at: dimension.range
                )
            }
            return BoundDimension(name: title, values: values, isAutomatic: false)
        }
        guard case .member(let last)? = dimension.path.steps.last,
            let grid = AutomaticGrid.values(of: last.name)
        else {
            throw error(
                .unknownName,
                "'auto' has no values for \(title).",
                at: dimension.range,
                hint: "write them: \(title) in [1, 2]; 'auto' knows "
                    + AutomaticGrid.names.joined(separator: ", ")
            )
        }
        return BoundDimension(name: title, values: grid, isAutomatic: true)
    }

    /// Checks a rule behind `keep`.
    mutating func check(_ rule: KeepRule) throws {
        let metric: AttributePath
        switch rule.kind {
        case .top(let count, let path, _):
            guard count > 0 else { throw error(.typeMismatch, "Nothing would be kept.", at: rule.range) }
            metric = path
        case .threshold(let path, _, _, _): metric = path
        case .budget(let seconds):
            guard seconds > 0 else {
                throw error(.typeMismatch, "A budget is a number of seconds above 0.", at: rule.range)
            }
            return
        }
        _ = try variable(metric.variable)
        guard Self.isElementAlone(metric), metric.iteration == nil else {
            throw error(
                .typeMismatch,
                "'keep' needs a measurement such as \(metric.variable.name)[\"loss\"].",
                at: metric.range
            )
        }
    }
}

/// The values that `auto` tries: a grid search over what practitioners vary first.
enum AutomaticGrid {
    private static let grids: [String: [DQLValue]] = [
        "lr": rates, "base_lr": rates, "learning_rate": rates,
        "momentum": [.number(0.8), .number(0.9), .number(0.99)],
        "weight_decay": [.number(0), .number(0.0001), .number(0.0005), .number(0.001)],
        "gamma": [.number(0.1), .number(0.5), .number(0.9)],
        "dropout": [.number(0), .number(0.25), .number(0.5)],
        "batch_size": [.integer(32), .integer(64), .integer(128), .integer(256)],
        "optimizer": [.text("sgd"), .text("adam")],
    ]

    private static let rates: [DQLValue] = [
        .number(0.1), .number(0.01), .number(0.001), .number(0.0001),
    ]

    /// The hyperparameters that have a grid.
    static let names = grids.keys.sorted()

    /// The grid of a hyperparameter.
    static func values(of name: String) -> [DQLValue]? { grids[name] }
}
