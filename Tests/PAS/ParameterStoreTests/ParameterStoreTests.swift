import Dispatch
import Foundation
import PackFiles
import Synchronization
import TensorCoding
import Tensors
import TestSupport
import Testing

@testable import ParameterStore

struct ParameterStoreTests {
    private let bench: StoreBench
    private var store: ParameterStore { bench.store }
    private var catalog: MemoryCatalog { bench.catalog }
    private var directory: TemporaryDirectory { bench.directory }

    init() throws {
        bench = try StoreBench()
    }

    private func writer(_ number: Int64) -> ContentWriter { bench.writer(number) }
    private func commit(_ writer: ContentWriter, _ number: Int64) throws {
        try bench.commit(writer, number)
    }
    private func floats(_ count: Int, seed: UInt64) -> [UInt8] { bench.floats(count, seed: seed) }
    private func nudged(_ bytes: [UInt8]) -> [UInt8] { bench.nudged(bytes) }

    /// A writer of a second pack that holds a content too, as a new storage plan makes one.
    private func moved(_ id: ContentID, _ bytes: [UInt8]) throws -> ContentWriter {
        let store = ParameterStore(
            packs: directory.path,
            catalog: MemoryCatalog(),
            cacheByteCount: 1 << 20
        )
        let writer = ContentWriter(
            store: store,
            packName: "pack2",
            pack: PackID(rawValue: 2),
            firstContentID: id
        )
        _ = try writer.add(MemoryBytes(bytes), kind: .float32)
        return writer
    }

    private func read(_ id: ContentID, _ range: Range<Int>) throws -> [UInt8] {
        try bench.read(id, range)
    }

    @Test(arguments: [0, 1, 3, 4, 262_143, 262_144, 262_145, 800_000])
    func aContentIsReadBackAtAnyPlace(byteCount: Int) throws {
        let bytes = Array(floats(byteCount / 4 + 1, seed: 1).prefix(byteCount))
        for (number, kind) in ElementKind.allCases.enumerated() {
            let writer = writer(Int64(number + 1))
            let id = try writer.add(MemoryBytes(bytes + [UInt8(number)]), kind: kind).id
            try commit(writer, Int64(number + 1))
            let whole = bytes + [UInt8(number)]
            #expect(try read(id, 0..<whole.count) == whole)
            #expect(try read(id, whole.count / 2..<whole.count) == Array(whole[(whole.count / 2)...]))
            try store.verify(id)
        }
    }

    @Test
    func equalBytesAreStoredOnce() throws {
        let bytes = floats(10_000, seed: 2)
        let first = writer(1)
        let id = try first.add(MemoryBytes(bytes), kind: .float32)
        #expect(!id.isKnown)
        #expect(try first.add(MemoryBytes(bytes), kind: .float32) == .init(id: id.id, isKnown: true))
        try commit(first, 1)
        let second = writer(2)
        #expect(try second.add(MemoryBytes(bytes), kind: .bytes).id == id.id)
        #expect(try second.finish().isEmpty)
    }

    @Test
    func chainsOfDeltasAreReadAndStayShort() throws {
        var versions = [floats(100_000, seed: 3)]
        let writer = writer(1)
        var ids = [try writer.add(MemoryBytes(versions[0]), kind: .float32).id]
        for _ in 0..<8 {
            let last = try #require(versions.last)
            versions.append(nudged(last))
            let next = try #require(versions.last)
            ids.append(try writer.add(MemoryBytes(next), kind: .float32, bases: [ids[ids.count - 1]]).id)
        }
        // Pending contents are readable before the catalog knows them.
        #expect(try read(ids[8], 0..<100) == Array(versions[8][0..<100]))
        try commit(writer, 1)
        let depths = ids.compactMap { catalog.record(of: $0)?.depth }
        #expect(depths.max() == ContentWriter.depthMax)
        #expect(depths[1] == 1)
        let raw = try #require(catalog.record(of: ids[0])?.storedByteCount)
        for (id, bytes) in zip(ids, versions) {
            #expect(try read(id, 0..<bytes.count) == bytes)
            try store.verify(id)
        }
        for id in ids.dropFirst() {
            #expect(try #require(catalog.record(of: id)).storedByteCount < raw / 2)
        }
    }

