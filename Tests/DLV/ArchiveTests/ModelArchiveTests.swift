import Catalog
import Foundation
import ParameterStore
import Tensors
import TestSupport
import Testing

@testable import Archive

struct ModelArchiveTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
    }

    /// A safetensors file of two tensors, one of which is large enough to stand alone.
    private func weights(seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let values = (0..<20_100).map { _ in Float.random(in: -1...1, using: &generator) }
        let header = """
            {"big.w":{"dtype":"F32","shape":[200,100],"data_offsets":[0,80000]},\
            "small.b":{"dtype":"F32","shape":[100],"data_offsets":[80000,80400]}}
            """
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        return length + Array(header.utf8) + values.withUnsafeBytes { Array($0) }
    }

    private func commit(_ model: String, _ files: [String: [UInt8]]) throws -> CommitSummary {
        let folder = "run-\(UUID().uuidString)"
        for (name, bytes) in files { try directory.write(bytes, to: "\(folder)/\(name)") }
        return try archive.commit(
            CommitRequest(model: model, message: "", paths: [directory.path(folder)])
        )
    }

    private func bytes(of name: String, in version: VersionRecord) throws -> [UInt8]? {
        let file = try archive.catalog.files(of: version.id).first { $0.path == Array(name.utf8) }
        var bytes: [UInt8] = []
        try file.map { try StoredFile($0, in: archive).forEachPiece { bytes += Array($0) } }
        return bytes
    }

    @Test
    func committedBytesComeBack() throws {
        let files = ["a.safetensors": weights(seed: 1), "sub/note.txt": [1, 2, 3], "empty": []]
        let summary = try commit("m", files)
        #expect(summary.tensorCount == 2 && summary.files.count == 3)
        for (name, expected) in files {
            #expect(try bytes(of: name, in: summary.version) == expected)
        }
        let report = try archive.verify(isDeep: true)
        #expect(report.faults.isEmpty && report.fileCount == 3)
    }

    @Test
    func smallTensorsAreBundledAndLargeOnesStandAlone() throws {
        let version = try commit("m", ["a.safetensors": weights(seed: 1)]).version
        let file = try #require(try archive.catalog.files(of: version.id).first)
        let tensors = try archive.catalog.tensors(of: file.id)
        #expect(tensors.map(\.description.name) == ["big.w", "small.b"])
        let records = try tensors.map { tensor in
            try archive.catalog.record(of: try #require(tensor.content))
        }
        #expect(records.map(\.?.byteCount) == [80_000, 400])
        // Header, large tensor, bundle: three spans tile the file.
        #expect(try archive.catalog.spans(of: file.id).count == 3)
    }

    @Test
    func theParentIsTheNewestVersionAndItsTensorsAreBases() throws {
        let parent = weights(seed: 2)
        var child = parent
        for index in stride(from: parent.count - 80_400, to: parent.count, by: 4) { child[index] ^= 1 }
        _ = try commit("m", ["a.safetensors": parent])
        let version = try commit("m", ["a.safetensors": child]).version
        #expect(try archive.catalog.parents(of: version.id).map(\.record?.reference) == ["m@v1"])
        let file = try #require(try archive.catalog.files(of: version.id).first)
        let content = try #require(try archive.catalog.tensors(of: file.id).first?.content)
        #expect(try archive.catalog.record(of: content)?.depth == 1)
        #expect(try bytes(of: "a.safetensors", in: version) == child)
    }

    @Test
    func aRefusedCommitLeavesTheArchiveAsItWas() throws {
        _ = try commit("m", ["a.safetensors": weights(seed: 3)])
        let packs = try FileManager.default.contentsOfDirectory(atPath: archive.packsPath)
        var broken = weights(seed: 4)
        broken.removeLast()
        let error = #expect(throws: ArchiveError.self) {
            try commit("m", ["good.safetensors": weights(seed: 5), "z.safetensors": broken])
        }
        #expect(error?.message.contains("z.safetensors") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: archive.packsPath) == packs)
        #expect(try archive.catalog.versions().count == 1)
    }

    @Test
    func removalAndCollectionKeepWhatIsNeeded() throws {
        let shared = weights(seed: 6)
        let first = try commit("a", ["a.safetensors": shared]).version
        let second = try commit("b", ["b.safetensors": shared]).version
        try archive.remove(first)
        let summary = try archive.collect()
        #expect(summary.packCount == 0)
        #expect(try bytes(of: "b.safetensors", in: second) == shared)
        try archive.remove(second)
        // The packs that this process reads are held by it; another one may remove them.
        #expect(try archive.collect().contentCount > 0)
        #expect(try archive.catalog.contentTotals().count == 0)
    }

    @Test
    func litterOfAKilledCommitIsCollected() throws {
        _ = try commit("m", ["a": [1]])
        try directory.write(Array("DLVPACK1 half".utf8), to: "zoo/packs/litter.high")
        #expect(try archive.collect().packCount == 1)
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func referencesFindVersionsTagsAndSnapshots() throws {
        let version = try commit("m", ["base_1.safetensors": weights(seed: 1), "base_5.safetensors": weights(seed: 2)]).version
        try archive.setTag("best", on: version)
        _ = try commit("m", ["x": [1]])
        #expect(try archive.version(Reference("m@best")).number == 1)
        #expect(try archive.version(Reference("m")).number == 2)
        let reference = try Reference("m@v1:1")
        #expect(try archive.snapshot(reference, of: version)?.iteration == 1)
        #expect(try archive.snapshot(Reference("m@v1"), of: version)?.iteration == 5)
        #expect(throws: ArchiveError.self) { try archive.version(Reference("m@other")) }
        try archive.removeTag("best", of: "m")
        #expect(throws: ArchiveError.self) { try archive.version(Reference("m@best")) }
    }

    @Test
    func tagsAndSubModelsKeepOutOfEachOthersWay() throws {
        let version = try commit("a", ["x": [1]]).version
        try archive.setTag("b", on: version)
        #expect(throws: ArchiveError.self) { try commit("a/b", ["x": [1]]) }
        _ = try commit("a/c/d", ["x": [1]])
        #expect(throws: ArchiveError.self) { try archive.setTag("c", on: version) }
    }

    @Test
    func exportNeverOverwrites() throws {
        let version = try commit("m", ["a": [1]]).version
        try directory.write([9], to: "there/file")
        #expect(throws: ArchiveError.self) {
            try archive.export(version, to: directory.path("there"))
        }
        #expect(try archive.export(version, to: directory.path("new")).count == 1)
        #expect(FileManager.default.contents(atPath: directory.path("new/a")) == Data([1]))
    }

    @Test
    func archivesAreFoundUpwards() throws {
        try ModelArchive.create(at: directory.path("work/.dlv"))
        try directory.write([], to: "work/deep/er/file")
        #expect(ModelArchive.find(from: directory.path("work/deep/er"))?.hasSuffix("work/.dlv") == true)
        #expect(ModelArchive.find(from: directory.path("zoo/packs"))?.hasSuffix("zoo") == true)
        #expect(throws: ArchiveError.self) { try ModelArchive.create(at: directory.path("work")) }
    }

    @Test
    func stagedPathsAreRememberedOnce() throws {
        let path = try directory.write([1], to: "file")
        #expect(try archive.stage([path]) == [path])
        try archive.clearStaged()
        #expect(try archive.stagedPaths().isEmpty)
        #expect(throws: ArchiveError.self) { try archive.stage([directory.path("missing")]) }
    }
}
