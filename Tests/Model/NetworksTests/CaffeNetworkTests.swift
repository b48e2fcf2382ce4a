import Networks
import Testing

struct CaffeNetworkTests {
    /// Layers are those of the file, besides the inputs that ResNet-50 and VGG declare outside of them.
    ///
    /// ResNet-50 has 25,557,032 trained elements, 53,120 running means and variances, a factor
    /// for each of 53 normalisations, and biases of its first convolution.
    @Test(arguments: [
        ("lenet", 9, 1, 431_080), ("alexnet", 24, 9, 60_965_224), ("caffenet", 24, 9, 60_965_224),
        ("googlenet", 143, 58, 6_998_552), ("vgg16", 40, 17, 138_357_544),
        ("resnet50", 229, 155, 25_557_032 + 53_120 + 64 + 53),
    ])
    func countsAreThoseOfTheFile(
        name: String,
        nodes: Int,
        inPlace: Int,
        parameters: Int
    ) throws {
        let network = try NetworkFixtures.caffe(name)
        #expect(network.nodes.count == nodes)
        #expect(network.nodes.count { $0.isInPlace } == inPlace)
        #expect(network.nodes.count { $0.outputShape == nil } == 0)
        #expect(network.inputs.count == 1)
        #expect(network.outputs.map { network.nodes[$0].kind } == [.softmax])
        #expect(network.parameterCount == parameters)
    }

    @Test func shapesOfAlexNet() throws {
        let network = try NetworkFixtures.caffe("alexnet")
        func shape(_ name: String) throws -> String {
            network.nodes[try #require(network.index(of: name))].outputShape.text
        }
        #expect(try shape("conv1") == "[10, 96, 55, 55]")
        #expect(try shape("pool1") == "[10, 96, 27, 27]")
        #expect(try shape("conv2") == "[10, 256, 27, 27]")
        #expect(try shape("pool5") == "[10, 256, 6, 6]")
        #expect(try shape("fc6") == "[10, 4096]")
        let conv2 = network.nodes[try #require(network.index(of: "conv2"))]
        #expect(conv2.parameter("weight")?.shape == [256, 48, 5, 5])
        #expect(conv2.attributes["groups"] == .integer(2))
    }

    /// What has a max-pool as its next layer: by single edges, and as `.next` means it.
    @Test(arguments: [
        ("lenet", ["conv1", "conv2"], ["conv1", "conv2"]),
        ("alexnet", [], ["conv5"]),
        ("caffenet", [], ["conv1", "conv2", "conv5"]),
        ("vgg16", [], ["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"]),
        ("resnet50", [], ["conv1"]),
    ])
    func nextInBothReadings(name: String, direct: [String], seenThrough: [String]) throws {
        let network = try NetworkFixtures.caffe(name)
        let template = try NodeTemplate(.pool, [.init(.text("MAX"))])
        let graph = network.graph
        let pattern = try NodePattern("conv[0-9_]*")
        let strict = try graph.nodes(matching: pattern).filter { node in
            try graph.consumers(of: node).contains { try graph.matches(template, $0) }
        }
        #expect(strict.map { graph.name(of: $0) } == direct)
        #expect(
            try NetworkFixtures.names(in: network, "conv[0-9_]*", nextHas: template) == seenThrough
        )
    }

    @Test func theLayerIsMeantAndNotTheBlob() throws {
        let network = try NetworkFixtures.caffe("alexnet")
        let graph = network.graph
        let fc7 = try #require(graph.node(named: "fc7"))
        #expect(
            graph.neighbours(.next, of: fc7).map { graph.name(of: $0.node) } == [
                "relu7", "drop7", "fc8",
            ]
        )
        let fc8 = try #require(graph.node(named: "fc8"))
        // Blob fc7 was written by fc7, relu7 and drop7; fc8 reads what drop7 wrote.
        #expect(graph.producers(of: fc8).map { graph.name(of: $0) } == ["drop7"])
    }

