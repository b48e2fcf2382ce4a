import Catalog
import DQLSyntax
import Networks

/// Makes the networks of `slice` and `construct`.
struct Deriver {
    private let derivation: BoundDerivation
    private let executor: Executor

    init(_ derivation: BoundDerivation, _ executor: Executor) {
        self.derivation = derivation
        self.executor = executor
    }

    /// What was made, and what could not be.
    struct Result {
        var entities: [Entity] = []
        var dropped: [DroppedNetwork] = []
    }

    /// Makes a network of each that the source gives.
    func run() throws -> Result {
        let rows = try executor.rows(of: derivation.source)
        let table = rows.tables[0]
        var result = Result()
        var names: [String: Int] = [:]
        for row in 0..<rows.count {
            try executor.clock.check(row: row * 16)
            let entity = table.entities[rows.values(at: row).row(of: 0)]
            guard let network = try executor.loader.network(of: entity), network.hasGraph else {
                result.dropped.append(
                    drop(entity, nil, "Only the names of its layers are known, not how they connect.")
                )
                continue
            }
            do {
                guard let derived = try derive(network, rows.values(at: row)) else {
                    result.dropped.append(drop(entity, nil, "No node is selected in it."))
                    continue
                }
                let made = make(derived, network, entity, &names)
                result.entities.append(
                    Entity(version: entity.version, snapshot: entity.snapshot, network: made)
                )
            } catch let error as NetworkError {
                result.dropped.append(drop(entity, error.node, error.message))
            }
        }
        executor.explanation.add(
            "\(derivation.kind.rawValue): \(result.entities.count) networks made, "
                + "\(result.dropped.count) dropped"
        )
        return result
    }

    private func drop(_ entity: Entity, _ node: String?, _ reason: String) -> DroppedNetwork {
        DroppedNetwork(source: entity.reference, node: node ?? "", reason: reason)
    }

    private func make(
        _ derived: DerivedNetwork,
        _ network: Network,
        _ entity: Entity,
        _ names: inout [String: Int]
    ) -> MadeNetwork {
        let suffix = derivation.queryName ?? derivation.kind.rawValue
        let base = "\(entity.reference)~\(suffix)"
        let count = (names[base] ?? 0) + 1
        names[base] = count
        let kept = Set(derived.origins.compactMap(\.self))
        let removed = network.nodes.indices.filter { !kept.contains($0) }
            .map { network.nodes[$0].name }
        return MadeNetwork(
            name: count == 1 ? base : "\(base)~\(count)",
            version: entity.version,
            derived: derived,
            queryName: derivation.queryName,
            query: derivation.syntax.description,
            removed: removed
        )
    }

    // MARK: One network

    /// The new network; nil if no node is meant.
    private func derive(
        _ network: Network,
        _ values: Executor.Combination
    ) throws -> DerivedNetwork? {
        let graph = network.graph
        switch derivation.kind {
        case .slice:
            var inputs: [Int] = []
            var outputs: [Int] = []
            for mutation in derivation.mutations {
                let nodes = NodeSearch(graph).nodes(mutation.selection)
                guard !nodes.isEmpty else {
                    throw NetworkError(
                        .noPath, "No node matches \(mutation.selection.text)."
                    )
                }
                if case .input = mutation.action { inputs += nodes } else { outputs += nodes }
            }
            return try network.slice(from: inputs, to: outputs)
        case .construct:
            var mutations: [NetworkMutation] = []
            let condition = NodeCondition(derivation.source, values, graph, executor.archive.catalog)
            for mutation in derivation.mutations {
                mutations += try changes(mutation, graph, condition)
            }
            return mutations.isEmpty ? nil : try network.applying(mutations)
        }
    }

    /// What a mutation does to a network: at each of its nodes for which `where` holds.
    private func changes(
        _ mutation: BoundMutation,
        _ graph: NetworkGraph,
        _ condition: NodeCondition
    ) throws -> [NetworkMutation] {
        let search = NodeSearch(graph)
        var changes: [NetworkMutation] = []
        for start in graph.nodes(matching: mutation.selection.pattern) {
            guard try condition.holds(for: start, of: mutation.selection.pattern) else { continue }
            let captures = mutation.selection.pattern.captures(in: graph.name(of: start)) ?? [:]
            for node in search.follow(mutation.selection.steps, from: [start]) {
                switch mutation.action {
                case .insert(let template):
                    changes.append(.insert(template.substituting(captures), after: node))
                case .delete: changes.append(.deleteNode(node))
                case .disconnect(let others):
                    for other in search.nodes(others) where graph.consumers(of: node).contains(other) {
                        changes.append(.deleteEdge(from: node, to: other))
                    }
                case .input, .output: break
                }
            }
        }
        return changes
    }
}
