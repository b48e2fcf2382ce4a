public import Tensors

extension Network {
    /// The network with its parameters bound to the tensors of weight files.
    ///
    /// A parameter is found under, in this order: its own name; the name that the network's file has
    /// for it; the names that frameworks give to a layer's tensors (`conv1/0` and `conv1/1` of Caffe,
    /// `bn1.running_mean` of PyTorch, `dense/kernel` of Keras); and its own name behind a prefix that
    /// no other tensor's name has (`model.`, `bert.`). A tensor whose number of elements contradicts
    /// the network stays unbound.
    ///
    /// - Parameters:
    ///   - tensors: The tensors of the version's weights.
    ///   - fileNames: Names in the network's file of parameters that bear another one.
    /// - Returns: The network with shapes inferred from the tensors, too.
    public func bound(
        to tensors: [TensorDescription],
        fileNames: [String: String] = [:]
    ) -> Network {
        guard !tensors.isEmpty else { return self }
        let names = TensorNames(tensors)
        var nodes = nodes
        for node in nodes.indices {
            for index in nodes[node].parameters.indices {
                let parameter = nodes[node].parameters[index]
                let layer = nodes[node].name
                guard
                    let (tensor, isAsImported) = names.tensor(
                        of: parameter,
                        index,
                        layer,
                        fileNames[parameter.name]
                    )
                else { continue }
                nodes[node].parameters[index] = Self.bind(
                    parameter,
                    to: tensor,
                    isAsImported: isAsImported
                )
            }
        }
        return replacingNodes(nodes).inferringShapes().network
    }

    private static func bind(
        _ parameter: NodeParameter,
        to tensor: TensorDescription,
        isAsImported: Bool
    ) -> NodeParameter {
        var bound = parameter
        guard ActivationShape.isPossible(tensor.shape) else { return parameter }
        if let count = parameter.elementCount, let own = tensor.elementCount, count != own {
            return parameter
        }
        // What an exporter transposed lies as its author had it in the author's own file.
        if parameter.isTransposed, !isAsImported { bound.isTransposed = false }
        if !parameter.isTransposed, let shape = parameter.shape, shape.count == 2,
            tensor.shape != shape, tensor.shape == shape.reversed()
        {
            bound.isTransposed = true
        }
        bound.name = tensor.name
        bound.shape = tensor.shape
        bound.isStored = true
        return bound
    }

    /// The names of the stored tensors that layers use.
    public var storedTensors: Set<String> {
        Set(nodes.flatMap(\.parameters).filter(\.isStored).map(\.name))
    }
}

/// The tensors of a version by every name that may mean them.
private struct TensorNames {
    private var byName: [String: TensorDescription] = [:]
    /// By the rest of a name behind a dot; nil where several share it.
    private var bySuffix: [String: TensorDescription?] = [:]

    init(_ tensors: [TensorDescription]) {
        for tensor in tensors {
            byName[tensor.name] = tensor
            var rest = tensor.name[...]
            while let dot = rest.firstIndex(of: ".") {
                rest = rest[rest.index(after: dot)...]
                let suffix = String(rest)
                bySuffix[suffix] = bySuffix[suffix] == nil ? .some(tensor) : .some(nil)
            }
        }
    }

    /// What frameworks call the tensors of a role.
    private static let suffixes: [String: [String]] = [
        "weight": [
            ".weight", "/kernel", "/kernel:0", "/gamma", "/gamma:0", "/embeddings", ".gamma",
        ],
        "bias": [".bias", "/bias", "/bias:0", "/beta", "/beta:0", ".beta"],
        "mean": [".running_mean", "/moving_mean", "/moving_mean:0"],
        "variance": [".running_var", "/moving_variance", "/moving_variance:0"],
        "factor": [".scale_factor"],
        "recurrent": [".weight_hh_l0", "/recurrent_kernel"],
    ]

    /// The tensor of a parameter, and whether it lies as the network's file says.
    func tensor(
        of parameter: NodeParameter,
        _ index: Int,
        _ layer: String,
        _ fileName: String?
    ) -> (TensorDescription, isAsImported: Bool)? {
        if let tensor = byName[parameter.name] { return (tensor, fileName == nil) }
        if let fileName, let tensor = byName[fileName] { return (tensor, true) }
        let ends = ["/\(index)", ".\(index)", ":\(index)"] + (Self.suffixes[parameter.role] ?? [])
        for end in ends {
            if let tensor = byName[layer + end] { return (tensor, false) }
        }
        if let tensor = bySuffix[parameter.name] ?? nil { return (tensor, false) }
        for end in Self.suffixes[parameter.role] ?? [] {
            if let tensor = bySuffix[layer + end] ?? nil { return (tensor, false) }
        }
        return nil
    }
}
