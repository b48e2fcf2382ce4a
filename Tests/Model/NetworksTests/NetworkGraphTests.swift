import Networks
import Testing

struct NetworkGraphTests {
    /// The graph conv → relu (in place) → pool → a and b → join.
    private func small() throws -> Network {
        try Network(
            source: .caffe,
            nodes: [
                NetworkNode(
                    name: "data",
                    kind: .input,
                    outputShapes: [ActivationShape([1, 3, 8, 8])]
                ),
                NetworkNode(
                    name: "conv",
                    kind: .conv,
                    attributes: ["channels": .integer(4), "kernel": .integers([3, 3])],
                    inputs: [.init(0)],
                    parameters: [
                        NodeParameter(role: "weight", name: "conv.weight"),
                        NodeParameter(role: "bias", name: "conv.bias"),
                    ]
                ),
                NetworkNode(name: "relu", kind: .relu, inputs: [.init(1)], isInPlace: true),
                NetworkNode(
                    name: "pool",
                    kind: .pool,
                    attributes: [
                        "mode": .text("MAX"), "kernel": .integer(2), "stride": .integer(2),
                    ],
                    inputs: [.init(2)]
                ),
                NetworkNode(name: "a", kind: .sigmoid, inputs: [.init(3)]),
                NetworkNode(name: "b", kind: .tanh, inputs: [.init(3)]),
                NetworkNode(name: "join", kind: .concat, inputs: [.init(4), .init(5)]),
            ]
        ).inferringShapes().network
    }

