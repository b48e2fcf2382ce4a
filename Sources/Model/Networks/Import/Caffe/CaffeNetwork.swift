/// Reads the networks of Caffe: `deploy.prototxt`, `train_val.prototxt`.
public enum CaffeNetwork {
    /// Larger than any prototxt; the file is then something else.
    public static let byteCountMax = 16 << 20

    /// Reads a prototxt.
    ///
    /// - Parameter bytes: The file.
    /// - Returns: Nil if it is one without layers, such as a solver.
    /// - Throws: ``NetworkError`` with line and column if it breaks the syntax, or describes no
    ///   network.
    public static func read(_ bytes: [UInt8]) throws(NetworkError) -> Network? {
        try read(TextFormatParser.parse(bytes))
    }

    static func read(_ net: TextMessage) throws(NetworkError) -> Network? {
        let messages = net.messages("layer") + net.messages("layers")
        guard !messages.isEmpty else { return nil }
        guard messages.count <= Network.nodeCountMax else {
            throw NetworkError(.badInput, "A network of \(messages.count) layers is too large.")
        }
        let all = messages.map { CaffeLayer($0) }
        let state = CaffeNetState.forUse(of: all)
        var builder = CaffeNetworkBuilder()
        for (name, shape) in CaffeInputs.declared(in: net) { builder.addInput(name, shape) }
        for layer in all where state.includes(layer) { builder.add(layer) }
        let network = try Network(
            name: net.scalar("name") ?? "",
            source: .caffe,
            nodes: builder.nodes
        )
        return network.inferringShapes().network
    }
}

/// Connects layers by the blobs that they write and read.
private struct CaffeNetworkBuilder {
    var nodes: [NetworkNode] = []
    private var names = FreeNames([String]())
    private var used: Set<String> = []
    /// Who wrote each blob last: a layer in place makes a new value of an old name, and those that
    /// come after it read that (static single assignment).
    private var writers: [String: NetworkInput] = [:]

    mutating func addInput(_ name: String, _ shape: ActivationShape?) {
        writers[name] = NetworkInput(nodes.count)
        nodes.append(
            NetworkNode(name: uniqueName(name, phase: nil), kind: .input, outputShapes: [shape])
        )
    }

    /// A repeated name gets its phase, then a number.
    private mutating func uniqueName(_ name: String, phase: String?) -> String {
        let name = name.isEmpty ? "layer" : name
        guard !used.insert(name).inserted, let phase else { return names.take(name) }
        return names.take("\(name)_\(phase.lowercased())")
    }

    mutating func add(_ layer: CaffeLayer) {
        // Caffe puts them in where several layers read one blob; nobody wrote them.
        if layer.type == "Split", layer.name.hasSuffix("_split"), let bottom = layer.bottoms.first {
            for top in layer.tops { writers[top] = writers[bottom] }
            return
        }
        let translated = CaffeAttributes.layer(layer)
        // Blobs that nothing wrote come from outside.
        for bottom in layer.bottoms where writers[bottom] == nil { addInput(bottom, nil) }
        var node = NetworkNode(
            name: uniqueName(layer.name, phase: layer.phase),
            kind: translated.kind,
            attributes: translated.attributes,
            inputs: layer.bottoms.compactMap { writers[$0] },
            outputShapes: translated.kind == .input
                ? CaffeInputs.shapes(of: layer)
                : Array(repeating: nil, count: max(1, layer.tops.count)),
            isInPlace: !layer.bottoms.isEmpty && layer.bottoms.first == layer.tops.first
        )
        let shared = layer.message.messages("param").map { $0.scalar("name") }
        let sharedV1 = layer.message.scalars("param").map(Optional.some)
        for (index, role) in translated.roles.enumerated() {
            let named = (shared.isEmpty ? sharedV1 : shared).dropFirst(index).first ?? nil
            let name = named.flatMap { $0.isEmpty ? nil : $0 } ?? "\(node.name).\(role)"
            node.parameters.append(NodeParameter(role: role, name: name))
        }
        for (output, top) in layer.tops.enumerated() {
            writers[top] = NetworkInput(nodes.count, output: output)
        }
        nodes.append(node)
    }
}
