import Networks
import Testing

/// What the rules make of layers, one at a time: through networks of an input and the layer.
struct ShapeInferenceTests {
    private func node(
        _ kind: String,
        _ attributes: [String: AttributeValue] = [:],
        weight: [Int]? = nil,
        isTransposed: Bool = false
    ) -> NetworkNode {
        NetworkNode(
            name: "layer",
            kind: Operator(kind),
            attributes: attributes,
            parameters: weight.map {
                [
                    NodeParameter(
                        role: "weight",
                        name: "w",
                        shape: $0,
                        isTransposed: isTransposed,
                        isStored: true
                    )
                ]
            } ?? []
        )
    }

    /// The shape of a layer that reads inputs of given shapes, or the reason why it cannot work.
    private func shape(_ node: NetworkNode, _ inputs: [Int?]...) throws -> String {
        var nodes = inputs.enumerated().map { index, dimensions in
            NetworkNode(
                name: "in\(index)",
                kind: .input,
                outputShapes: [ActivationShape(dimensions)]
            )
        }
        var node = node
        node.inputs = nodes.indices.map { NetworkInput($0) }
        nodes.append(node)
        let (network, contradictions) = try Network(source: .json, nodes: nodes).inferringShapes()
        if let contradiction = contradictions.first { return contradiction.message }
        return network.nodes[nodes.count - 1].outputShapes.map(\.text).joined(separator: " ")
    }

