import Catalog
import Foundation
import Networks
import TestSupport
import Testing

@testable import Archive

struct NetworkCommitTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
    }

    private func commit(_ model: String, _ files: [String: [UInt8]]) throws -> CommitSummary {
        let folder = "run-\(UUID().uuidString)"
        for (name, bytes) in files { try directory.write(bytes, to: "\(folder)/\(name)") }
        return try archive.commit(
            CommitRequest(model: model, message: "", paths: [directory.path(folder)])
        )
    }

    /// A network of one fully connected layer.
    private func network(_ name: String, features: Int) -> [UInt8] {
        Array(
            """
            {"format": "dlv-network", "version": 1, "name": "\(name)", "layers": [
              {"name": "x", "operator": "INPUT", "shape": [1, 2]},
              {"name": "fc", "operator": "FULL", "inputs": ["x"],
               "attributes": {"features": \(features)}}]}
            """.utf8
        )
    }

    /// A prototxt of one convolution.
    private func prototxt(_ name: String) -> [UInt8] {
        Array(
            """
            name: "\(name)" input: "data" input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8
            layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
              convolution_param { num_output: 2 kernel_size: 3 } }
            """.utf8
        )
    }

    /// Weights `fc.weight` [3, 2] and `fc.bias` [3], all the same number.
    private func weights(_ value: Float) -> [UInt8] {
        let header = """
            {"fc.bias":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},\
            "fc.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[12,36]}}
            """
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        let values = [Float](repeating: value, count: 9).withUnsafeBytes { Array($0) }
        return length + Array(header.utf8) + values
    }

    private func network(of summary: CommitSummary) throws -> Network {
        try #require(try archive.network(of: summary.version.id))
    }

    @Test
    func aVersionMayHoldANetworkAndNoWeights() throws {
        let summary = try commit("m", ["deploy.prototxt": prototxt("net")])
        #expect(summary.network?.source == "caffe" && summary.network?.layerCount == 1)
        let network = try network(of: summary)
        #expect(network.nodes.map(\.name) == ["data", "conv"])
        #expect(network.nodes[1].parameters.allSatisfy { !$0.isStored })
    }

    @Test
    func aVersionMayHoldWeightsAndNoNetwork() throws {
        let summary = try commit("m", ["w.safetensors": weights(1)])
        #expect(summary.network?.source == "names only" && summary.network?.filePath == nil)
        let network = try network(of: summary)
        #expect(network.nodes.map(\.name) == ["fc"] && !network.hasGraph)
        #expect(try commit("n", ["note.txt": [1]]).network == nil)
    }

    @Test
    func theOrderOfFilesIsThatOfTheRules() throws {
        let files = [
            "a/network.json": network("deep", features: 3),
            "network.json": network("flat", features: 3),
            "deploy.prototxt": prototxt("deploy"), "aaa.prototxt": prototxt("train"),
        ]
        #expect(try network(of: commit("m", files)).name == "flat")
        let caffe = files.filter { $0.key.hasSuffix(".prototxt") }
        #expect(try network(of: commit("m", caffe)).name == "deploy")
        // Somebody else's network.json is not in the way.
        let other = caffe.merging(["network.json": Array("[1]".utf8)]) { $1 }
        #expect(try network(of: commit("m", other)).name == "deploy")
    }

    @Test
    func fineTunesShareTheirNetwork() throws {
        var ids: Set<Int64> = []
        for value in [Float(1), 2, 3] {
            let summary = try commit(
                "m",
                ["w.safetensors": weights(value), "network.json": network("net", features: 3)]
            )
            let id = try archive.catalog.networksByVersion()[summary.version.id]
            ids.insert(try #require(id).rawValue)
            #expect(summary.networkNotes.isEmpty)
        }
        #expect(ids.count == 1)
        var count = 0
        try archive.catalog.forEachNetwork { _, bytes in
            let graph = try NetworkGraph(decoding: [UInt8](bytes))
            #expect(graph.nodeCount == 2)
            count += 1
        }
        #expect(count == 1)
        for version in try archive.catalog.versions(of: "m") {
            try archive.catalog.remove(version.id, at: 1)
        }
        try archive.catalog.forEachNetwork { _, _ in count += 1 }
        #expect(count == 1)
    }

    @Test
    func weightsThatDoNotFitAreTold() throws {
        let summary = try commit(
            "m",
            ["w.safetensors": weights(1), "network.json": network("net", features: 5)]
        )
        #expect(summary.networkNotes.count == 1)
        #expect(summary.networkNotes[0].contains("'fc.weight'"))
        #expect(try network(of: summary).storedTensors.isEmpty)
    }

    @Test
    func brokenNetworksAreCommittedAndTold() throws {
        let circle = """
            {"format": "dlv-network", "version": 1, "layers": [
              {"name": "a", "operator": "RELU", "inputs": ["b"]},
              {"name": "b", "operator": "RELU", "inputs": ["a"]}]}
            """
        let summary = try commit(
            "m",
            [
                "network.json": Array(circle.utf8), "deploy.prototxt": Array("layer {".utf8),
                "model.onnx": [0xFF, 1, 2], "w.safetensors": weights(1),
            ]
        )
        #expect(summary.networkNotes.count == 3)
        #expect(summary.networkNotes[0].contains("circle"))
        #expect(summary.networkNotes[1].contains("Line 1"))
        #expect(summary.files.count == 4 && summary.network?.source == "names only")
    }

    @Test
    func aDamagedNetworkIsAnErrorAndNoCrash() throws {
        let summary = try commit("m", ["network.json": network("net", features: 3)])
        let record = try #require(try archive.catalog.network(of: summary.version.id))
        #expect(throws: NetworkError.self) {
            _ = try NetworkGraph(decoding: Array(record.graph.dropLast(1)))
        }
    }
}
