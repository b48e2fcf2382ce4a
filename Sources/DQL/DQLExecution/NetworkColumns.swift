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
        if let made = entity.network { return made.derived.network }
        try store.prepare([entity])
        return try store.graph(of: entity).graph.map { try Network($0) }
    }

    /// The values of an attribute that needs networks.
    func column(_ attribute: Attribute, _ entities: [Entity]) throws -> [DQLValue] {
        if case .extreme(let inner, let isMaximum) = attribute {
            return try column(inner, entities).map { Self.extreme($0, isMaximum: isMaximum) }
        }
        try store.prepare(entities)
        let weights: WeightTable? =
            if case .nodes(_, let fact) = attribute, fact.needsWeights {
                try WeightTable(catalog, entities)
            } else {
                nil
            }
        // Versions often share a network, and then they share the answer that needs no weights.
        var known: [Int: DQLValue] = [:]
        var values: [DQLValue] = []
        values.reserveCapacity(entities.count)
        for (row, entity) in entities.enumerated() {
            try clock.check(row: row * 16)
            let (graph, key) = try store.graph(of: entity)
            if let graph, !graph.hasGraph, attribute.walksEdges { namesOnly.insert(entity.version.id) }
            if weights == nil, let key, let value = known[key] {
                values.append(value)
                continue
            }
            let value = try graph.map { try self.value(attribute, $0, entity, weights) } ?? .missing
            if let key { known[key] = value }
            values.append(value)
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

    private func value(
        _ attribute: Attribute,
        _ graph: NetworkGraph,
        _ entity: Entity,
        _ weights: WeightTable?
    ) throws -> DQLValue {
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
            if let weights {
                return weights.value(of: fact, selection, graph, entity)
            }
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
