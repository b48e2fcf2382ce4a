import Catalog
import Foundation
import ParameterStore
import StoragePlanning
import TestSupport
import Testing

@testable import Archive

struct RepackingTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
    }

    /// A safetensors file of one matrix: noise of a seed, with small changes of another.
    ///
    /// - Parameter rankOne: The size of a change that is an outer product besides.
    private func weights(
        seed: UInt64,
        change: UInt64,
        rankOne: Float = 0,
        size: Int = 200
    ) -> [UInt8] {
        var noise = SeededGenerator(seed: seed)
        var steps = SeededGenerator(seed: change)
        let factors = (0..<2 * size).map { _ in Float.random(in: -1...1, using: &steps) }
        let values = (0..<size * size).map { index -> Float in
            let value = Float.random(in: -1...1, using: &noise)
            guard change > 0 else { return value }
            return value + rankOne * factors[index / size] * factors[size + index % size]
                + 1e-4 * Float.random(in: -1...1, using: &steps)
        }
        let end = 4 * size * size
        let header = #"{"w":{"dtype":"F32","shape":[\#(size),\#(size)],"data_offsets":[0,\#(end)]}}"#
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        return length + Array(header.utf8) + values.withUnsafeBytes { Array($0) }
    }

    private func commit(
        _ model: String,
        seed: UInt64,
        change: UInt64,
        rankOne: Float = 0,
        size: Int = 200
    ) throws {
        try directory.write(
            weights(seed: seed, change: change, rankOne: rankOne, size: size),
            to: "\(model)/w.safetensors"
        )
        _ = try archive.commit(
            CommitRequest(model: model, message: "", paths: [directory.path("\(model)/w.safetensors")])
        )
    }

    private func packByteCount() throws -> Int {
        try archive.packDirectory.list().reduce(0) { $0 + $1.byteCount }
    }

    @Test
    func lookAlikesAreFoundAndStrangersAreNot() throws {
        try commit("a", seed: 1, change: 0)
        try commit("b", seed: 1, change: 5)
        try commit("c", seed: 2, change: 0)
        try commit("d", seed: 1, change: 6)
        let survey = try StorageSurvey(archive) { _, _ in }
        let weights = survey.records.indices.map { $0 + 1 }
            .filter { survey.record(of: $0).byteCount == 160_000 }
        try #require(weights.count == 4)
        #expect(survey.candidates[weights[0]] == [weights[1], weights[3]])
        #expect(survey.candidates[weights[2]].isEmpty)
        #expect(survey.groups.count == 4)
    }

    @Test
    func aPlanIsCarriedOutAndFoundDone() throws {
        try commit("a", seed: 1, change: 0)
        try commit("b", seed: 1, change: 5)
        try commit("c", seed: 1, change: 6)
        let before = try packByteCount()
        let request = RepackRequest(bound: .alpha(20), retrieval: .parallel)
        let plan = try archive.planRepack(request)
        #expect(plan.chosen.storedByteCount < plan.offers[0].storedByteCount * 9 / 10)
        let summary = try archive.repack(plan)
        #expect(summary.contentCount > 0 && summary.damagedCount == 0)
        #expect(try packByteCount() < before * 9 / 10)
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
        #expect(try archive.planRepack(request).steps.isEmpty)
        // Back to the quickest: chains are taken apart in an order that never makes a circle.
        let quickest = try archive.planRepack(RepackRequest(bound: .alpha(1)))
        _ = try archive.repack(quickest)
        let records = try archive.catalog.contentRecords()
        #expect(records.allSatisfy { $0.base == nil && $0.depth == 0 })
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func changesOfLowRankTakeLess() throws {
        try commit("a", seed: 1, change: 0, size: 260)
        try commit("b", seed: 1, change: 5, rankOne: 0.01, size: 260)
        let before = try packByteCount()
        let plan = try archive.planRepack(RepackRequest())
        #expect(plan.steps.contains { $0.findsLowRank == true })
        _ = try archive.repack(plan)
        #expect(try packByteCount() < before * 97 / 100)
        let changed = try archive.catalog.contentRecords().filter { try archive.store.hasLowRank($0.id) }
        #expect(changed.count == 1)
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
        #expect(try archive.planRepack(RepackRequest()).steps.isEmpty)
        // It stays so when it moves, and goes where reading must be as quick as can be.
        _ = try archive.recode([RepackPlan.Step(moving: changed[0])])
        #expect(try archive.store.hasLowRank(changed[0].id))
        _ = try archive.repack(try archive.planRepack(RepackRequest(bound: .alpha(1))))
        #expect(try !archive.store.hasLowRank(changed[0].id))
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func nothingIsWrittenThatGainsNothing() throws {
        for change in 0..<4 { try commit("m", seed: 1, change: UInt64(change), size: 130) }
        var packs = try packByteCount()
        for algorithm in [PlanningAlgorithm.pasLR, .minimumSpanningTree] {
            let plan = try archive.planRepack(RepackRequest(algorithm: algorithm))
            _ = try archive.repack(plan)
            let left = try packByteCount()
            #expect(plan.steps.isEmpty ? left == packs : left < packs)
            packs = left
            let names = try archive.packDirectory.list().map(\.name)
            let again = try archive.planRepack(RepackRequest(algorithm: algorithm))
            #expect(again.steps.isEmpty)
            let summary = try archive.repack(again)
            #expect(summary.contentCount == 0 && summary.movedCount == 0)
            #expect(try archive.packDirectory.list().map(\.name) == names)
        }
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func whatStaysMovesAsItIsOutOfAPackThatIsLeft() throws {
        for change in 0..<3 { try commit("m\(change)", seed: 1, change: UInt64(change)) }
        let before = try archive.catalog.contentRecords()
        let large = before.filter { $0.byteCount == 160_000 }
        let recoded = large[1]
        let leftovers = try PackLeftovers(archive, recoded: [recoded.id])
        let coded = RepackPlan.Step(content: recoded.id, base: large[0].id, byteCount: 160_000)
        let steps = leftovers.steps([coded], writtenByteCount: 60_000, isGainNeeded: true)
        let moved = before.filter { $0.pack == recoded.pack && $0.id != recoded.id }
        #expect(steps.filter(\.isMove).map(\.content) == moved.map(\.id))
        #expect(leftovers.steps([coded], writtenByteCount: 160_000, isGainNeeded: true).isEmpty)
        #expect(!leftovers.steps([coded], writtenByteCount: 160_000, isGainNeeded: false).isEmpty)
        #expect(try archive.recode(steps[...]) == (1, moved.count, 0))
        for record in moved {
            let now = try #require(try archive.catalog.record(of: record.id))
            #expect(now.pack != record.pack && now.base == record.base)
        }
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
        #expect(try archive.collect().packCount == 1)
    }

    @Test
    func depthsFollowTheirBases() throws {
        try commit("a", seed: 1, change: 0)
        try commit("b", seed: 1, change: 5)
        try commit("c", seed: 1, change: 6)
        _ = try archive.repack(try archive.planRepack(RepackRequest(algorithm: .minimumSpanningTree)))
        let records = try archive.catalog.contentRecords()
        let byID = Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
        #expect(records.contains { $0.base != nil })
        for record in records {
            let base = record.base.flatMap { byID[$0] }
            #expect(record.depth == (base.map { $0.depth + 1 } ?? 0))
        }
    }

    @Test
    func aChainTurnsRoundInOneGo() throws {
        try commit("a", seed: 1, change: 0)
        try commit("b", seed: 1, change: 5)
        _ = try archive.repack(try archive.planRepack(RepackRequest(algorithm: .minimumSpanningTree)))
        let child = try #require(try archive.catalog.contentRecords().first { $0.base != nil })
        let base = try #require(child.base)
        let steps = [
            RepackPlan.Step(content: child.id, base: nil, byteCount: child.byteCount),
            RepackPlan.Step(content: base, base: child.id, byteCount: child.byteCount),
        ]
        #expect(try archive.recode(steps[...]).count == 2)
        #expect(try archive.catalog.record(of: base)?.base == child.id)
        #expect(try archive.catalog.record(of: child.id)?.base == nil)
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test
    func aCircleOfBasesIsRefused() throws {
        try commit("a", seed: 1, change: 0)
        try commit("b", seed: 1, change: 5)
        _ = try archive.repack(try archive.planRepack(RepackRequest(algorithm: .minimumSpanningTree)))
        let child = try #require(try archive.catalog.contentRecords().first { $0.base != nil })
        let base = try #require(child.base)
        let step = RepackPlan.Step(content: base, base: child.id, byteCount: child.byteCount)
        #expect(try archive.recode([step]).count == 0)
        #expect(try archive.verify(isDeep: true).faults.isEmpty)
    }

    @Test(arguments: [
        ("2s", RecreationBound.seconds(2)), ("250ms", .seconds(0.25)), ("1.5 MB", .bytes(1_500_000)),
        ("64KiB", .bytes(65_536)), ("4096", .bytes(4096)),
    ])
    func budgetsAreRead(text: String, bound: RecreationBound) throws {
        #expect(try RecreationBound(budget: text) == bound)
    }

    @Test(arguments: ["", "s", "-1s", "0", "1 parsec", "1e400", "nan"])
    func otherTextsAreNoBudgets(text: String) {
        #expect(throws: ArchiveError.self) { try RecreationBound(budget: text) }
    }
}
