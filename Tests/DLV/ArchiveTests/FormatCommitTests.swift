import Catalog
import Foundation
import ParameterStore
import Tensors
import TestSupport
import Testing

@testable import Archive

/// Files of every format in an archive.
struct FormatCommitTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
    }

    private func commit(
        _ model: String,
        _ files: [String: [UInt8]],
        weights: String? = nil
    ) throws -> CommitSummary {
        let folder = "run-\(UUID().uuidString)"
        for (name, bytes) in files { try directory.write(bytes, to: "\(folder)/\(name)") }
        var request = CommitRequest(model: model, message: "", paths: [directory.path(folder)])
        request.weightsPattern = weights
        return try archive.commit(request)
    }

    private func file(_ name: String, of summary: CommitSummary) throws -> FileRecord {
        let files = try archive.catalog.files(of: summary.version.id)
        return try #require(files.first { $0.path == Array(name.utf8) })
    }

    private func bytes(_ tensor: TensorRecord) throws -> [UInt8] {
        let content = try #require(tensor.content)
        var bytes = [UInt8](repeating: 0, count: tensor.description.byteCount ?? 0)
        try bytes.withUnsafeMutableBytes {
            try archive.store.read(content, at: tensor.byteOffset, into: $0)
        }
        return bytes
    }

    @Test
    func samplesOfEveryFormatComeBack() throws {
        var files: [String: [UInt8]] = [:]
        for name in try Samples.names() { files["\(name).d/\(name)"] = try Samples.bytes(name) }
        let summary = try commit("m", files)
        #expect(summary.tensorCount > 150)
        let report = try archive.verify(isDeep: true)
        #expect(report.faults.isEmpty && report.fileCount == files.count)
    }

    @Test
    func samplesThatAreDamagedComeBackToo() throws {
        for (number, name) in try Samples.names().enumerated() {
            // These are refused if they lie, since no reader takes them.
            guard !name.hasSuffix("safetensors"), !name.hasSuffix("npy"), !name.hasSuffix("npz") else {
                continue
            }
            var mutator = FileMutator(seed: UInt64(number))
            let good = try Samples.bytes(name)
            var files: [String: [UInt8]] = [:]
            for round in 0..<12 { files["\(round)/\(name)"] = mutator.mutate(good) }
            _ = try commit("m\(number)", files)
        }
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func dataBesideAModelBelongsToItsTensors() throws {
        let summary = try commit(
            "m",
            ["x.onnx": try Samples.bytes("ext.onnx"), "ext.onnx.data": try Samples.bytes("ext.onnx.data")]
        )
        let data = try file("ext.onnx.data", of: summary)
        #expect(data.format == "onnx-data" && data.role == .weights && data.note == nil)
        let tensors = try archive.catalog.tensors(of: data.id)
        #expect(tensors.map(\.description.name) == ["W", "B"])
        #expect(tensors.map(\.description.shape) == [[4, 3], [4]])
        #expect(try bytes(tensors[1]) == Array(Samples.bytes("ext.onnx.data")[48..<64]))
    }

    @Test
    func missingOrStrangeDataIsSaidSo() throws {
        let model = try Samples.bytes("ext.onnx")
        let alone = try commit("alone", ["x.onnx": model])
        #expect(try file("x.onnx", of: alone).note?.contains("not part of the commit") == true)
        let short = try commit("short", ["x.onnx": model, "ext.onnx.data": [1, 2, 3]])
        #expect(try file("ext.onnx.data", of: short).format == nil)
        #expect(try file("ext.onnx.data", of: short).note?.contains("more bytes") == true)
        // The same length, but a path that leads out: `../secret.data`.
        let text = String(decoding: model, as: Unicode.ASCII.self)
        #expect(text.contains("ext.onnx.data"))
        var bad = model
        for index in bad.indices where bad[index...].starts(with: Array("ext.onnx.data".utf8)) {
            bad.replaceSubrange(index..<index + 13, with: Array("../secret.dat".utf8))
        }
        let out = try commit("out", ["d/x.onnx": bad, "secret.dat": try Samples.bytes("ext.onnx.data")])
        #expect(try file("d/x.onnx", of: out).note?.contains("'../secret.dat'") == true)
        #expect(try file("secret.dat", of: out).format == nil)
    }

    @Test
    func valuesThatWereDecodedAreTensorsToo() throws {
        let summary = try commit("m", ["x.onnx": try Samples.bytes("typed_fields.onnx")])
        let tensors = try archive.catalog.tensors(of: file("x.onnx", of: summary).id)
        let numbers = try #require(tensors.first { $0.description.name == "I" })
        #expect(numbers.description == TensorDescription(name: "I", dtype: .i64, shape: [3]))
        let values = try bytes(numbers).withUnsafeBytes { Array($0.bindMemory(to: Int64.self)) }
        #expect(values.count == 3)
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func anIndexOfMissingShardsIsSaidSo() throws {
        let index = #"{"metadata":{},"weight_map":{"a":"one.safetensors","b":"../two.safetensors"}}"#
        let summary = try commit("m", ["model.safetensors.index.json": Array(index.utf8)])
        let note = try file("model.safetensors.index.json", of: summary).note
        #expect(note?.contains("2 shards") == true)
        let broken = try commit("n", ["model.safetensors.index.json": Array("{".utf8)])
        #expect(try file("model.safetensors.index.json", of: broken).note?.contains("no index") == true)
    }

    @Test
    func oneFormatMakesTheSnapshotAndTheOthersCostLittle() throws {
        let files = ["a.pt": try Samples.bytes("state_dict.pt"), "b.pth": try Samples.bytes("legacy.pth")]
        let summary = try commit("m", files)
        #expect(try file("a.pt", of: summary).role == .weights)
        let other = try file("b.pth", of: summary)
        #expect(other.role == .auxiliary && other.note?.contains("'a.pt'") == true)
        #expect(other.format == "torch-legacy")
        // The user's choice comes first.
        let chosen = try commit("n", files, weights: "*.pth")
        #expect(try file("b.pth", of: chosen).role == .weights)
    }

    @Test
    func equalTensorsAreOneWhateverFileHoldsThem() throws {
        let first = try commit("m", ["x.pt": try Samples.bytes("state_dict.pt")])
        let second = try commit("n", ["y.ckpt": try Samples.bytes("via_fileobj.pth")])
        #expect(first.knownTensorByteCount == 0 && first.tensorByteCount > 400)
        #expect(second.knownTensorByteCount == second.tensorByteCount)
    }
}
