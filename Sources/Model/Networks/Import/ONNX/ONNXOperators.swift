/// What ONNX's operators are in the terms of ``OperatorSignature``.
enum ONNXOperators {
    /// Operators that move elements and compute none; layers are connected across them.
    static let plumbing: Set<String> = [
        "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Flatten", "Identity", "Cast", "CastLike",
        "Expand", "Tile", "Slice", "Gather", "GatherND", "GatherElements", "Neg", "Reciprocal",
        "QuantizeLinear", "DequantizeLinear", "IsNaN", "Not", "Trilu", "ScatterND",
        "ScatterElements",
    ]

    /// Operators of two operands; with a constant that nobody learned they are plumbing too.
    static let binary: [String: Operator] = [
        "Add": .add, "Sub": Operator("SUB"), "Mul": .mul, "Div": Operator("DIV"),
        "Max": Operator("MAXIMUM"), "Min": Operator("MINIMUM"), "Pow": Operator("POWER"),
        "Mod": Operator("MOD"), "And": Operator("AND"), "Or": Operator("OR"),
        "Equal": Operator("EQUAL"), "Greater": Operator("GREATER"), "Less": Operator("LESS"),
        "Where": Operator("WHERE"),
    ]

    /// The operator of a node that is neither plumbing nor binary.
    static func kind(of node: ONNXNode) -> Operator {
        switch node.type {
        case "Conv": .conv
        case "ConvTranspose": .deconv
        case "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "LpPool": .pool
        case "BatchNormalization": .batchNorm
        case "LayerNormalization": .layerNorm
        case "SimplifiedLayerNormalization", "RMSNormalization": .rmsNorm
        case "GroupNormalization", "InstanceNormalization": .groupNorm
        case "HardSwish": Operator("HARDSWISH")
        case "LeakyRelu": Operator("LEAKYRELU")
        case "ReduceMean": Operator("MEAN")
        case "Resize", "Upsample": Operator("UPSAMPLE")
        case "Attention", "MultiHeadAttention", "GroupQueryAttention": .attention
        case "MaxRoiPool": Operator("ROIPOOL")
        default: Operator(node.type)
        }
    }

    /// The attributes of a layer.
    ///
    /// - Parameters:
    ///   - node: The node that it comes from.
    ///   - kind: What it is.
    ///   - weight: The shape of its weight as PyTorch has it, if it has one.
    static func attributes(
        of node: ONNXNode,
        _ kind: Operator,
        weight: [Int]?
    ) -> [String: AttributeValue] {
        switch kind {
        case .conv, .deconv: return convolution(node, kind, weight)
        case .pool: return pooling(node)
        case .full:
            return weight.map { ["features": .integer($0.first ?? 0)] } ?? [:]
        case .embed:
            guard let weight, weight.count == 2 else { return [:] }
            return ["count": .integer(weight[0]), "features": .integer(weight[1])]
        case .batchNorm, .layerNorm, .rmsNorm, .groupNorm:
            return ["epsilon": .number(Self.short(node.number("epsilon") ?? 1e-5))]
        case .lrn:
            return [
                "size": .integer(node.integer("size") ?? 5),
                "alpha": .number(Self.short(node.number("alpha") ?? 1e-4)),
                "beta": .number(Self.short(node.number("beta") ?? 0.75)),
                "region": .text("across"),
            ]
        case .softmax: return ["axis": .integer(node.integer("axis") ?? -1)]
        case .concat, .split: return ["axis": .integer(node.integer("axis") ?? 0)]
        case Operator("LEAKYRELU"): return ["slope": .number(short(node.number("alpha") ?? 0.01))]
        default: return [:]
        }
    }

    /// A single-precision number by its shortest text: `1e-05`, not `9.999999747378752e-06`.
    private static func short(_ value: Double) -> Double {
        Double(Float(value).description) ?? value
    }

    private static func convolution(
        _ node: ONNXNode,
        _ kind: Operator,
        _ weight: [Int]?
    ) -> [String: AttributeValue] {
        let groups = node.integer("group") ?? 1
        let kernel = node.integers("kernel_shape") ?? weight.map { Array($0.dropFirst(2)) }
        let count = kernel?.count ?? 2
        var attributes: [String: AttributeValue] = [
            "stride": .integers(node.integers("strides") ?? Array(repeating: 1, count: count)),
            "padding": padding(node, count),
            "groups": .integer(groups),
        ]
        attributes["kernel"] = kernel.map { .integers($0) }
        if let weight, weight.count > 1 {
            let channels =
                kind == .conv ? weight[0] : weight[1].multipliedReportingOverflow(by: groups).0
            attributes["channels"] = .integer(channels)
        }
        if let dilation = node.integers("dilations"), dilation.contains(where: { $0 != 1 }) {
            attributes["dilation"] = .integers(dilation)
        }
        return attributes
    }

    private static func pooling(_ node: ONNXNode) -> [String: AttributeValue] {
        var attributes: [String: AttributeValue] = [
            "mode": .text(node.type.contains("Max") ? "MAX" : "AVG")
        ]
        if node.type.hasPrefix("Global") {
            attributes["global"] = .boolean(true)
            return attributes
        }
        let kernel = node.integers("kernel_shape") ?? []
        attributes["kernel"] = .integers(kernel)
        attributes["stride"] = .integers(
            node.integers("strides") ?? Array(repeating: 1, count: kernel.count)
        )
        attributes["padding"] = padding(node, kernel.count)
        attributes["ceil"] = .boolean(node.integer("ceil_mode") == 1)
        return attributes
    }

    /// The same before and behind is written once; `auto_pad` keeps the size.
    private static func padding(_ node: ONNXNode, _ count: Int) -> AttributeValue {
        if let automatic = node.text("auto_pad"), automatic.hasPrefix("SAME") {
            return .text("same")
        }
        let pads = node.integers("pads") ?? Array(repeating: 0, count: count * 2)
        let isSymmetric =
            pads.count == count * 2 && Array(pads.prefix(count)) == Array(pads.suffix(count))
        return .integers(isSymmetric ? Array(pads.prefix(count)) : pads)
    }

    /// The roles of the constant inputs by their place.
    static func roles(of kind: Operator) -> [Int: String] {
        switch kind {
        case .conv, .deconv, .full, .layerNorm, .groupNorm: [1: "weight", 2: "bias"]
        case .rmsNorm, Operator("PRELU"): [1: "weight"]
        case .batchNorm: [1: "weight", 2: "bias", 3: "mean", 4: "variance"]
        case .embed: [0: "weight"]
        case .lstm, .gru: [1: "weight", 2: "recurrent", 3: "bias"]
        default: [:]
        }
    }
}
