import Foundation
import Networks
import Tensors
import TestSupport
import Testing

struct NetworkJSONTests {
    @Test(arguments: ["lenet", "alexnet", "googlenet", "resnet50", "fast_rcnn_vgg16"])
    func textAndNetworkSayTheSame(name: String) throws {
        let network = try NetworkFixtures.caffe(name)
        let text = NetworkJSON.text(of: network)
        #expect(try NetworkJSON.read(Array(text.utf8)) == network)
        #expect(NetworkJSON.isNetwork(Array(text.utf8)))
        #expect(try Network(NetworkGraph(decoding: network.graph.encoded())) == network)
    }

    @Test func shapesAndSeveralOutputsSurvive() throws {
        let network = try NetworkFixtures.caffe("lenet_train_test")
        #expect(try NetworkJSON.read(Array(NetworkJSON.text(of: network).utf8)) == network)
        let bytes = try NetworkFixtures.bytes("onnx/tiny_lm.dynamo.onnx")
        let result = try #require(try ONNXNetwork.read(MemoryBytes(bytes)))
        let text = NetworkJSON.text(of: result.network)
        #expect(try NetworkJSON.read(Array(text.utf8)) == result.network)
    }

    @Test func aSmallOneIsEasyToWrite() throws {
        let text = """
            {"format": "dlv-network", "version": 1, "layers": [
              {"name": "prob", "operator": "softmax", "inputs": ["fc"]},
              {"name": "fc", "operator": "Linear", "inputs": ["x"], "attributes": {"features": 10}},
              {"name": "x", "operator": "INPUT", "shape": ["?", 20]}
            ]}
            """
        let network = try NetworkJSON.read(Array(text.utf8))
        #expect(network.nodes.map(\.name) == ["x", "fc", "prob"])
        #expect(network.nodes[2].outputShape.text == "[?, 10]")
        #expect(network.parameterCount == 210)
        #expect(network.source == .json && network.outputs == [2])
    }

    @Test(arguments: [
        ("{", "Line 1"), ("{}", "\"format\""), ("{\"format\": \"dlv-network\"}", "version"),
        ("{\"format\": \"dlv-network\", \"version\": 2}", "reads 1"),
        ("{\"format\": \"dlv-network\", \"version\": 1}", "\"layers\""),
        ("{\"format\": \"dlv-network\", \"version\": 1, \"layers\": [{}]}", "Layer 1"),
        (
            "{\"format\": \"dlv-network\", \"version\": 1, \"layers\": "
                + "[{\"name\": \"a\", \"operator\": \"RELU\", \"inputs\": [\"b\"]}]}", "\"b\""
        ),
    ])
    func mistakesAreNamed(text: String, reason: String) throws {
        let error = try #require(throws: NetworkError.self) {
            try NetworkJSON.read(Array(text.utf8))
        }
        #expect(error.message.contains(reason))
    }

    /// Whatever numbers and bytes stand in a text: an error or a network, and no crash.
    @Test func damagedTextsDoNoHarm() throws {
        var generator = SeededGenerator(seed: 21)
        let text = NetworkJSON.text(of: try NetworkFixtures.caffe("lenet"))
        let numbers = try Regex("[0-9]+")
        let extremes = ["0", "-1", "9223372036854775807", "-9223372036854775808", "1099511627775"]
        let places = text.ranges(of: numbers)
        for _ in 0..<400 {
            let place = try #require(places.randomElement(using: &generator))
            let number = try #require(extremes.randomElement(using: &generator))
            let changed = text.replacingCharacters(in: place, with: number)
            if let network = try? NetworkJSON.read(Array(changed.utf8)) {
                #expect(try Network(NetworkGraph(decoding: network.graph.encoded())) == network)
                _ = try? network.applying([.deleteNode(2)])
                _ = NetworkDOT.text(of: network)
            }
            var bytes = Array(text.utf8)
            bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
                in: 0...255,
                using: &generator
            )
            _ = try? NetworkJSON.read(bytes)
        }
    }

    @Test func deepTextsAreRefused() throws {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: NetworkError.self) { try NetworkJSON.read(Array(deep.utf8)) }
    }

    @Test func theDrawingNamesEveryLayer() throws {
        let network = try NetworkFixtures.caffe("lenet")
        let text = NetworkDOT.text(of: network)
        #expect(text.contains("conv1\\nCONV 20, 5×5\\n[64, 20, 24, 24]"))
        #expect(text.contains("pool1\\nPOOL MAX, 2×2 / 2"))
        #expect(text.components(separatedBy: " -> ").count == 9)
    }
}

