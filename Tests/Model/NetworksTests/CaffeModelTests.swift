import Tensors
import TestSupport
import Testing

@testable import Networks

struct CaffeModelTests {
    /// Writes a message as protobuf does; fields that the schema lacks are left out.
    private func encoded(_ text: TextMessage, as message: CaffeSchema.Message) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in text.fields {
            for number in 1...200 {
                guard let (name, kind) = CaffeSchema.field(number, of: message), name == field.name
                else { continue }
                bytes += encoded(field.value, number, kind)
                break
            }
        }
        return bytes
    }

    private func encoded(
        _ value: TextMessage.Value,
        _ number: Int,
        _ kind: CaffeSchema.Kind
    ) -> [UInt8] {
        var writer = NetworkBytesWriter()
        switch (kind, value) {
        case (.message(let inner), .message(let text)):
            let content = encoded(text, as: inner)
            writer.write(number << 3 | 2)
            writer.write(content.count)
            writer.write(raw: content)
        case (.text, .scalar(let text)):
            writer.write(number << 3 | 2)
            writer.write(text)
        case (.number, .scalar(let text)):
            writer.write(number << 3 | 5)
            let bits = (Float(text) ?? 0).bitPattern
            writer.write(raw: (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) })
        case (.integer, .scalar(let text)):
            let choices = ["MAX": 0, "AVE": 1, "TRAIN": 0, "TEST": 1, "true": 1, "false": 0]
            writer.write(number << 3)
            writer.write(choices[text] ?? Int(text) ?? 0)
        default: break
        }
        return writer.bytes
    }

    @Test(arguments: ["lenet", "alexnet", "googlenet", "resnet50", "vgg16"])
    func theModelSaysWhatThePrototxtSays(name: String) throws {
        let text = try TextFormatParser.parse(NetworkFixtures.bytes("caffe/\(name).prototxt"))
        // The weights lie between; a megabyte of them must be skipped.
        var bytes = encoded(text, as: .net)
        var weights = NetworkBytesWriter()
        weights.write(99 << 3 | 2)
        weights.write(1 << 20)
        bytes += weights.bytes + [UInt8](repeating: 0xFF, count: 1 << 20)
        let model = try #require(try CaffeNetwork.readModel(MemoryBytes(bytes)))
        let network = try NetworkFixtures.caffe(name)
        #expect(model.nodes.map(\.name) == network.nodes.map(\.name))
        #expect(model.nodes.map(\.kind) == network.nodes.map(\.kind))
        #expect(model.nodes.map(\.inputs) == network.nodes.map(\.inputs))
        #expect(model.nodes.map(\.outputShapes) == network.nodes.map(\.outputShapes))
        #expect(model.parameterCount == network.parameterCount)
    }

    @Test func splitsThatNobodyWroteAreLeftOut() throws {
        let text = """
            layer { name: "a" type: "ReLU" bottom: "x" top: "a" }
            layer { name: "a_a_0_split" type: "Split" bottom: "a" top: "a_0" top: "a_1" }
            layer { name: "b" type: "TanH" bottom: "a_0" top: "b" }
            layer { name: "c" type: "Eltwise" bottom: "a_1" bottom: "b" top: "c" }
            """
        let message = try TextFormatParser.parse(Array(text.utf8))
        let network = try #require(
            try CaffeNetwork.readModel(MemoryBytes(encoded(message, as: .net)))
        )
        #expect(network.nodes.map(\.name) == ["x", "a", "b", "c"])
        #expect(network.nodes[3].inputs == [NetworkInput(1), NetworkInput(2)])
    }

    @Test func damagedModelsAreRefused() throws {
        let text = try TextFormatParser.parse(NetworkFixtures.bytes("caffe/lenet.prototxt"))
        let bytes = encoded(text, as: .net)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<500 {
            var damaged = bytes
            damaged[Int.random(in: damaged.indices, using: &generator)] = .random(
                in: 0...255,
                using: &generator
            )
            _ = try? CaffeNetwork.readModel(MemoryBytes(damaged))
        }
        let noise = (0..<1 << 16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(throws: NetworkError.self) { try CaffeNetwork.readModel(MemoryBytes(noise)) }
        #expect(try CaffeNetwork.readModel(MemoryBytes([])) == nil)
    }
}