    @Test
    func aBaseOfAnotherSizeOrKindIsNotUsed() throws {
        let bytes = floats(5000, seed: 4)
        let writer = writer(1)
        let base = try writer.add(MemoryBytes(bytes), kind: .float32).id
        let longer = try writer.add(MemoryBytes(nudged(bytes) + [0, 0, 0, 0]), kind: .float32, bases: [base])
        let other = try writer.add(MemoryBytes(nudged(bytes)), kind: .integer32, bases: [base])
        try commit(writer, 1)
        #expect(catalog.record(of: longer.id)?.base == nil)
        #expect(catalog.record(of: other.id)?.base == nil)
    }

    @Test
    func aDiscardedCommitLeavesNothing() throws {
        let writer = writer(1)
        let bytes = floats(70_000, seed: 5)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        _ = try read(id, 0..<8)
        writer.discard()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        let error = #expect(throws: ParameterStoreError.self) { try read(id, 0..<8) }
        #expect(error?.code == .missingContent)
        // The same number may come again with other bytes, and the old ones must not.
        let next = self.writer(1)
        let other = floats(70_000, seed: 6)
        #expect(try next.add(MemoryBytes(other), kind: .float32).id == id)
        #expect(try read(id, 0..<100) == Array(other[0..<100]))
    }

    @Test
    func aFlippedByteSpoilsItsChunkAlone() throws {
        let bytes = floats(65_536 * 4, seed: 7)
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        try commit(writer, 1)
        let path = directory.path("pack1.low")
        var pack = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        pack[pack.count / 2 + 1000] ^= 4
        // In place, as damage comes: the store has the file open.
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.write(contentsOf: Data(pack))
        try handle.close()
        var damaged = 0
        for chunk in 0..<4 {
            let range = chunk * 262_144..<(chunk + 1) * 262_144
            do {
                #expect(try read(id, range) == Array(bytes[range]))
            } catch let error as ParameterStoreError {
                damaged += 1
                #expect(error.code == .damaged)
                #expect(error.message.contains("pack1.low") && error.message.contains("offset"))
            }
        }
        #expect(damaged == 1)
        #expect(throws: ParameterStoreError.self) { try store.verify(id) }
    }