struct TensorBindingTests {
    private func tensor(_ name: String, _ shape: [Int]) -> TensorDescription {
        TensorDescription(name: name, dtype: .f32, shape: shape)
    }

    @Test func namesOfFrameworksAreUnderstood() throws {
        let network = try NetworkFixtures.caffe("lenet")
        let caffe = network.bound(to: [tensor("conv1/0", [20, 1, 5, 5]), tensor("conv1/1", [20])])
        let conv = try #require(caffe.nodes.first { $0.name == "conv1" })
        #expect(conv.parameters.map(\.name) == ["conv1/0", "conv1/1"])
        #expect(conv.parameters.allSatisfy { $0.isStored })
        let torch = network.bound(to: [tensor("net.ip1.weight", [500, 800])])
        let full = try #require(torch.nodes.first { $0.name == "ip1" })
        #expect(full.parameters.map(\.name) == ["net.ip1.weight", "ip1.bias"])
        #expect(torch.storedTensors == ["net.ip1.weight"])
    }

    @Test func aTensorOfAnotherSizeStaysUnbound() throws {
        let network = try NetworkFixtures.caffe("lenet")
        let bound = network.bound(to: [tensor("ip2.weight", [7, 500])])
        #expect(bound == network)
    }

    @Test func transposedTensorsAreMarked() throws {
        let network = try NetworkFixtures.caffe("lenet")
        let bound = network.bound(to: [tensor("ip1/kernel", [800, 500])])
        let weight = try #require(bound.nodes.first { $0.name == "ip1" }?.parameter("weight"))
        #expect(weight.isTransposed && weight.name == "ip1/kernel")
        let bytes = try NetworkFixtures.bytes("onnx/tiny_lm.torchscript.onnx")
        let result = try #require(try ONNXNetwork.read(MemoryBytes(bytes)))
        // The file's own copy is transposed, the author's checkpoint beside it is not.
        for (name, isTransposed) in [
            ("onnx::MatMul_211", true), ("layers.0.q_proj.weight", false),
        ] {
            let bound = result.network.bound(
                to: [tensor(name, [64, 64])],
                fileNames: result.fileNames
            )
            let weight = bound.nodes.first { $0.name == "layers.0.q_proj" }?.parameter("weight")
            #expect(weight?.name == name && weight?.isTransposed == isTransposed)
        }
    }

    @Test func namesAloneGiveLayersWithoutEdges() throws {
        let network = try #require(
            NamesOnlyNetwork.network(of: [
                tensor("conv1.weight", [20, 1, 5, 5]), tensor("conv1.bias", [20]),
                tensor("fc.weight", [10, 20]), tensor("step", []),
            ])
        )
        #expect(
            network.nodes.map { "\($0.name) \($0.kind)" } == [
                "conv1 CONV", "fc FULL", "step UNKNOWN",
            ]
        )
        #expect(!network.hasGraph && network.nodes.allSatisfy { $0.inputs.isEmpty })
        #expect(network.parameterCount == 500 + 20 + 200 + 1)
        #expect(network.graph.neighbours(.next, of: 0).isEmpty)
        #expect(try Network(NetworkGraph(decoding: network.graph.encoded())) == network)
    }
}
