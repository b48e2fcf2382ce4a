public import Tensors

/// The layers that the names of tensors tell of, where no file holds a graph.
public enum NamesOnlyNetwork {
    /// A network without edges: a layer per group of tensors, in the order of the weight files.
    ///
    /// The operator follows from the shapes where these speak: a weight of four dimensions is that of a
    /// convolution. Such layers have the attribute `guessed`.
    ///
    /// - Returns: Nil if there are no tensors.
    public static func network(of tensors: [TensorDescription]) -> Network? {
        guard !tensors.isEmpty, tensors.count <= Network.nodeCountMax else { return nil }
        var layers: [String] = []
        var members: [String: [TensorDescription]] = [:]
        for tensor in tensors {
            let layer = layerName(of: tensor.name)
            if members[layer] == nil { layers.append(layer) }
            members[layer, default: []].append(tensor)
        }
        let nodes = layers.map { node($0, members[$0] ?? []) }
        return Network(name: "", source: .namesOnly, checked: nodes, outputs: [])
    }

    /// The name up to the last `.` or `/`; of one without either, the whole.
    private static func layerName(of tensor: String) -> String {
        guard let end = tensor.lastIndex(where: { $0 == "." || $0 == "/" }), end > tensor.startIndex
        else { return tensor.isEmpty ? "tensor" : tensor }
        return String(tensor[..<end])
    }

    private static func node(_ name: String, _ tensors: [TensorDescription]) -> NetworkNode {
        var node = NetworkNode(name: name, kind: .unknown)
        for tensor in tensors {
            let role = tensor.name.split(whereSeparator: { $0 == "." || $0 == "/" }).last
            node.parameters.append(
                NodeParameter(
                    role: Self.role(role.map(String.init) ?? tensor.name),
                    name: tensor.name,
                    shape: ActivationShape.isPossible(tensor.shape) ? tensor.shape : nil,
                    isStored: true
                )
            )
        }
        guess(&node)
        return node
    }

    private static func role(_ word: String) -> String {
        switch word {
        case "0", "kernel", "gamma", "kernel:0": "weight"
        case "1", "beta", "bias:0": "bias"
        case "running_mean", "moving_mean": "mean"
        case "running_var", "moving_variance": "variance"
        default: word
        }
    }

    private static func guess(_ node: inout NetworkNode) {
        guard let weight = node.parameter("weight")?.shape else { return }
        let name = node.name.lowercased()
        switch weight.count {
        case 4, 5:
            node.kind = .conv
            node.attributes["channels"] = .integer(weight[0])
            node.attributes["kernel"] = .integers(Array(weight.dropFirst(2)))
        case 2 where name.contains("emb") || name.hasSuffix("wte") || name.hasSuffix("wpe"):
            node.kind = .embed
            node.attributes["count"] = .integer(weight[0])
            node.attributes["features"] = .integer(weight[1])
        case 2:
            node.kind = .full
            node.attributes["features"] = .integer(weight[0])
        case 1 where node.parameter("mean") != nil: node.kind = .batchNorm
        case 1 where name.contains("norm") || name.contains("ln"):
            node.kind = node.parameter("bias") == nil ? .rmsNorm : .layerNorm
        default: return
        }
        node.attributes["guessed"] = .boolean(true)
    }
}
