import Networks
import Tensors
import TestSupport
import Testing

/// The published queries on the networks that they were written for (ModelHub, ICDE 2017, §III-B).
struct DerivationTests {
    private func indices(_ network: Network, _ selector: String) throws -> [Int] {
        try network.graph.nodes(matching: NodePattern(selector))
    }

    /// A layer a line: its name, its operator and what it reads.
    private func lines(_ network: Network) -> [String] {
        network.nodes.map { node in
            let inputs = node.inputs.map { network.nodes[$0.node].name }.joined(separator: ", ")
            return "\(node.name) \(node.kind)(\(inputs))"
        }
    }

    /// Query 1: `m1["conv[1,3,5]"].next has POOL("MAX")`.
    @Test func theFirstQueryFindsAlexNet() throws {
        let template = try NodeTemplate(.pool, [.init(.text("MAX"))])
        for (name, expected) in [
            ("alexnet", ["conv5"]), ("caffenet", ["conv1", "conv5"]), ("lenet", ["conv1"]),
            ("vgg16", []), ("googlenet", []),
        ] {
            let network = try NetworkFixtures.caffe(name)
            let found = try NetworkFixtures.names(in: network, "conv[1,3,5]", nextHas: template)
            #expect(found == expected, "\(name)")
        }
    }