    /// Sizes that PyTorch 2.15 gives.
    @Test(arguments: [
        ("CONV", [7, 5], [2, 5], [3, 1], [1, 2], [2, 1], false, [3, 5]),
        ("DECONV", [17, 9], [4, 3], [3, 1], [0, 1], [2, 1], false, [55, 9]),
        ("POOL", [6, 14], [2, 2], [3, 2], [0, 0], [1, 1], false, [2, 7]),
        ("POOL", [19, 9], [1, 3], [2, 3], [0, 1], [1, 1], true, [10, 4]),
        ("CONV", [18, 14], [3, 1], [1, 1], [1, 0], [2, 1], false, [16, 14]),
        ("DECONV", [12, 15], [4, 5], [2, 3], [1, 2], [2, 1], false, [27, 43]),
        ("POOL", [11, 13], [1, 3], [3, 3], [0, 1], [1, 1], false, [4, 5]),
        ("POOL", [7, 18], [3, 1], [1, 2], [1, 0], [1, 1], false, [7, 9]),
        ("CONV", [6, 17], [2, 1], [2, 2], [1, 0], [1, 1], false, [4, 9]),
        ("DECONV", [14, 5], [5, 3], [3, 2], [2, 0], [1, 1], false, [40, 11]),
        ("POOL", [14, 13], [1, 1], [3, 3], [0, 0], [1, 1], false, [5, 5]),
        ("POOL", [17, 19], [2, 1], [2, 2], [1, 0], [1, 1], true, [9, 10]),
        ("CONV", [13, 18], [5, 4], [3, 3], [2, 2], [1, 1], false, [5, 7]),
        ("DECONV", [18, 15], [2, 3], [2, 2], [1, 1], [1, 1], false, [34, 29]),
        ("POOL", [19, 16], [1, 4], [3, 3], [0, 0], [1, 1], false, [7, 5]),
        ("POOL", [5, 16], [3, 5], [3, 2], [1, 0], [1, 1], false, [2, 6]),
        ("CONV", [10, 15], [3, 4], [2, 3], [1, 0], [2, 1], false, [4, 4]),
        ("DECONV", [9, 14], [3, 5], [2, 2], [1, 0], [1, 1], false, [17, 31]),
        ("POOL", [18, 8], [5, 2], [3, 2], [0, 1], [1, 1], false, [5, 5]),
        ("POOL", [7, 15], [1, 5], [2, 2], [0, 1], [1, 1], true, [4, 7]),
        ("CONV", [11, 15], [2, 5], [2, 2], [0, 0], [1, 1], false, [5, 6]),
        ("DECONV", [9, 18], [5, 2], [2, 2], [2, 0], [2, 1], false, [21, 36]),
        ("POOL", [14, 18], [3, 5], [2, 2], [1, 2], [1, 1], false, [7, 9]),
        ("POOL", [20, 18], [5, 4], [1, 2], [0, 0], [1, 1], false, [16, 8]),
        ("CONV", [12, 7], [5, 2], [1, 3], [1, 1], [2, 1], false, [6, 3]),
        ("DECONV", [18, 6], [5, 3], [1, 1], [0, 0], [1, 1], false, [22, 8]),
        ("POOL", [12, 5], [1, 4], [3, 1], [0, 2], [1, 1], false, [4, 6]),
        ("POOL", [9, 13], [5, 5], [2, 1], [2, 0], [1, 1], true, [5, 9]),
        ("CONV", [8, 10], [5, 4], [1, 2], [0, 0], [1, 1], false, [4, 4]),
        ("DECONV", [13, 12], [2, 3], [1, 1], [1, 1], [1, 1], false, [12, 12]),
        ("POOL", [15, 5], [3, 5], [3, 3], [1, 0], [1, 1], false, [5, 1]),
        ("POOL", [6, 7], [1, 2], [1, 1], [0, 0], [1, 1], false, [6, 6]),
        ("CONV", [16, 17], [5, 5], [2, 2], [0, 1], [1, 1], false, [6, 8]),
        ("DECONV", [18, 8], [4, 5], [2, 2], [1, 0], [2, 1], false, [39, 19]),
        ("POOL", [6, 16], [2, 5], [1, 3], [1, 0], [1, 1], false, [7, 4]),
        ("POOL", [18, 6], [4, 5], [3, 3], [1, 2], [1, 1], true, [7, 3]),
    ])
    func windowsMoveAsInPyTorch(
        kind: String,
        size: [Int],
        kernel: [Int],
        stride: [Int],
        padding: [Int],
        dilation: [Int],
        ceil: Bool,
        expected: [Int]
    ) throws {
        let layer = node(
            kind,
            [
                "channels": .integer(6), "kernel": .integers(kernel), "stride": .integers(stride),
                "padding": .integers(padding), "dilation": .integers(dilation),
                "mode": .text("MAX"), "ceil": .boolean(ceil),
            ]
        )
        let channels = kind == "POOL" ? 4 : 6
        #expect(
            try shape(layer, [2, 4, size[0], size[1]])
                == "[2, \(channels), \(expected[0]), \(expected[1])]"
        )
    }

    @Test func paddingMayBeUnevenOrKeepTheSize() throws {
        let uneven = node(
            "CONV",
            ["channels": .integer(2), "kernel": .integer(3), "padding": .integers([0, 0, 1, 1])]
        )
        #expect(try shape(uneven, [1, 3, 8, 8]) == "[1, 2, 7, 7]")
        let same = node(
            "CONV",
            [
                "channels": .integer(2), "kernel": .integer(3), "stride": .integer(2),
                "padding": .text("same"),
            ]
        )
        #expect(try shape(same, [1, 3, 9, 8]) == "[1, 2, 5, 4]")
    }

    @Test func fullyConnectedLayersTakeImagesAndSequences() throws {
        #expect(try shape(node("FULL", ["features": .integer(5)]), [2, 3, 4, 4]) == "[2, 5]")
        #expect(try shape(node("FULL", ["features": .integer(5)]), [2, 7, 3]) == "[2, 7, 5]")
        #expect(try shape(node("FULL", weight: [5, 48]), [2, 3, 4, 4]) == "[2, 5]")
        #expect(try shape(node("FULL", weight: [5, 3]), [2, 7, 3]) == "[2, 7, 5]")
        #expect(try shape(node("FULL", weight: [3, 5], isTransposed: true), [nil, 3]) == "[?, 5]")
        #expect(try shape(node("FULL", weight: [5, 4]), [2, 3]).contains("does not fit [5, 3]"))
    }

    @Test func elementsAreBroadcast() throws {
        #expect(try shape(node("ADD"), [2, 3, 4], [3, 1]) == "[2, 3, 4]")
        #expect(try shape(node("MUL"), [nil, 3], [2, 3]) == "[2, 3]")
        #expect(try shape(node("ADD"), [2, 3], [2, 4]).contains("do not fit each other"))
        #expect(try shape(node("MATMUL"), [5, 2, 3], [3, 4]) == "[5, 2, 4]")
        #expect(try shape(node("MATMUL"), [2, 3], [4, 3]).contains("cannot be multiplied"))
    }

    @Test func elementsAreRearranged() throws {
        #expect(try shape(node("CONCAT", ["axis": .integer(-1)]), [2, 3], [2, nil]) == "[2, ?]")
        #expect(try shape(node("CONCAT"), [2, 3], [2, 5]) == "[2, 8]")
        #expect(try shape(node("CONCAT"), [2, 3], [4, 5]).contains("beside axis 1"))
        #expect(try shape(node("FLATTEN"), [2, 3, 4]) == "[2, 12]")
        #expect(
            try shape(node("RESHAPE", ["shape": .integers([0, -1, 2])]), [2, 3, 4]) == "[2, 6, 2]"
        )
        #expect(
            try shape(node("RESHAPE", ["shape": .integers([5, -1])]), [2, 3]).contains("6 elements")
        )
        #expect(
            try shape(node("TRANSPOSE", ["order": .integers([0, 2, 1])]), [2, 3, 4]) == "[2, 4, 3]"
        )
        #expect(try shape(node("MEAN", ["axis": .integers([-1])]), [2, 3, 4]) == "[2, 3]")
        var split = node("SPLIT", ["points": .integers([1])])
        split.outputShapes = [nil, nil]
        #expect(try shape(split, [2, 5]) == "[2, 1] [2, 4]")
        #expect(
            try shape(node("UPSAMPLE", ["factor": .integer(2)]), [1, 2, 3, 4]) == "[1, 2, 6, 8]"
        )
    }

    @Test func sequencesKeepTheirLength() throws {
        #expect(
            try shape(node("EMBED", ["count": .integer(9), "features": .integer(4)]), [2, 7])
                == "[2, 7, 4]"
        )
        #expect(
            try shape(node("ATTENTION", ["heads": .integer(2)]), [2, 7, 4], [2, 7, 4], [2, 7, 4])
                == "[2, 7, 4]"
        )
        #expect(try shape(node("LSTM", ["features": .integer(6)]), [2, 7, 4]) == "[2, 7, 6]")
        #expect(try shape(node("LAYERNORM", weight: [4]), [2, 7, 4]) == "[2, 7, 4]")
        #expect(try shape(node("LAYERNORM", weight: [5]), [2, 7, 4]).contains("does not fit 4"))
        #expect(try shape(node("BATCHNORM", weight: [3]), [2, 7, 4, 4]).contains("7 channels"))
        #expect(try shape(node("NOBODYKNOWS"), [2, 7]) == "?")
    }

    @Test func hugeAndNegativeSizesAreRefused() throws {
        let huge = (1 << 40) - 1
        for value in [Int.max, Int.min, -1, 0, 1 << 29] {
            let layer = node(
                "CONV",
                ["channels": .integer(2), "kernel": .integer(value), "stride": .integer(1)]
            )
            #expect(try shape(layer, [1, 3, 8, 8]).hasPrefix("Layer 'layer'"), "\(value)")
            _ = try shape(
                node("POOL", ["kernel": .integer(2), "stride": .integer(value)]),
                [1, 3, 8, 8]
            )
            _ = try shape(
                node("POOL", ["kernel": .integer(2), "padding": .integer(value)]),
                [1, 3, 8, 8]
            )
            _ = try shape(node("RESHAPE", ["shape": .integers([value, value])]), [2, 3])
            _ = try shape(node("UPSAMPLE", ["factor": .integer(value)]), [1, 2, huge, 2])
            _ = try shape(
                node("PAD", ["padding": .integers([value, value, value, value])]),
                [2, 3]
            )
            _ = try shape(node("SPLIT", ["points": .integers([value])]), [2, 3])
            _ = try shape(node("CONCAT", ["axis": .integer(value)]), [2, 3], [2, 3])
            _ = try shape(node("MEAN", ["axis": .integers([value])]), [2, 3])
            _ = try shape(node("FLATTEN", ["axis": .integer(value)]), [huge, 3])
            _ = try shape(
                node("DECONV", ["kernel": .integer(3), "stride": .integer(value)]),
                [1, 3, huge, 8]
            )
            _ = try shape(
                node(
                    "CONV",
                    ["kernel": .integer(3), "padding": .integer(value), "groups": .integer(value)]
                ),
                [1, 3, huge, 8]
            )
        }
    }
}
