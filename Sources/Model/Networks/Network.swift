/// Where a network was found.
public enum NetworkSource: String, Hashable, Sendable, CaseIterable {
    /// A Caffe prototxt.
    case caffe = "caffe"
    /// The graph of an ONNX model.
    case onnx = "onnx"
    /// A `network.json`.
    case json = "network.json"
    /// The `config.json` of a Hugging Face model, which names its architecture.
    case configuration = "config.json"
    /// A query that sliced or constructed it.
    case derived = "derived"
    /// Names of tensors only: layers without edges.
    case namesOnly = "names only"
}

/// The network of a version: a directed acyclic graph of layers (paper: `Node(id, node, A)` and
/// `Edge(from, to)`; a node is a layer, not a tensor operator).
///
/// Nodes are in an order in which every layer follows those that feed it; where the file has such an
/// order, that one.
public struct Network: Hashable, Sendable {
    /// The name that the file gives; may be empty.
    public var name: String
    /// Where it was found.
    public var source: NetworkSource
    /// The layers, inputs among them as `INPUT`.
    public let nodes: [NetworkNode]
    /// The indices of the layers whose outputs are the network's, ascending.
    public let outputs: [Int]

    /// More layers than any network has; a file beyond it is refused rather than loaded.
    public static let nodeCountMax = 200_000

    /// Creates a network from layers in any order.
    ///
    /// - Parameters:
    ///   - name: The name that the file gives.
    ///   - source: Where it was found.
    ///   - nodes: The layers; the inputs of each are indices into this array.
    ///   - outputs: The layers whose outputs are the network's; nil for all that feed nothing.
    /// - Throws: ``NetworkError`` if names repeat, an input does not exist, or layers feed each other
    ///   in a circle.
    public init(
        name: String = "",
        source: NetworkSource,
        nodes: [NetworkNode],
        outputs: [Int]? = nil
    ) throws(NetworkError) {
        try Self.check(nodes, outputs)
        let order = try TopologicalOrder.of(nodes)
        self.name = name
        self.source = source
        guard order != Array(nodes.indices) else {
            self.nodes = nodes
            self.outputs = outputs.map { Array(Set($0)).sorted() } ?? Self.sinks(of: nodes)
            return
        }
        var places = Array(repeating: 0, count: nodes.count)
        for (place, index) in order.enumerated() { places[index] = place }
        let ordered = order.map { index in
            var node = nodes[index]
            node.inputs = node.inputs.map { NetworkInput(places[$0.node], output: $0.output) }
            return node
        }
        self.nodes = ordered
        self.outputs =
            outputs.map { Set($0.map { places[$0] }).sorted() } ?? Self.sinks(of: ordered)
    }

    /// Takes nodes that are known to be in order.
    init(name: String, source: NetworkSource, checked nodes: [NetworkNode], outputs: [Int]) {
        self.name = name
        self.source = source
        self.nodes = nodes
        self.outputs = outputs
    }

    private static func check(
        _ nodes: [NetworkNode],
        _ outputs: [Int]?
    ) throws(NetworkError) {
        guard nodes.count <= nodeCountMax else {
            throw NetworkError(.badInput, "A network of \(nodes.count) layers is too large.")
        }
        var names: Set<String> = []
        for node in nodes {
            try check(node)
            guard names.insert(node.name).inserted else {
                throw NetworkError(
                    .badInput,
                    "Two layers are named '\(node.name)'; names of layers are unique.",
                    node: node.name
                )
            }
            for input in node.inputs
            where !nodes.indices.contains(input.node)
                || !nodes[input.node].outputShapes.indices.contains(input.output)
            {
                throw NetworkError(
                    .badInput,
                    "Layer '\(node.name)' reads an output that no layer has.",
                    node: node.name
                )
            }
        }
        guard outputs?.allSatisfy(nodes.indices.contains) ?? true else {
            throw NetworkError(.badInput, "The network names an output that is no layer.")
        }
    }

    /// A longer name than any layer has.
    private static let nameByteCountMax = 1024

    /// Refuses what no layer has, so that later sums and products cannot overflow.
    private static func check(_ node: NetworkNode) throws(NetworkError) {
        let shapes =
            node.outputShapes.compactMap { $0?.dimensions }
            + node.parameters.compactMap(\.shape)
        guard shapes.allSatisfy({ ActivationShape.isPossible($0) }) else {
            throw NetworkError(
                .badInput,
                "Layer '\(node.name.prefix(60))' has a shape that no tensor has.",
                node: node.name
            )
        }
        guard node.name.utf8.count <= nameByteCountMax,
            node.inputs.count <= nodeCountMax, node.outputShapes.count <= nodeCountMax
        else {
            throw NetworkError(
                .badInput,
                "Layer '\(node.name.prefix(60))…' has a name of \(node.name.utf8.count) bytes, "
                    + "\(node.inputs.count) inputs and \(node.outputShapes.count) outputs.",
                node: String(node.name.prefix(60))
            )
        }
    }

    /// The layers that feed nothing, but for inputs that nothing reads.
    private static func sinks(of nodes: [NetworkNode]) -> [Int] {
        var isRead = Array(repeating: false, count: nodes.count)
        for input in nodes.flatMap(\.inputs) { isRead[input.node] = true }
        return nodes.indices.filter { !isRead[$0] && nodes[$0].kind != .input }
    }

    /// The indices of the network's inputs, ascending.
    public var inputs: [Int] { nodes.indices.filter { nodes[$0].kind == .input } }

    /// The layers that compute something: all but inputs.
    public var layers: [NetworkNode] { nodes.filter { $0.kind != .input } }

    /// Whether layers are connected; not where only names of tensors are known.
    public var hasGraph: Bool { source != .namesOnly }

    /// The index of the layer of a name.
    public func index(of name: String) -> Int? {
        nodes.firstIndex { $0.name == name }
    }

    /// The shapes of a layer's inputs.
    public func inputShapes(of node: Int) -> [ActivationShape?] {
        nodes[node].inputs.map { nodes[$0.node].outputShapes[$0.output] }
    }

    /// The number of learned elements, or nil if a shape is not known.
    ///
    /// A tensor that several layers share counts once.
    public var parameterCount: Int? {
        var seen: Set<String> = []
        var sum = 0
        for parameter in nodes.flatMap(\.parameters) where seen.insert(parameter.name).inserted {
            guard let count = parameter.elementCount else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }
}
