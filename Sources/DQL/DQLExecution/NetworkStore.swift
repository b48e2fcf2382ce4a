import Catalog
import DQLSyntax
import Networks

/// The networks of versions, in the form for questions.
final class NetworkStore {
    private let catalog: Catalog
    private var graphs: [VersionID: NetworkGraph] = [:]
    private var looked: Set<VersionID> = []

    init(_ catalog: Catalog) {
        self.catalog = catalog
    }

    /// Loads what is needed of several versions at once.
    func prepare(_ entities: [Entity]) throws {
        let wanted = Set(entities.filter { $0.network == nil }.map(\.version.id)).subtracting(looked)
        guard !wanted.isEmpty else { return }
        looked.formUnion(wanted)
        var names: [VersionID: [String]] = [:]
        try catalog.forEachWeightTensor(of: wanted.sorted(), latestOnly: true) { tensor in
            names[tensor.version, default: []].append(tensor.name)
        }
        for (version, tensors) in names {
            graphs[version] = try Self.namesOnly(tensors)
        }
    }

    /// The graph of an entity, and a key that entities with the same graph share.
    func graph(of entity: Entity) throws -> (graph: NetworkGraph?, key: Int?) {
        if let made = entity.network { return (made.derived.network.graph, nil) }
        return (graphs[entity.version.id], nil)
    }

    /// Layers without edges, known from the names of tensors: all up to the last `.` or `/`.
    private static func namesOnly(_ tensors: [String]) throws -> NetworkGraph {
        var nodes: [NetworkNode] = []
        var places: [String: Int] = [:]
        for tensor in tensors {
            let cut = tensor.lastIndex { $0 == "." || $0 == "/" }
            let layer = cut.map { String(tensor[..<$0]) } ?? tensor
            let role = cut.map { String(tensor[tensor.index(after: $0)...]) } ?? tensor
            let parameter = NodeParameter(role: role, name: tensor)
            if let place = places[layer] {
                nodes[place].parameters.append(parameter)
            } else {
                places[layer] = nodes.count
                nodes.append(NetworkNode(name: layer, kind: .unknown, parameters: [parameter]))
            }
        }
        return try Network(source: .namesOnly, nodes: nodes).graph
    }
}
