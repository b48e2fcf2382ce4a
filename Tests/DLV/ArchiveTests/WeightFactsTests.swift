import Catalog
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Archive

/// What a commit finds out about weights.
struct WeightFactsTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
    }

    /// A safetensors file of float tensors.
    private func weights(_ tensors: [(name: String, values: [Float])]) -> [UInt8] {
        var entries: [String] = []
        var bytes: [UInt8] = []
        for (name, values) in tensors {
            let start = bytes.count
            bytes += values.withUnsafeBytes { Array($0) }
            entries.append(
                "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[\(values.count)],"
                    + "\"data_offsets\":[\(start),\(bytes.count)]}"
            )
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        return length + header + bytes
    }

    private func commit(_ model: String, _ bytes: [UInt8]) throws -> VersionRecord {
        let path = try directory.write(bytes, to: "\(UUID().uuidString)/w.safetensors")
        return try archive.commit(CommitRequest(model: model, message: "", paths: [path])).version
    }

    private func tensors(of version: VersionRecord) throws -> [String: WeightTensorRecord] {
        var found: [String: WeightTensorRecord] = [:]
        try archive.catalog.forEachWeightTensor(of: [version.id], latestOnly: true) {
            found[$0.name] = $0
        }
        return found
    }

    @Test
    func everyTensorIsLookedAt() throws {
        let large = (0..<20_000).map { Float($0 % 5) - 2 }
        let version = try commit(
            "m",
            weights([("large", large), ("bad", [1, .nan, -.infinity, 0]), ("empty", [])])
        )
        let tensors = try tensors(of: version)
        let facts = try #require(tensors["large"]?.facts)
        #expect(facts.elementCount == 20_000 && facts.zeroCount == 4000)
        #expect(facts.minimum == -2 && facts.maximum == 2 && facts.mean == 0)
        #expect(facts.norm == 200 && facts.nanCount == 0)
        let bad = try #require(tensors["bad"]?.facts)
        #expect(bad.nanCount == 1 && bad.infinityCount == 1 && bad.zeroCount == 1)
        #expect(bad.minimum == -.infinity && bad.maximum == 1 && bad.mean == 0.5 && bad.norm == 1)
        let empty = try #require(tensors["empty"]?.facts)
        #expect(empty.elementCount == 0 && empty.minimum.isNaN && empty.mean.isNaN)
    }

    @Test
    func equalTensorsShareTheirFactsWhereverTheyLie() throws {
        let large = (0..<20_000).map { Float($0) }
        let first = try commit("a", weights([("x", large), ("small", [1, 2])]))
        // Here the small one lies behind another of its bundle.
        let second = try commit("b", weights([("y", large), ("other", [5]), ("renamed", [1, 2])]))
        let (one, two) = (try tensors(of: first), try tensors(of: second))
        #expect(one["x"]?.facts == two["y"]?.facts)
        #expect(one["small"]?.facts == two["renamed"]?.facts)
        #expect(one["small"]?.facts?.hash != two["other"]?.facts?.hash)
        let hash = try #require(one["small"]?.facts?.hash)
        let norm = try #require(try archive.catalog.tensorFacts(hash)?.norm)
        #expect(norm == Double(Float(5).squareRoot()))
    }

    @Test
    func factsGoWithTheLastTensorThatHasThem() throws {
        let version = try commit("a", weights([("x", [1, 2])]))
        let kept = try commit("b", weights([("x", [1, 2]), ("z", [9])]))
        let hash = try #require(try tensors(of: version)["x"]?.facts?.hash)
        try archive.catalog.remove(version.id, at: 1)
        _ = try archive.catalog.collectContents()
        #expect(try archive.catalog.tensorFacts(hash) != nil)
        try archive.catalog.remove(kept.id, at: 1)
        _ = try archive.catalog.collectContents()
        #expect(try archive.catalog.tensorFacts(hash) == nil)
    }

    @Test
    func theIndexOfACommitIsMadeAnewOfTheSizeThatItNoted() throws {
        let version = try commit("a", weights([("conv.w", [1, -2, 0.1]), ("b", [.nan, -0.0]), ("e", [])]))
        let text = try archive.layerIndex(of: version.id, snapshot: 0)
        let noted = try archive.catalog.documents(of: version.id).first { $0.kind == .layerIndex }
        #expect(noted?.byteCount == text.count && noted?.snapshot == 0)
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4 && lines.contains { $0.hasPrefix("conv/w.npy\tconv.w\tF32\t[3]\t12\t") })
        #expect(lines.contains { $0.contains("\t-0.0\t-0.0\t") })
    }

    @Test
    func theIndexOfTheLayersShowsThem() throws {
        let facts = TensorFacts(
            hash: [1], elementCount: 3, minimum: -1, maximum: 2.5, mean: .nan, norm: 5, zeroCount: 1,
            nanCount: 2, infinityCount: 3
        )
        let file = CommitRecord.File(
            record: FileRecord(
                path: Array("w.npz".utf8), role: .weights, byteCount: 1, hash: [], modificationTime: 0
            ),
            spans: [],
            tensors: [nil, facts].map { facts in
                TensorRecord(
                    description: TensorDescription(name: "conv.w", dtype: .f32, shape: [3]),
                    content: nil, byteOffset: 0, facts: facts
                )
            }
        )
        let text = String(decoding: SnapshotDocuments.layerIndex(of: [file]), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(lines.allSatisfy { $0.count == lines[0].count })
        #expect(lines[0].suffix(7) == ["minimum", "maximum", "mean", "norm", "zeros", "nans", "infinities"])
        #expect(lines[1].suffix(7) == ["", "", "", "", "", "", ""])
        #expect(lines[2].suffix(7) == ["-1.0", "2.5", "", "5.0", "1", "2", "3"])
    }
}