    @Test func phasesAreThoseOfUse() throws {
        let lenet = try NetworkFixtures.caffe("lenet_train_test")
        #expect(
            lenet.nodes.map(\.name) == [
                "mnist", "conv1", "pool1", "conv2", "pool2", "ip1", "relu1", "ip2", "accuracy",
                "loss",
            ]
        )
        #expect(lenet.outputs.map { lenet.nodes[$0].name } == ["accuracy", "loss"])
        #expect(lenet.nodes[0].outputShapes.count == 2)
        #expect(lenet.nodes[8].inputs == [NetworkInput(7), NetworkInput(0, output: 1)])
        let alexnet = try NetworkFixtures.caffe("alexnet_train_val")
        #expect(alexnet.nodes.map(\.kind).filter { $0 == .input }.count == 1)
    }

    @Test func aSolverHoldsNoNetwork() throws {
        #expect(try CaffeNetwork.read(NetworkFixtures.bytes("caffe/lenet_solver.prototxt")) == nil)
    }

    @Test func unknownFieldsAndLayersAreKept() throws {
        let network = try NetworkFixtures.caffe("fast_rcnn_vgg16")
        let pool = try #require(network.nodes.first { $0.kind.name == "ROIPOOL" })
        #expect(pool.outputShape.text == "[1, 512, 7, 7]")
        #expect(network.inputs.map { network.nodes[$0].name } == ["data", "rois"])
    }

    @Test func theOlderSyntaxesAreUpgraded() throws {
        let v1 = """
            name: 'old' input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
            layers { name: "c" type: CONVOLUTION bottom: "data" top: "c"
              convolution_param < num_output: 4; kernel_size: 3, > }
            layers { name: "r" type: 18 bottom: "c" top: "c" }
            layers { name: "l" type: SOFTMAX_LOSS bottom: "c" top: "l" }
            """
        let first = try #require(try CaffeNetwork.read(Array(v1.utf8)))
        #expect(first.nodes.map(\.kind) == [.input, .conv, .relu, .loss])
        #expect(first.nodes[3].attributes["kind"] == .text("softmax"))
        let v0 = """
            layers { layer { name: "c" type: "conv" num_output: 4 kernelsize: 3 biasterm: false }
              bottom: "data" top: "c" }
            layers { layer { name: "p" type: "pool" pool: AVE kernelsize: 2 stride: 2 }
              bottom: "c" top: "p" }
            """
        let zero = try #require(try CaffeNetwork.read(Array(v0.utf8)))
        #expect(zero.nodes.map(\.kind) == [.input, .conv, .pool])
        #expect(zero.nodes[1].parameters.map(\.role) == ["weight"])
        #expect(zero.nodes[2].attributes["mode"] == .text("AVG"))
    }

    @Test func repeatedNamesGetPhaseAndNumber() throws {
        let text = """
            layer { name: "data" type: "Data" top: "data" include { phase: TRAIN } }
            layer { name: "data" type: "Data" top: "data" include { phase: TEST stage: "one" } }
            layer { name: "data" type: "Data" top: "data" include { phase: TEST stage: "two" } }
            layer { name: "loss" type: "EuclideanLoss" bottom: "data" top: "l1" }
            layer { name: "loss" type: "EuclideanLoss" bottom: "data" top: "l2" }
            layer { name: "loss" type: "HingeLoss" bottom: "data" include { phase: TEST } }
            """
        let network = try #require(try CaffeNetwork.read(Array(text.utf8)))
        #expect(network.nodes.map(\.name) == ["data", "loss", "loss_2", "loss_test"])
    }

    @Test(arguments: [
        ("layer { name: \"a\" ", "'}' is missing"), ("layer", "expected ':'"),
        ("layer { name: \"a\n\" }", "not closed"), ("\u{1}", "name of a field"),
        ("name: }", "expected a value"),
    ])
    func brokenTextsSayWhere(text: String, reason: String) throws {
        let error = try #require(throws: NetworkError.self) {
            try CaffeNetwork.read(Array(text.utf8))
        }
        #expect(error.message.contains(reason) && error.message.contains("Line "))
    }

    @Test func deepAndRandomTextsAreRefused() throws {
        let deep = String(repeating: "a { ", count: 100_000)
        #expect(throws: NetworkError.self) { try CaffeNetwork.read(Array(deep.utf8)) }
        var state: UInt64 = 42
        let noise = (0..<1 << 20).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: 32 + (state >> 33) % 95)
        }
        #expect(throws: NetworkError.self) { try CaffeNetwork.read(noise) }
    }
}
