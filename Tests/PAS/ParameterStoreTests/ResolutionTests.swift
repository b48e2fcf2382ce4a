import Foundation
import TensorCoding
import Tensors
import TestSupport
import Testing

@testable import ParameterStore

struct ResolutionTests {
    private let bench: StoreBench

    init() throws {
        bench = try StoreBench(cacheByteCount: 0)
    }

    /// Floats of all signs and sizes, with NaNs of every payload, infinities, zeros and denormals.
    private func hard(_ count: Int, seed: UInt64) -> [UInt32] {
        var generator = SeededGenerator(seed: seed)
        let special: [UInt32] = [
            0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7F80_0001, 0xFF80_FFFF, 0x7FC0_1234, 1,
            0x8000_0001, 0x7F7F_FFFF, 0xFFFF_FFFF,
        ]
        return (0..<count).map { _ in
            Int.random(in: 0..<8, using: &generator) == 0
                ? special[Int.random(in: 0..<special.count, using: &generator)]
                : Float.random(in: -2...2, using: &generator).bitPattern
        }
    }

    /// The same without NaNs that only their lower halves tell from infinity.
    private func visible(_ words: [UInt32]) -> [UInt32] {
        words.map { $0 & 0x7FFF_0000 == 0x7F80_0000 ? $0 & 0xFFFF_0000 : $0 }
    }

    private func nudged(_ words: [UInt32], by most: Int, seed: UInt64) -> [UInt32] {
        var generator = SeededGenerator(seed: seed)
        return words.map { word in
            guard word & 0x7F80_0000 != 0x7F80_0000 else { return word }
            return UInt32(truncatingIfNeeded: Int(word) + Int.random(in: -most...most, using: &generator))
        }
    }

    private func bytes(_ words: [UInt32]) -> [UInt8] { words.withUnsafeBytes { Array($0) } }

    private func truncated(_ words: [UInt32], _ byteCount: Int) -> [UInt8] {
        let kept = UInt32.max << UInt32(32 - 8 * byteCount)
        return bytes(
            words.map { word in
                let isNaN = word & 0x7FFF_FFFF > 0x7F80_0000
                let cut = word & kept
                guard isNaN, cut & 0x7FFF_FFFF <= 0x7F80_0000 else { return cut }
                return cut | 0x7FC0_0000
            }
        )
    }

    @Test(arguments: [DeltaLayout.whole, .fields])
    func everyResolutionIsTheExactTruncationAtEveryDepth(layout: DeltaLayout) throws {
        var versions = [hard(70_000, seed: 1)]
        for step in 0..<3 {
            let most = [300, 70_000, 20_000_000][step]
            versions.append(nudged(versions[step], by: most, seed: UInt64(step) + 2))
        }
        let first = bench.writer(1)
        let ids = try versions.map { try first.add(MemoryBytes(bytes($0)), kind: .float32).id }
        try bench.commit(first, 1)
        let second = bench.writer(2)
        for step in 1..<4 {
            let record = try second.reencode(ids[step], base: ids[step - 1], deltaLayout: layout)
            #expect(record.depth == step)
        }
        try bench.commit(second, 2)
        for store in [bench.store, bench.fresh()] {
            for (id, words) in zip(ids, versions) {
                for resolution in Resolution.reduced {
                    let range = 1001..<words.count * 4
                    let read = try bench.read(id, range, resolution: resolution, in: store)
                    let isExact = read == Array(truncated(words, resolution.byteCount)[range])
                    #expect(isExact, "\(resolution.byteCount) bytes of content \(id.rawValue)")
                }
                let isWhole = try bench.read(id, 0..<words.count * 4, in: store) == bytes(words)
                #expect(isWhole)
            }
        }
    }

    @Test
    func lowResolutionsDoWithoutTheLowPlanes() throws {
        let base = visible(hard(70_000, seed: 3))
        let child = visible(nudged(base, by: 1000, seed: 4))
        let writer = bench.writer(1)
        let first = try writer.add(MemoryBytes(bytes(base)), kind: .float32).id
        let second = try writer.add(MemoryBytes(bytes(child)), kind: .float32).id
        try bench.commit(writer, 1)
        let anew = bench.writer(2)
        _ = try anew.reencode(second, base: first, deltaLayout: .fields)
        try bench.commit(anew, 2)
        let path = bench.directory.path("pack1.low")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        let store = bench.fresh()
        for (id, words) in [(first, base), (second, child)] {
            for byteCount in [1, 2] {
                let resolution = try #require(Resolution(reducedTo: byteCount))
                try store.checkLowPlanes(of: [id], resolution: resolution)
                let read = try bench.read(id, 0..<words.count * 4, resolution: resolution, in: store)
                let isExact = read == truncated(words, byteCount)
                #expect(isExact, "\(byteCount) bytes of content \(id.rawValue)")
            }
            for resolution in [Resolution.full, Resolution.reduced[2]] {
                let error = #expect(throws: ParameterStoreError.self) {
                    try bench.read(id, 0..<4, resolution: resolution, in: store)
                }
                #expect(error?.code == .missingLowPlanes)
                #expect(throws: ParameterStoreError.self) {
                    try store.checkLowPlanes(of: [id], resolution: resolution)
                }
            }
        }
        // When they come back, the same store goes on.
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        #expect(try bench.read(second, 0..<100, in: store) == Array(bytes(child)[0..<100]))
    }

    @Test
    func lowResolutionsOfFieldsReadFewBytes() throws {
        let base = visible(hard(70_000, seed: 5))
        let child = visible(nudged(base, by: 5000, seed: 6))
        let writer = bench.writer(1)
        let first = try writer.add(MemoryBytes(bytes(base)), kind: .float32).id
        let second = try writer.add(MemoryBytes(bytes(child)), kind: .float32).id
        _ = try writer.reencode(second, base: first, deltaLayout: .fields)
        try bench.commit(writer, 1)
        func cost(_ resolution: Resolution) throws -> Int {
            let store = bench.fresh()
            _ = try bench.read(second, 0..<child.count * 4, resolution: resolution, in: store)
            return store.statistics.packByteCount
        }
        let two = try #require(Resolution(reducedTo: 2))
        #expect(try cost(two) * 2 < cost(.full))
    }

    @Test
    func integersAndNarrowElementsAreWhole() throws {
        let writer = bench.writer(1)
        let words = hard(1000, seed: 7)
        for kind in [ElementKind.integer8, .integer16, .integer32, .integer64, .bytes] {
            var own = bytes(words)
            own[0] = kind.rawValue
            let id = try writer.add(MemoryBytes(own), kind: kind).id
            let read = try bench.read(id, 0..<4000, resolution: Resolution.reduced[0])
            let isWhole = read == own
            #expect(isWhole)
        }
        writer.discard()
    }

    @Test(arguments: [1, 2, 3])
    func intervalsHoldTheWeights(byteCount: Int) throws {
        let resolution = try #require(Resolution(reducedTo: byteCount))
        let words = hard(5000, seed: 8)
        let writer = bench.writer(1)
        let id = try writer.add(MemoryBytes(bytes(words)), kind: .float32).id
        let intervals = try bench.store.intervals(
            of: id,
            elements: 10..<words.count,
            resolution: resolution
        )
        for (word, interval) in zip(words.dropFirst(10), intervals) {
            let value = Double(Float(bitPattern: word))
            if value.isNaN {
                #expect(interval.low.isNaN && interval.high.isNaN)
            } else {
                #expect(interval.low <= value && value <= interval.high)
            }
        }
        writer.discard()
    }
}
