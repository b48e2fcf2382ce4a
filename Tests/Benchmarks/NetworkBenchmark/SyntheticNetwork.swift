import Networks

/// Networks in the manner of published ones: convolutions with normalisations, rectifiers, pools and
/// branches, of different widths and depths.
struct SyntheticNetwork {
    private var nodes: [NetworkNode] = []
    private var state: UInt64

    /// A network of so many nodes; equal seeds give equal ones.
    static func make(nodeCount: Int, seed: Int) throws -> Network {
        var builder = SyntheticNetwork(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
        builder.add("data", .input)
        builder.nodes[0].outputShapes = [ActivationShape([1, 3, 224, 224])]
        var block = 1
        while builder.nodes.count < nodeCount - 12 {
            builder.addBlock(block)
            block += 1
        }
        while builder.nodes.count < nodeCount - 1 {
            builder.add("relu_end\(builder.nodes.count)", .relu)
        }
        builder.add("prob", .softmax)
        return try Network(name: "net\(seed)", source: .caffe, nodes: builder.nodes)
            .inferringShapes().network
    }

    private init(state: UInt64) {
        self.state = state
    }

    private mutating func random(_ count: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(count))
    }

    @discardableResult
    private mutating func add(
        _ name: String,
        _ kind: Operator,
        _ attributes: [String: AttributeValue] = [:],
        from inputs: [Int]? = nil,
        inPlace: Bool = false
    ) -> Int {
        var node = NetworkNode(name: name, kind: kind, attributes: attributes, isInPlace: inPlace)
        let sources = inputs ?? (nodes.isEmpty ? [] : [nodes.count - 1])
        node.inputs = sources.map { NetworkInput($0) }
        for role in kind.signature?.tensorRoles ?? [] {
            node.parameters.append(NodeParameter(role: role, name: "\(name).\(role)"))
        }
        nodes.append(node)
        return nodes.count - 1
    }

    private func convolution(_ channels: Int, _ kernel: Int) -> [String: AttributeValue] {
        [
            "channels": .integer(channels), "kernel": .integers([kernel, kernel]),
            "stride": .integers([1, 1]), "padding": .integers([kernel / 2, kernel / 2]),
            "groups": .integer(1), "bias": .boolean(true),
        ]
    }

    private mutating func addBlock(_ block: Int) {
        let start = nodes.count - 1
        let channels = 16 << random(5)
        for index in 1...2 + random(2) {
            add("conv\(block)_\(index)", .conv, convolution(channels, [1, 3, 5][random(3)]))
            if random(2) == 0 { add("bn\(block)_\(index)", .batchNorm, inPlace: true) }
            add("relu\(block)_\(index)", .relu, inPlace: true)
        }
        if random(3) == 0 {
            let end = nodes.count - 1
            let side = add("side\(block)", .conv, convolution(channels, 1), from: [start])
            add("sum\(block)", .add, from: [end, side])
        }
        guard random(4) == 0 else { return }
        add(
            "pool\(block)",
            .pool,
            [
                "mode": .text(random(3) == 0 ? "AVG" : "MAX"), "kernel": .integers([3, 3]),
                "stride": .integers([1, 1]), "padding": .integers([1, 1]), "ceil": .boolean(true),
            ]
        )
    }
}
