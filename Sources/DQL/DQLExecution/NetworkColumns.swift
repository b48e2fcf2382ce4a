import Catalog
import DQLSyntax
import Networks

/// Answers what queries ask of the nodes of networks.
final class NetworkColumns {
    private let catalog: Catalog
    private let clock: QueryClock
    private let store: NetworkStore
    /// The versions without edges that neighbours were asked of.
    private(set) var namesOnly: Set<VersionID> = []

    init(_ catalog: Catalog, _ clock: QueryClock) {
        self.catalog = catalog
        self.clock = clock
        store = NetworkStore(catalog)
    }

    /// The network of an entity, in the form for changes; nil if it has none.
    func network(of entity: Entity) throws -> Network? {
        try store.network(of: entity)
    }

    /// The values of an attribute that needs networks.
    func column(_ attribute: Attribute, _ entities: [Entity]) throws -> [DQLValue] {
        if case .extreme(let inner, let isMaximum) = attribute {
            return try column(inner, entities).map { Self.extreme($0, isMaximum: isMaximum) }
        }
        let weights: WeightTable? =
            if case .nodes(_, let fact) = attribute, fact.needsWeights {
                try WeightTable(catalog, entities)
            } else {
                nil
            }
        var values = [DQLValue](repeating: .missing, count: entities.count)
        var count = 0
        try store.forEachGraph(of: entities) { graph, rows in
            count += 16
            try clock.check(row: count)
            if !graph.hasGraph, attribute.walksEdges {
                namesOnly.formUnion(rows.map { entities[$0].version.id })
            }
            guard let weights, case .nodes(let selection, let fact) = attribute else {
                // Versions that share a network share the answer.
                let value = try self.value(attribute, graph)
                for row in rows { values[row] = value }
                return
            }
            let nodes = NodeSearch(graph).nodes(selection)
            for row in rows {
                values[row] = weights.value(of: fact, selection, nodes, graph, entities[row])
            }
        }
        return values
    }

    private static func extreme(_ value: DQLValue, isMaximum: Bool) -> DQLValue {
        guard case .list(let values) = value else { return value }
        let known = values.filter { !$0.isMissing }
        let least = known.min { ValueOrder.of($0, $1) == .ascending }
        let greatest = known.max { ValueOrder.of($0, $1) == .ascending }
        return (isMaximum ? greatest : least) ?? .missing
    }

    private func value(_ attribute: Attribute, _ graph: NetworkGraph) throws -> DQLValue {
        switch attribute {
        case .operators:
            let kinds = (0..<graph.nodeCount).map { graph.kind(of: $0).name }
            return .list(Set(kinds).subtracting(["INPUT"]).sorted().map(DQLValue.text))
        case .layerCount:
            return .integer(Int64((0..<graph.nodeCount).count { graph.kind(of: $0) != .input }))
        case .networkSource: return .text(graph.source.rawValue)
        case .has(let selection, let template):
            return .boolean(try NodeSearch(graph).has(selection, template))
        case .nodes(let selection, let fact):
            return try Self.facts(fact, NodeSearch(graph).nodes(selection), graph)
        default: return .missing
        }
    }

    /// What the graph alone knows of nodes.
    static func facts(
        _ fact: NodeFact,
        _ nodes: [Int],
        _ graph: NetworkGraph
    ) throws(NetworkError) -> DQLValue {
        switch fact {
        case .count: return .integer(Int64(nodes.count))
        case .name: return .list(nodes.map { .text(graph.name(of: $0)) })
        case .operator: return .list(nodes.map { .text(graph.kind(of: $0).name) })
        case .attribute(let name):
            var values: [DQLValue] = []
            for node in nodes {
                values.append(try graph.attributes(of: node)[name].map { DQLValue($0) } ?? .missing)
            }
            return .list(values)
        default: return .missing
        }
    }
}

extension Attribute {
    /// Whether edges of networks are followed, which a network of names only lacks.
    fileprivate var walksEdges: Bool {
        switch self {
        case .nodes(let selection, _), .has(let selection, _): !selection.steps.isEmpty
        case .extreme(let inner, _): inner.walksEdges
        default: false
        }
    }
}

extension DQLValue {
    /// The value of a node's attribute; a list of equal numbers is the number.
    init(_ value: AttributeValue) {
        switch value {
        case .integer(let value): self = .integer(Int64(value))
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        case .boolean(let value): self = .boolean(value)
        case .list(let values):
            if let first = values.first, values.allSatisfy({ $0 == first }) {
                self = DQLValue(first)
            } else {
                self = .text(value.description)
            }
        }
    }
}
