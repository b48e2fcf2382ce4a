import Catalog
import Networks

/// What `where` says of a selector, asked of its nodes one by one: only nodes for which it holds are
/// changed by `construct`.
struct NodeCondition {
    private let query: BoundSelect
    private let values: Executor.Combination
    private let graph: NetworkGraph
    private let catalog: Catalog

    init(
        _ query: BoundSelect,
        _ values: Executor.Combination,
        _ graph: NetworkGraph,
        _ catalog: Catalog
    ) {
        self.query = query
        self.values = values
        self.graph = graph
        self.catalog = catalog
    }

    /// Whether all parts of the condition that are about a selector hold for one of its nodes.
    func holds(for node: Int, of pattern: NodePattern) throws -> Bool {
        let parts: [BoundCondition] =
            switch query.condition {
            case nil: []
            case .all(let operands)?: operands
            case let condition?: [condition]
            }
        for part in parts {
            var slots: [Int: Set<Int>] = [:]
            part.collectSlots(into: &slots)
            var known: [Int: DQLValue] = [:]
            for slot in slots[0] ?? [] {
                guard let value = try value(of: query.variables[0].attributes[slot], node, pattern)
                else { continue }
                known[slot] = value
            }
            guard !known.isEmpty else { continue }
            let row = NodeRow(known: known, values: values)
            guard part.truth(for: row) == true else { return false }
        }
        return true
    }

    /// What an attribute is for one node of a selector; nil if it is not about that selector.
    private func value(
        of attribute: Attribute,
        _ node: Int,
        _ pattern: NodePattern
    ) throws -> DQLValue? {
        switch attribute {
        case .has(let selection, let template) where selection.pattern == pattern:
            return .boolean(try NodeSearch(graph).has(selection, template, from: node))
        case .nodes(let selection, let fact) where selection.pattern == pattern && fact != .count:
            let nodes = NodeSearch(graph).follow(selection.steps, from: [node])
            guard fact.needsWeights else {
                return try NetworkColumns.facts(fact, nodes, graph)
            }
            let entity = values.tables[0].entities[values.row(of: 0)]
            return try WeightTable(catalog, [entity]).value(of: fact, nodes, graph, entity)
        default: return nil
        }
    }
}

/// The values of a row, with those of one node where a selector means several.
private struct NodeRow: RowValues {
    let known: [Int: DQLValue]
    let values: Executor.Combination

    func value(variable: Int, slot: Int) -> DQLValue {
        known[slot] ?? values.value(variable: variable, slot: slot)
    }
}