    /// Query 2: `slice … input = m1["conv1"] and output = m1["fc7"]`.
    @Test func theSecondQueryCutsTheTrunk() throws {
        let network = try NetworkFixtures.caffe("alexnet")
        let slice = try network.slice(from: indices(network, "conv1"), to: indices(network, "fc7"))
        #expect(
            lines(slice.network) == [
                "data INPUT()", "conv1 CONV(data)", "relu1 RELU(conv1)", "norm1 LRN(relu1)",
                "pool1 POOL(norm1)", "conv2 CONV(pool1)", "relu2 RELU(conv2)", "norm2 LRN(relu2)",
                "pool2 POOL(norm2)", "conv3 CONV(pool2)", "relu3 RELU(conv3)", "conv4 CONV(relu3)",
                "relu4 RELU(conv4)", "conv5 CONV(relu4)", "relu5 RELU(conv5)", "pool5 POOL(relu5)",
                "fc6 FULL(pool5)", "relu6 RELU(fc6)", "drop6 DROPOUT(relu6)", "fc7 FULL(drop6)",
            ]
        )
        #expect(slice.network.outputs == [19] && slice.network.source == .derived)
        #expect(slice.network.nodes[0].outputShape.text == "[10, 3, 227, 227]")
        #expect(slice.network.parameterCount == 60_965_224 - 4096 * 1000 - 1000)
    }

    @Test func aSliceFromTheMiddleReadsWhatWasCut() throws {
        let network = try NetworkFixtures.caffe("resnet50")
        let slice = try network.slice(
            from: indices(network, "res5a_branch2a"),
            to: indices(network, "res5a")
        )
        // The shortcut beside the path is needed, and it begins at the network's input.
        #expect(slice.network.nodes.first?.name == "data")
        #expect(slice.network.index(of: "res5a_branch1") != nil)
        #expect(slice.network.index(of: "pool5") == nil)
        let within = try network.slice(
            from: indices(network, "res5a_branch2b"),
            to: indices(network, "res5a_branch2c")
        )
        #expect(
            lines(within.network).prefix(2) == [
                "res5a_branch2a_relu INPUT()", "res5a_branch2b CONV(res5a_branch2a_relu)",
            ]
        )
        #expect(within.network.nodes[0].outputShape.text == "[1, 512, 7, 7]")
    }

    @Test func aSliceThroughBranchesKeepsThemAll() throws {
        let network = try NetworkFixtures.caffe("googlenet")
        let slice = try network.slice(
            from: indices(network, "inception_3a/*"),
            to: indices(network, "inception_3a/output")
        )
        // All of the module begins the slice, so one input stands for what it reads.
        #expect(slice.network.inputs.map { slice.network.nodes[$0].name } == ["pool2/3x3_s2"])
        #expect(slice.network.layers.count == 14)
    }

    /// Query 3: `m1["conv*($1)"].next has POOL("AVG") mutate insert = RELU("relu$1")`.
    @Test func theThirdQueryInsertsRectifiers() throws {
        let text = String(
            decoding: try NetworkFixtures.bytes("caffe/lenet.prototxt"),
            as: UTF8.self
        )
        let averaging = text.replacing("pool: MAX", with: "pool: AVE")
        let network = try #require(try CaffeNetwork.read(Array(averaging.utf8)))
        let graph = network.graph
        let pattern = try NodePattern("conv*($1)")
        let flags = try #require(
            try graph.flags(matching: NodeTemplate(.pool, [.init(.text("AVG"))]))
        )
        let template = try NodeTemplate(.relu, [.init(.text("relu$1"))])
        #expect(template.captureReferences == [1])
        let mutations = try graph.nodes(matching: pattern)
            .filter { graph.hasNeighbour(.next, of: $0) { flags[$0] } }
            .map { node in
                let captures = try #require(pattern.captures(in: graph.name(of: node)))
                return NetworkMutation.insert(template.substituting(captures), after: node)
            }
        let derived = try network.applying(mutations)
        #expect(
            lines(derived.network) == [
                "data INPUT()", "conv1 CONV(data)", "relu1_2 RELU(conv1)", "pool1 POOL(relu1_2)",
                "conv2 CONV(pool1)", "relu2 RELU(conv2)", "pool2 POOL(relu2)", "ip1 FULL(pool2)",
                "relu1 RELU(ip1)", "ip2 FULL(relu1)", "prob SOFTMAX(ip2)",
            ]
        )
        #expect(derived.notes == ["'relu1' is taken; the new layer is 'relu1_2'."])
        #expect(derived.network.parameterCount == network.parameterCount)
        #expect(
            derived.origins.map { $0 == nil } == [
                false, false, true, false, false, true, false, false, false, false, false,
            ]
        )
    }

    @Test func storedTensorsBoundWhatMayBeChanged() throws {
        let network = try NetworkFixtures.caffe("alexnet")
        let tensors = network.nodes.flatMap(\.parameters).map {
            TensorDescription(name: $0.name, dtype: .f32, shape: $0.shape ?? [])
        }
        let trained = network.bound(to: tensors)
        let pool = try indices(network, "pool5")
        let free = try network.applying([.deleteNode(pool[0])])
        let fc6 = free.network.nodes[try #require(free.network.index(of: "fc6"))]
        #expect(fc6.parameter("weight")?.shape == [4096, 43_264])
        let error = try #require(throws: NetworkError.self) {
            try trained.applying([.deleteNode(pool[0])])
        }
        #expect(error.node == "fc6" && error.code == .shapeMismatch)
        #expect(error.message.contains("'fc6.weight' of shape [4096, 9216] does not fit"))
        #expect(error.message.contains("[4096, 43264]"))
        let kept = try trained.applying([.deleteNode(try indices(network, "norm1")[0])])
        #expect(kept.inheritedTensors.count == 16)
    }

    @Test func newLayersHaveTheSameSeedInTheSameQuery() throws {
        let network = try NetworkFixtures.caffe("lenet")
        let template = try NodeTemplate(.conv, [.init(.text("extra")), .init(.integer(50))])
        let mutation = NetworkMutation.insert(template, after: try indices(network, "conv2")[0])
        let first = try network.applying([mutation]).network
        let new = try #require(first.nodes.first { $0.name == "extra" })
        #expect(try network.applying([mutation]).network == first)
        #expect(try network.applying([mutation], seed: 1).network != first)
        #expect(new.parameters.map(\.name) == ["extra.weight", "extra.bias"])
        #expect(new.parameter("weight")?.shape == [50, 50, 1, 1])
        #expect(try NetworkJSON.read(Array(NetworkJSON.text(of: first).utf8)) == first)
    }

    /// A network of random layers, each of which reads one or two before it.
    private func randomNetwork(_ generator: inout SeededGenerator) throws -> Network {
        let shape = ActivationShape([1, 4, 8, 8])
        var nodes = [NetworkNode(name: "in", kind: .input, outputShapes: [shape])]
        for index in 1..<Int.random(in: 3...30, using: &generator) {
            let kinds: [Operator] = [.relu, .add, .tanh, .add, .dropout]
            let kind = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
            let inputs = (0..<(kind == .add ? 2 : 1)).map { _ in
                NetworkInput(Int.random(in: max(0, index - 4)..<index, using: &generator))
            }
            nodes.append(NetworkNode(name: "n\(index)", kind: kind, inputs: inputs))
        }
        return try Network(source: .json, nodes: nodes).inferringShapes().network
    }

    @Test func whatIsInsertedCanBeDeletedAgain() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let network = try randomNetwork(&generator)
            let node = Int.random(in: network.nodes.indices, using: &generator)
            let grown = try network.applying([
                .insert(NodeTemplate(.relu, [.init(.text("new"))]), after: node)
            ]).network
            let place = try #require(grown.index(of: "new"))
            #expect(grown.nodes[place].inputs.count == 1)
            guard !grown.outputs.contains(place) || network.nodes[node].kind != .input else {
                continue
            }
            let back = try grown.applying([.deleteNode(place)]).network
            #expect(Set(lines(back)) == Set(lines(network)))
            #expect(
                back.nodes.map(\.outputShape)
                    == back.nodes.map { _ in network.nodes[0].outputShape }
            )
        }
    }

    @Test func slicesHoldAllPathsAndNothingElse() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<200 {
            let network = try randomNetwork(&generator)
            let whole = try network.slice(from: network.inputs, to: network.outputs)
            #expect(Set(lines(whole.network)) == Set(lines(network)))
            let end = Int.random(in: 1..<network.nodes.count, using: &generator)
            let start = Int.random(in: 0..<end, using: &generator)
            guard let slice = try? network.slice(from: [start], to: [end]) else { continue }
            let names = Set(slice.network.nodes.map(\.name))
            #expect(names.contains(network.nodes[start].name))
            #expect(names.contains(network.nodes[end].name))
            // Every layer of a slice leads to its output.
            let graph = slice.network.graph
            for node in slice.network.nodes.indices.dropLast()
            where !slice.network.outputs.contains(node) {
                #expect(!graph.consumers(of: node).isEmpty)
            }
        }
    }
}