    @Test
    func aWrongHashIsFoundByVerification() throws {
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(floats(10, seed: 8)), kind: .float32).id
        try commit(writer, 1)
        var record = try #require(catalog.record(of: id))
        record.hash = ContentHash(bytes: Array(repeating: 0, count: 32))
        catalog.replace(record)
        let error = #expect(throws: ParameterStoreError.self) { try store.verify(id) }
        #expect(error?.message.contains("SHA-256") == true)
    }

    @Test
    func recordsThatLieAreErrors() throws {
        let writer = writer(1)
        let bytes = floats(100, seed: 9)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        try commit(writer, 1)
        let good = try #require(catalog.record(of: id))
        for change: (inout ContentRecord) -> Void in [
            { $0.byteCount += 262_144 }, { $0.byteCount = -1 }, { $0.indexOffset += 1 },
            { $0.indexByteCount = 1 << 40 }, { $0.indexOffset = 1 << 40 }, { $0.kind = .float64 },
            { $0.byteCount += 4 },
        ] {
            var record = good
            change(&record)
            catalog.replace(record)
            let fresh = ParameterStore(
                packs: directory.path,
                catalog: catalog,
                cacheByteCount: 1 << 20
            )
            #expect(throws: ParameterStoreError.self) {
                var bytes = [UInt8](repeating: 0, count: 400)
                try bytes.withUnsafeMutableBytes { try fresh.read(id, at: 0, into: $0) }
            }
        }
    }

    @Test
    func aMissingPackIsNamed() throws {
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(floats(10, seed: 10)), kind: .float32).id
        try commit(writer, 1)
        try FileManager.default.removeItem(atPath: directory.path("pack1.high"))
        let fresh = ParameterStore(packs: directory.path, catalog: catalog, cacheByteCount: 1 << 20)
        let error = #expect(throws: ParameterStoreError.self) { try fresh.verify(id) }
        #expect(error?.code == .missingPack && error?.message.contains("pack1.high") == true)
    }

    @Test
    func aContentThatMovedIsFoundAgain() throws {
        let bytes = floats(1000, seed: 11)
        let first = writer(1)
        let id = try first.add(MemoryBytes(bytes), kind: .float32).id
        try commit(first, 1)
        // Its chunk index is known now; the cache holds nothing of it.
        _ = try store.content(id)
        let other = ContentWriter(
            store: ParameterStore(
                packs: directory.path,
                catalog: MemoryCatalog(),
                cacheByteCount: 1 << 20
            ),
            packName: "pack2",
            pack: PackID(rawValue: 2),
            firstContentID: id
        )
        _ = try other.add(MemoryBytes(bytes), kind: .float32)
        catalog.add(try other.finish(), pack: PackID(rawValue: 2), name: "pack2")
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: directory.path("pack1.high")))
        try handle.truncate(atOffset: 8)
        #expect(try read(id, 0..<bytes.count) == bytes)
    }

    @Test
    func manyReadersAtOnceSeeTheSameBytesAndOneDecodes() throws {
        let bytes = floats(65_536 * 3, seed: 12)
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        try commit(writer, 1)
        let failures = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 16) { seed in
            var generator = SeededGenerator(seed: UInt64(seed))
            for _ in 0..<20 {
                let start = Int.random(in: 0..<bytes.count, using: &generator)
                let count = min(bytes.count - start, Int.random(in: 1...100_000, using: &generator))
                let range = start..<start + count
                if (try? read(id, range)) != Array(bytes[range]) {
                    failures.wrappingAdd(1, ordering: .relaxed)
                }
            }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        // Three chunks fit the cache, so each was decoded once, whoever asked first.
        #expect(store.statistics.decodedChunkCount == 3)
        #expect(store.statistics.cachedByteCount == 3 * 262_144)
    }

    @Test
    func theCacheStaysWithinItsBound() throws {
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(floats(65_536 * 24, seed: 13)), kind: .float32).id
        try commit(writer, 1)
        for chunk in 0..<24 { _ = try read(id, chunk * 262_144..<chunk * 262_144 + 1) }
        #expect(store.statistics.cachedByteCount <= 4 << 20)
    }

    @Test
    func piecesAreTheCachedBytesThemselves() throws {
        let bytes = floats(65_536 * 3, seed: 14)
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        try commit(writer, 1)
        let pieces = try store.pieces(of: id, at: 262_000, byteCount: 262_400)
        #expect(pieces.map(\.byteCount) == [144, 262_144, 112])
        #expect(pieces.flatMap { Array($0.bytes) } == Array(bytes[262_000..<524_400]))
        let again = try store.pieces(of: id, at: 262_144, byteCount: 4)
        #expect(again[0].owner === pieces[1].owner)
        #expect(try store.pieces(of: id, at: 5, byteCount: 0).isEmpty)
        #expect(throws: ParameterStoreError.self) {
            try store.pieces(of: id, at: bytes.count - 1, byteCount: 2)
        }
    }

    @Test
    func whatWasReadAheadIsNotDecodedAgain() async throws {
        let bytes = floats(65_536 * 8, seed: 15)
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        try commit(writer, 1)
        store.prefetch(id, 0..<1_500_000) { _ in false }
        // What would be too much at a time is dropped, so the first must be taken before the second.
        while store.statistics.waitingPrefetchByteCount > 0 { try await Task.sleep(for: .milliseconds(1)) }
        // Asked for each part as its turn comes; the first is that of all models.
        store.prefetch(id, 300_000..<2_000_000) { $0.lowerBound < 1_500_000 }
        // Beyond the end, and a content that is not there: nobody asked, so nobody is told.
        store.prefetch(id, bytes.count..<bytes.count + 1_000) { _ in true }
        store.prefetch(ContentID(rawValue: 77), 0..<1_000) { _ in true }
        while store.statistics.decodedChunkCount < 5 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try read(id, 262_144..<1_572_864) == Array(bytes[262_144..<1_572_864]))
        #expect(store.statistics.decodedChunkCount == 5)
        #expect(store.statistics.hitCount == 5 && store.statistics.missCount == 0)
        #expect(try read(id, 0..<bytes.count) == bytes)
        #expect(store.statistics.decodedChunkCount == 8)
    }

    @Test
    func whatAReaderHasPassedGoesBeforeAllElse() throws {
        // The cache has 4 MiB, a quarter of it for what was passed.
        let writer = writer(1)
        let bytes = floats(65_536 * 24, seed: 18)
        let id = try writer.add(MemoryBytes(bytes), kind: .float32).id
        try commit(writer, 1)
        let chunk = 262_144
        _ = try read(id, 0..<2 * chunk)
        for index in 2..<24 {
            _ = try read(id, index * chunk..<(index + 1) * chunk)
            // The chunk in the middle of which the range ends is still being read.
            store.pass(id, index * chunk..<(index + 1) * chunk + 1)
        }
        #expect(store.statistics.cachedByteCount == 6 * chunk)
        let before = store.statistics.decodedChunkCount
        _ = try read(id, 0..<2 * chunk)
        _ = try read(id, 20 * chunk..<24 * chunk)
        #expect(store.statistics.decodedChunkCount == before)
        #expect(try read(id, 19 * chunk..<20 * chunk) == Array(bytes[19 * chunk..<20 * chunk]))
        #expect(store.statistics.decodedChunkCount == before + 1)
        // Nobody needs to know whether there is such a content.
        store.pass(ContentID(rawValue: 77), 0..<1_000)
    }

    @Test
    func aHeldPackStays() throws {
        let bytes = floats(65_536, seed: 16)
        let first = writer(1)
        let id = try first.add(MemoryBytes(bytes), kind: .float32).id
        try commit(first, 1)
        _ = try store.content(id)
        let packs = PackDirectory(path: directory.path)
        let held = self.store.hold(["pack1", "missing"])
        self.store.forgetPlaces()
        #expect(packs.isHeld("pack1"))
        #expect(try !packs.remove("pack1"), "somebody needs it")
        withExtendedLifetime(held) {}
        #expect(try read(id, 0..<4) == Array(bytes[0..<4]))
    }

    @Test
    func aPackThatNobodyNeedsCanBeRemoved() throws {
        let writer = writer(1)
        let id = try writer.add(MemoryBytes(floats(10, seed: 17)), kind: .float32).id
        try commit(writer, 1)
        _ = try read(id, 0..<4)
        let packs = PackDirectory(path: directory.path)
        #expect(try packs.isHeld("pack1") && !packs.remove("pack1"))
        store.forgetPlaces()
        #expect(try !packs.isHeld("pack1") && packs.remove("pack1"))
        #expect(!packs.isHeld("pack1"))
    }

    @Test
    func contentsThatMovedAreReadFromTheirNewPack() throws {
        let bytes = floats(65_536, seed: 18)
        let first = writer(1)
        let id = try first.add(MemoryBytes(bytes), kind: .float32).id
        try commit(first, 1)
        _ = try store.content(id)
        let other = try moved(id, bytes)
        catalog.add(try other.finish(), pack: PackID(rawValue: 2), name: "pack2")
        catalog.remove(PackID(rawValue: 1))
        store.forgetPlaces()
        #expect(try PackDirectory(path: directory.path).remove("pack1"))
        #expect(try read(id, 0..<bytes.count) == bytes)
    }
}