    @Test func shapesFollowFromTheInput() throws {
        let network = try small()
        #expect(
            network.nodes.map(\.outputShape.text) == [
                "[1, 3, 8, 8]", "[1, 4, 6, 6]", "[1, 4, 6, 6]", "[1, 4, 3, 3]", "[1, 4, 3, 3]",
                "[1, 4, 3, 3]", "[1, 8, 3, 3]",
            ]
        )
        #expect(network.parameterCount == 4 * 27 + 4)
        #expect(network.outputs == [6])
    }

    @Test func nextLooksThroughLayersInPlace() throws {
        let graph = try small().graph
        #expect(graph.consumers(of: 1) == [2])
        #expect(
            graph.neighbours(.next, of: 1) == [
                Neighbour(node: 2, between: []), Neighbour(node: 3, between: [2]),
            ]
        )
        #expect(
            graph.neighbours(.previous, of: 3) == [
                Neighbour(node: 2, between: []), Neighbour(node: 1, between: [2]),
            ]
        )
        // Two read the pool, so neither may overwrite it.
        #expect(graph.neighbours(.next, of: [3]) == [4, 5])
        #expect(graph.hasNeighbour(.next, of: 1) { graph.kind(of: $0) == .pool })
        #expect(!graph.hasNeighbour(.next, of: 3) { graph.kind(of: $0) == .concat })
    }

    @Test func encodingIsLossless() throws {
        var network = try small()
        network.name = "Small"
        let bytes = network.graph.encoded()
        let graph = try NetworkGraph(decoding: bytes)
        #expect(try Network(graph) == network)
        #expect(graph.encoded() == bytes)
        #expect(bytes.count < 45 * network.nodes.count)
    }

    @Test func damagedBytesAreRefused() throws {
        let bytes = try small().graph.encoded()
        for count in 0..<bytes.count {
            // A cut one may lose only details, which are read later.
            do {
                _ = try Network(NetworkGraph(decoding: Array(bytes[..<count])))
                Issue.record("\(count) bytes were taken for a network")
            } catch {
                #expect(error.code == .badInput)
            }
        }
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 0xFF
            _ = try? Network(NetworkGraph(decoding: damaged))
        }
    }

    @Test func circlesAndDuplicatesAreRefused() throws {
        let circle = try #require(throws: NetworkError.self) {
            try Network(
                source: .json,
                nodes: [
                    NetworkNode(name: "a", kind: .relu, inputs: [.init(1)]),
                    NetworkNode(name: "b", kind: .relu, inputs: [.init(0)]),
                ]
            )
        }
        #expect(circle.code == .cyclic)
        #expect(circle.message.contains("'a'") && circle.message.contains("'b'"))
        #expect(throws: NetworkError.self) {
            try Network(
                source: .json,
                nodes: [NetworkNode(name: "a", kind: .relu), NetworkNode(name: "a", kind: .relu)]
            )
        }
    }

    @Test func deepNetworksAreOrdered() throws {
        let count = 100_000
        let nodes = (0..<count).map { index in
            NetworkNode(
                name: "n\(index)",
                kind: .relu,
                inputs: index == count - 1 ? [] : [.init(index + 1)]
            )
        }
        let network = try Network(source: .json, nodes: nodes)
        #expect(network.nodes.first?.name == "n\(count - 1)")
        #expect(network.graph.neighbours(.next, of: 0).count == count - 1)
    }

    @Test(arguments: [
        ("POOL", [AttributeValue.text("max")], true), ("POOL", [.text("AVE")], false),
        ("POOL", [], true), ("POOL", [.text("MAX"), .integer(2)], true),
        ("POOL", [.text("MAX"), .integer(3)], false),
        ("POOL", [.text("MAX"), .text("pool")], true), ("RELU", [], false),
    ])
    func templatesDemandWhatTheySay(
        kind: String,
        arguments: [AttributeValue],
        isExpected: Bool
    ) throws {
        let network = try small()
        let template = try NodeTemplate(Operator(kind), arguments.map { .init($0) })
        #expect(template.matches(network.nodes[3]) == isExpected)
        #expect(try network.graph.matches(template, 3) == isExpected)
    }

    @Test func wrongTemplatesSayWhatIsRight() throws {
        let unknown = try #require(throws: NetworkError.self) {
            try NodeTemplate(Operator("POOOL"))
        }
        #expect(unknown.message.contains("POOL"))
        let argument = try #require(throws: NetworkError.self) {
            try NodeTemplate(.pool, [.init(name: "size", .integer(2))])
        }
        #expect(argument.message.contains("'size'") && argument.message.contains("kernel"))
        #expect(throws: NetworkError.self) { try NodeTemplate(.relu, [.init(.integer(1))]) }
    }

    @Test func aSliceKeepsPathsAndWhatTheyNeed() throws {
        let slice = try small().slice(from: [4], to: [6])
        // b and all behind it are needed; a is the start, so what it reads is cut only for it.
        #expect(
            slice.network.nodes.map(\.name) == ["data", "conv", "relu", "pool", "a", "b", "join"]
        )
        let head = try small().slice(from: [1], to: [3])
        #expect(head.network.nodes.map(\.name) == ["data", "conv", "relu", "pool"])
        #expect(head.network.nodes[0].kind == .input && head.origins == [nil, 1, 2, 3])
        let none = try #require(throws: NetworkError.self) { try small().slice(from: [4], to: [5]) }
        #expect(none.code == .noPath)
    }

    @Test func insertSplitsTheOutgoingEdges() throws {
        let network = try small()
        let derived = try network.applying([
            .insert(NodeTemplate(.tanh, [.init(.text("relu"))]), after: 3),
            .insert(NodeTemplate(.conv, [.init(name: "kernel", .integer(3))]), after: 3),
        ])
        #expect(
            derived.network.nodes.map(\.name) == [
                "data", "conv", "relu", "pool", "relu_2", "pool_conv", "a", "b", "join",
            ]
        )
        #expect(derived.notes == ["'relu' is taken; the new layer is 'relu_2'."])
        let inserted = derived.network.nodes[5]
        #expect(inserted.outputShape.text == "[1, 4, 1, 1]")
        #expect(inserted.parameterCount == 4 * 36 + 4 && inserted.initialiser?.name == "xavier")
        #expect(derived.network.nodes[8].outputShape.text == "[1, 8, 1, 1]")
        #expect(derived.inheritedTensors == [])
    }

    @Test func deletingJoinsTheNeighbours() throws {
        let derived = try small().applying([.deleteNode(3)])
        #expect(derived.network.nodes.map(\.name) == ["data", "conv", "relu", "a", "b", "join"])
        #expect(derived.network.nodes[5].outputShape.text == "[1, 8, 6, 6]")
        let edge = try small().applying([.deleteEdge(from: 5, to: 6)])
        #expect(edge.network.nodes.map(\.name) == ["data", "conv", "relu", "pool", "a", "join"])
        #expect(edge.notes.count == 1)
        let broken = try #require(throws: NetworkError.self) {
            try small().applying([.deleteEdge(from: 3, to: 4)])
        }
        #expect(broken.node == "a" && broken.code == .brokenGraph)
    }

    @Test func aCandidateThatDoesNotFitIsRefusedWithItsLayer() throws {
        let error = try #require(throws: NetworkError.self) {
            try small().applying([
                .insert(NodeTemplate(.conv, [.init(name: "kernel", .integer(5))]), after: 3)
            ])
        }
        #expect(error.code == .shapeMismatch && error.node == "pool_conv")
    }
}
