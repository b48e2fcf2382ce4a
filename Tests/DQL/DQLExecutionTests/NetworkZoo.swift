import Archive
import Catalog
import Foundation
import TestSupport

@testable import DQLExecution

/// An archive of AlexNet-, VGG-, GoogLeNet-, ResNet- and LeNet-like networks, some with weights: what the
/// documentation's examples run on.
final class NetworkZoo: Sendable {
    let directory: TemporaryDirectory
    let archive: ModelArchive

    var facts: ArchiveFacts { ArchiveFacts(archive) }

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    /// One archive for all tests: making it takes longer than all questions.
    private static let made = Result { try NetworkZoo() }

    static func shared() throws -> NetworkZoo { try made.get() }

    private init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
        let alexnet = try Self.fixture("networks/caffe/alexnet.prototxt")
        let average = Array(
            String(decoding: alexnet, as: UTF8.self).replacing("pool: MAX", with: "pool: AVE").utf8
        )
        try commit("alexnet_bvlc", ["deploy.prototxt": alexnet], lr: "0.1", accuracy: [0.4, 0.6])
        try commit(
            "alexnet_onnx",
            ["alexnet.onnx": try Self.fixture("networks/onnx/alexnet.torchscript.onnx")]
        )
        try commit("alexnet-origin-1", ["deploy.prototxt": alexnet])
        try commit("alexnet-avgv1-1", ["deploy.prototxt": average])
        try commit("alexnet-avgv1-1", ["deploy.prototxt": average], lr: "0.01", accuracy: [0.5])
        for name in ["vgg16", "googlenet", "resnet50"] {
            try commit(name, ["\(name).prototxt": try Self.fixture("networks/caffe/\(name).prototxt")])
        }
        try commit(
            "vgg16", ["fast.prototxt": try Self.fixture("networks/caffe/fast_rcnn_vgg16.prototxt")]
        )
        let base = try Self.fixture("lenet/base_10.safetensors")
        try commit(
            "lenet",
            [
                "base_04.safetensors": try Self.fixture("lenet/base_04.safetensors"),
                "base_10.safetensors": base,
            ],
            lr: "0.05", accuracy: [0.9, 0.95, 0.97, 0.98], tags: ["best"]
        )
        try commit(
            "lenet",
            ["tuned_05.safetensors": try Self.fixture("lenet/fine-tune-a_05.safetensors")],
            lr: "0.00005", accuracy: [0.985]
        )
        // The same weights in another model, and a line that goes on from them.
        try commit("lenet-copy", ["model_10.safetensors": base], parents: ["lenet@v1"])
        try save("select m where m[\"accuracy\"] > 0.5", as: "good")
        try save(
            """
            construct m2 from m1
            where m1.name like "alexnet-avgv1%" and m1["conv*($1)"].next has POOL("AVG")
            mutate m1["conv*($1)"].insert = RELU("relu$1")
            """,
            as: "query3"
        )
    }

    static func fixture(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: fixtures.appendingPathComponent(path)))
    }

    @discardableResult
    func commit(
        _ model: String,
        _ files: [String: [UInt8]],
        lr: String? = nil,
        accuracy: [Double] = [],
        tags: [String] = [],
        parents: [String] = []
    ) throws -> VersionRecord {
        let folder = "run-\(UUID().uuidString)"
        for (name, bytes) in files { try directory.write(bytes, to: "\(folder)/\(name)") }
        var request = CommitRequest(model: model, message: "", paths: [directory.path(folder)])
        request.hyperparameters = lr.map { [("lr", $0)] } ?? []
        request.tags = tags
        request.parents = try parents.map { try Reference($0) }
        for (index, value) in accuracy.enumerated() {
            let iteration = Int64(accuracy.count == 4 ? [1, 4, 7, 10][index] : index + 1)
            request.measurements.append(.init(name: "accuracy", iteration: iteration, value: value))
            request.measurements.append(.init(name: "loss", iteration: iteration, value: 1 - value))
        }
        return try archive.commit(request).version
    }

    func save(_ text: String, as name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(archive.queriesPath)/\(name).dql"))
    }

    func answer(_ text: String, name: String? = nil) throws -> QueryAnswer {
        try DQLQuery(text, name: name, archive: facts).run(limits: .mount)
    }

    func links(_ text: String) throws -> [String] {
        try answer(text).links.map(\.name)
    }
}
