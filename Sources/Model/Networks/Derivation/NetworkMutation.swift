/// A change of a network: what DQL's `construct` does at a layer.
public enum NetworkMutation: Hashable, Sendable {
    /// Puts a new layer behind a layer: all that read the layer's first output read the new one's.
    case insert(NodeTemplate, after: Int)
    /// Takes a layer out; what read it reads what it read.
    case deleteNode(Int)
    /// Takes the edges from one layer to another out; what then leads to no output goes with them.
    case deleteEdge(from: Int, to: Int)
}

extension Network {
    /// The network with changes: DQL's `construct`.
    ///
    /// Changes refer to the layers of this network, and are made in order; two layers inserted after
    /// one follow it in the order in which they are named. The shapes behind a change are inferred
    /// anew and must fit the stored tensors.
    ///
    /// - Parameters:
    ///   - mutations: What to change; captures must have been substituted.
    ///   - seed: Distinguishes the random initial values of this derivation from others.
    /// - Throws: ``NetworkError`` that names the layer at which the result would be broken; the
    ///   candidate is then to be dropped.
    public func applying(
        _ mutations: [NetworkMutation],
        seed: UInt64 = 0
    ) throws(NetworkError) -> DerivedNetwork {
        var editor = NetworkEditor(self, seed: seed)
        for mutation in mutations { try editor.apply(mutation) }
        return try editor.finish()
    }
}

/// A network while it is changed.
///
/// Layers keep their place, new ones are added at the end, so that the indices of all changes stay
/// valid.
private struct NetworkEditor {
    private let original: Network
    private let seed: UInt64
    private var nodes: [NetworkNode]
    private var isDeleted: [Bool]
    private var outputs: [Int]
    /// The last layer inserted behind a layer.
    private var tails: [Int: Int] = [:]
    private var names: FreeNames
    private var notes: [String] = []
    private var needsPruning = false

    init(_ network: Network, seed: UInt64) {
        original = network
        self.seed = seed
        nodes = network.nodes
        isDeleted = Array(repeating: false, count: nodes.count)
        outputs = network.outputs
        names = FreeNames(nodes.map(\.name))
    }

    mutating func apply(_ mutation: NetworkMutation) throws(NetworkError) {
        switch mutation {
        case .insert(let template, let node): try insert(template, after: node)
        case .deleteNode(let node): try delete(node)
        case .deleteEdge(let from, let to): try deleteEdge(from: from, to: to)
        }
    }

    private func broken(_ node: Int, _ reason: String) -> NetworkError {
        NetworkError(.brokenGraph, "Layer '\(nodes[node].name)' \(reason).", node: nodes[node].name)
    }

    private mutating func insert(
        _ template: NodeTemplate,
        after anchor: Int
    ) throws(NetworkError) {
        guard !isDeleted[anchor] else {
            throw broken(anchor, "is deleted; nothing can be inserted after it")
        }
        guard template.kind != .input else {
            throw broken(anchor, "cannot be followed by an INPUT; an input has nothing before it")
        }
        let wanted = template.name ?? "\(nodes[anchor].name)_\(template.kind.name.lowercased())"
        let name = names.take(wanted)
        if name != wanted { notes.append("'\(wanted)' is taken; the new layer is '\(name)'.") }
        let before = tails[anchor] ?? anchor
        var node = NetworkNode(name: name, kind: template.kind, attributes: template.attributes)
        let roles = template.kind.signature?.tensorRoles ?? []
        if !roles.isEmpty {
            node.initialiser = NodeInitialiser(name: "xavier", seed: seed(for: name))
            for role in roles where role != "bias" || node.attributes["bias"]?.boolean != false {
                node.parameters.append(NodeParameter(role: role, name: "\(name).\(role)"))
            }
        }
        let place = nodes.count
        for index in nodes.indices {
            for position in nodes[index].inputs.indices
            where nodes[index].inputs[position] == NetworkInput(before) {
                nodes[index].inputs[position] = NetworkInput(place)
            }
        }
        outputs = outputs.map { $0 == before ? place : $0 }
        node.inputs = [NetworkInput(before)]
        nodes.append(node)
        isDeleted.append(false)
        tails[anchor] = place
    }

    /// The same for equal queries on equal networks (FNV-1a over the names).
    private func seed(for name: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in "\(original.name)/\(name)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        // JSON readers keep 53 bits of a number.
        return hash & (1 << 53 - 1)
    }

    private mutating func delete(_ node: Int) throws(NetworkError) {
        guard !isDeleted[node] else { return }
        guard nodes[node].kind != .input else {
            throw broken(node, "is an input of the network and cannot be deleted")
        }
        guard let replacement = nodes[node].inputs.first else {
            throw broken(node, "reads nothing; its readers would have no input left")
        }
        for index in nodes.indices where !isDeleted[index] {
            for position in nodes[index].inputs.indices
            where nodes[index].inputs[position].node == node {
                nodes[index].inputs[position] = replacement
            }
        }
        if outputs.contains(node), nodes[replacement.node].kind == .input {
            throw broken(node, "is all that lies between input and output")
        }
        outputs = outputs.map { $0 == node ? replacement.node : $0 }
        needsPruning = needsPruning || nodes[node].inputs.count > 1
        isDeleted[node] = true
    }

    private mutating func deleteEdge(from: Int, to: Int) throws(NetworkError) {
        // A layer inserted behind `from` lies on the edge that is meant.
        let sources = Set([from, tails[from] ?? from])
        let remaining = nodes[to].inputs.filter { !sources.contains($0.node) }
        guard remaining.count < nodes[to].inputs.count else {
            throw broken(from, "does not feed '\(nodes[to].name)'")
        }
        guard !remaining.isEmpty else {
            throw broken(to, "would have no input left without '\(nodes[from].name)'")
        }
        nodes[to].inputs = remaining
        needsPruning = true
    }

    mutating func finish() throws(NetworkError) -> DerivedNetwork {
        if needsPruning { prune() }
        let kept = nodes.indices.filter { !isDeleted[$0] }
        var places: [Int: Int] = [:]
        for (place, index) in kept.enumerated() { places[index] = place }
        var ordered: [NetworkNode] = []
        for index in kept {
            var node = nodes[index]
            node.inputs = node.inputs.compactMap { input in
                places[input.node].map { NetworkInput($0, output: input.output) }
            }
            ordered.append(node)
        }
        let network = try Network(
            name: original.name,
            source: .derived,
            nodes: ordered,
            outputs: Set(outputs.compactMap { places[$0] }).sorted()
        )
        let byName = Dictionary(
            original.nodes.indices.map { (original.nodes[$0].name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let origins = network.nodes.map { byName[$0.name] }
        let shaped = try DerivedShapes.infer(network, origins: origins, original: original)
        return DerivedNetwork(network: shaped, origins: origins, notes: notes)
    }

    /// Takes out what no output needs any more.
    private mutating func prune() {
        var isNeeded = Array(repeating: false, count: nodes.count)
        var waiting = outputs
        while let node = waiting.popLast() {
            guard !isNeeded[node] else { continue }
            isNeeded[node] = true
            waiting.append(contentsOf: nodes[node].inputs.map(\.node))
        }
        for node in nodes.indices where !isNeeded[node] && !isDeleted[node] {
            guard nodes[node].kind != .input else { continue }
            isDeleted[node] = true
            notes.append("'\(nodes[node].name)' leads to no output any more, and is left out.")
        }
    }
}
