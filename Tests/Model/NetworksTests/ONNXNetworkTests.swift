import Networks
import Tensors
import TestSupport
import Testing

struct ONNXNetworkTests {
    private func read(_ name: String) throws -> ONNXNetwork.Result {
        let bytes = try NetworkFixtures.bytes("onnx/\(name).onnx")
        return try #require(try ONNXNetwork.read(MemoryBytes(bytes)))
    }

    @Test(arguments: [
        ("lenet.dynamo", 8), ("lenet.torchscript", 8), ("alexnet.dynamo", 19),
        ("alexnet.torchscript", 19), ("vgg16.torchscript", 37), ("resnet18.dynamo", 48),
        ("resnet18.torchscript", 48), ("resnet18.torchscript.train", 68),
        ("transformer_encoder_2l.dynamo", 20), ("transformer_encoder_2l.torchscript", 20),
        ("tiny_lm.dynamo", 27), ("tiny_lm.torchscript", 27),
    ])
    func nodesBecomeLayers(name: String, layers: Int) throws {
        let network = try read(name).network
        #expect(network.layers.count == layers)
        #expect(network.inputs.count == 1 && network.outputs.count == 1)
        #expect(network.nodes.filter { $0.outputShape == nil }.map(\.name) == [])
    }

    @Test(arguments: ["lenet", "alexnet", "resnet18", "transformer_encoder_2l", "tiny_lm"])
    func bothExportersOfPyTorchGiveOneNetwork(name: String) throws {
        let new = try read("\(name).dynamo").network
        let old = try read("\(name).torchscript").network
        func lines(_ network: Network) -> [String] {
            network.nodes.map { node in
                let inputs = node.inputs.map { network.nodes[$0.node].name }
                return "\(node.name) \(node.kind) \(inputs)"
            }.sorted()
        }
        #expect(lines(new) == lines(old))
    }

    @Test func attentionBlocksStayReadable() throws {
        let network = try read("transformer_encoder_2l.torchscript").network
        #expect(
            network.layers.prefix(10).map { "\($0.name) \($0.kind)" } == [
                "layers.0.self_attn.in_proj FULL", "layers.0.self_attn.attention ATTENTION",
                "layers.0.self_attn.out_proj FULL", "layers.0.add ADD", "layers.0.norm1 LAYERNORM",
                "layers.0.linear1 FULL", "layers.0.gelu GELU", "layers.0.linear2 FULL",
                "layers.0.add_1 ADD", "layers.0.norm2 LAYERNORM",
            ]
        )
        let attention = network.nodes[2]
        #expect(attention.outputShape.text == "[1, 16, 64]")
    }

    @Test func weightsBearTheNamesOfTheirAuthors() throws {
        let result = try read("tiny_lm.torchscript")
        let nodes = result.network.nodes
        let query = try #require(nodes.first { $0.name == "layers.0.q_proj" })
        let weight = try #require(query.parameter("weight"))
        // A product takes the transpose of what a fully connected layer stores.
        #expect(weight.name == "layers.0.q_proj.weight" && weight.isTransposed)
        #expect(result.fileNames["layers.0.q_proj.weight"] == "onnx::MatMul_211")
        // Equal tensors were merged: the last normalisation reads that of the first layer.
        let last = try #require(nodes.first { $0.name == "ln_f" })
        #expect(last.parameters.map(\.name) == ["layers.0.ln_1.weight", "layers.0.ln_1.bias"])
    }

    @Test func foldedNormalisationsAreMarked() throws {
        for name in ["resnet18.dynamo", "resnet18.torchscript"] {
            let network = try read(name).network
            let convolutions = network.nodes.filter { $0.kind == .conv }
            #expect(convolutions.count == 20)
            #expect(convolutions.allSatisfy { $0.attributes["folded"] == .boolean(true) })
        }
        let trained = try read("resnet18.torchscript.train").network
        #expect(trained.nodes.count { $0.kind == .batchNorm } == 20)
        #expect(trained.nodes.allSatisfy { $0.attributes["folded"] == nil })
    }

    /// Frameworks that run element-wise layers in place and those that do not must answer alike.
    @Test func nextAnswersAsInCaffe() throws {
        let template = try NodeTemplate(.pool, [.init(.text("MAX"))])
        let vgg = try read("vgg16.torchscript").network
        let found = try NetworkFixtures.names(in: vgg, "features.*", nextHas: template).filter {
            name in
            vgg.nodes.contains { $0.name == name && $0.kind == .conv }
        }
        #expect(found == ["features.2", "features.7", "features.14", "features.21", "features.28"])
        let resnet = try read("resnet18.dynamo").network
        #expect(try NetworkFixtures.names(in: resnet, "*conv[12]", nextHas: template) == ["conv1"])
    }

    @Test func damagedFilesAreRefused() throws {
        let bytes = try NetworkFixtures.bytes("onnx/lenet.torchscript.onnx")
        for count in stride(from: 1, to: bytes.count, by: 7) {
            _ = try? ONNXNetwork.read(MemoryBytes(Array(bytes[..<count])))
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var damaged = bytes
            damaged[Int.random(in: damaged.indices, using: &generator)] = .random(
                in: 0...255,
                using: &generator
            )
            _ = try? ONNXNetwork.read(MemoryBytes(damaged))
        }
        let noise = (0..<1 << 16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(throws: NetworkError.self) { try ONNXNetwork.read(MemoryBytes(noise)) }
        #expect(try ONNXNetwork.read(MemoryBytes([])) == nil)
    }
}
