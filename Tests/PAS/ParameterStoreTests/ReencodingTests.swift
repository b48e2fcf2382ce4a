import Foundation
import TensorCoding
import Tensors
import TestSupport
import Testing

@testable import ParameterStore

struct ReencodingTests {
    private let bench: StoreBench

    init() throws {
        bench = try StoreBench(cacheByteCount: 0)
    }

    /// Three versions of a tensor, each stored alone.
    private func versions(_ count: Int) throws -> (ids: [ContentID], bytes: [[UInt8]]) {
        var bytes = [bench.floats(count, seed: 1)]
        for _ in 0..<2 { bytes.append(bench.nudged(bytes[bytes.count - 1])) }
        let writer = bench.writer(1)
        let ids = try bytes.map { try writer.add(MemoryBytes($0), kind: .float32).id }
        try bench.commit(writer, 1)
        return (ids, bytes)
    }

    @Test
    func aContentStoredAnewIsTheSameForReadersOldAndNew() throws {
        let (ids, bytes) = try versions(200_000)
        // The old places are known to the store that reads on.
        for (id, bytes) in zip(ids, bytes) { #expect(try bench.read(id, 0..<100) == Array(bytes[..<100])) }
        let writer = bench.writer(2)
        let first = try writer.reencode(ids[2], base: ids[1])
        let second = try writer.reencode(ids[1], base: nil)
        #expect(first.base == ids[1] && first.depth == 1 && second.base == nil)
        #expect(first.storedByteCount * 3 < second.storedByteCount)
        try bench.commit(writer, 2)
        for store in [bench.store, bench.fresh()] {
            for (id, bytes) in zip(ids, bytes) {
                #expect(try bench.read(id, 0..<bytes.count, in: store) == bytes)
                try store.verify(id)
            }
        }
        // When the old pack is collected, whoever still knows it looks again.
        let untouched = bench.writer(3)
        _ = try untouched.reencode(ids[0], base: nil)
        try bench.commit(untouched, 3)
        for part in ["high", "low"] {
            try FileManager.default.removeItem(atPath: bench.directory.path("pack1.\(part)"))
        }
        for (id, bytes) in zip(ids, bytes) {
            #expect(try bench.read(id, 0..<bytes.count, in: bench.fresh()) == bytes)
        }
    }

    @Test
    func aBaseThatDoesNotFitIsRefused() throws {
        let writer = bench.writer(1)
        let bytes = bench.floats(1000, seed: 2)
        let content = try writer.add(MemoryBytes(bytes), kind: .float32).id
        let shorter = try writer.add(MemoryBytes(Array(bytes.dropLast(4))), kind: .float32).id
        #expect(throws: ParameterStoreError.self) { try writer.reencode(content, base: shorter) }
        #expect(throws: ParameterStoreError.self) {
            try EncodingEstimator(store: bench.store).estimate(content, base: shorter)
        }
        writer.discard()
    }

    @Test(arguments: [5000, 200_000, 700_000])
    func estimatesAreNearWhatIsStored(count: Int) throws {
        let (ids, _) = try versions(count)
        let estimator = EncodingEstimator(store: bench.store)
        let alone = try estimator.estimate(ids[2], base: nil)
        let delta = try estimator.estimate(ids[2], base: ids[1])
        let writer = bench.writer(2)
        let stored = try writer.reencode(ids[2], base: ids[1]).storedByteCount
        writer.discard()
        let raw = try #require(bench.catalog.record(of: ids[2])).storedByteCount
        #expect(abs(alone.storedByteCount - raw) * 50 <= raw)
        #expect(abs(delta.storedByteCount - stored) * 20 <= stored)
        #expect(delta.usesBase && !alone.usesBase)
        #expect(alone.decodeSeconds > 0 && delta.decodeSeconds > 0)
    }
}
