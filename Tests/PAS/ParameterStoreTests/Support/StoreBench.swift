import Foundation
import Synchronization
import TensorCoding
import Tensors
import TestSupport

@testable import ParameterStore

/// A catalog in memory.
final class MemoryCatalog: ContentCatalog {
    private struct State {
        var records: [ContentID: ContentRecord] = [:]
        var packs: [PackID: String] = [:]
    }

    private let state = Mutex(State())

    func add(_ records: [ContentRecord], pack: PackID, name: String) {
        state.withLock { state in
            for record in records { state.records[record.id] = record }
            state.packs[pack] = name
        }
    }

    func replace(_ record: ContentRecord) {
        state.withLock { $0.records[record.id] = record }
    }

    func remove(_ pack: PackID) {
        state.withLock { $0.packs[pack] = nil }
    }

    func record(of id: ContentID) -> ContentRecord? {
        state.withLock { $0.records[id] }
    }

    func id(of hash: ContentHash) -> ContentID? {
        state.withLock { $0.records.values.first { $0.hash == hash }?.id }
    }

    func packNames(of contents: [ContentID]) -> [String] {
        state.withLock { state in
            var names: [String] = []
            for id in contents {
                var next = state.records[id]
                while let record = next {
                    if let name = state.packs[record.pack], !names.contains(name) { names.append(name) }
                    next = record.base.flatMap { state.records[$0] }
                }
            }
            return names
        }
    }

    func packName(of id: PackID) -> String? {
        state.withLock { $0.packs[id] }
    }
}

/// A store in a temporary directory, and what tests do with it.
struct StoreBench {
    let directory: TemporaryDirectory
    let catalog = MemoryCatalog()
    let store: ParameterStore

    init(cacheByteCount: Int = 4 << 20) throws {
        directory = try TemporaryDirectory()
        store = ParameterStore(
            packs: directory.path,
            catalog: catalog,
            cacheByteCount: cacheByteCount
        )
    }

    /// A store of the same packs that has read nothing yet.
    func fresh() -> ParameterStore {
        ParameterStore(packs: directory.path, catalog: catalog, cacheByteCount: 1 << 20)
    }

    func writer(_ number: Int64) -> ContentWriter {
        ContentWriter(
            store: store,
            packName: "pack\(number)",
            pack: PackID(rawValue: number),
            firstContentID: ContentID(rawValue: number * 1000)
        )
    }

    func commit(_ writer: ContentWriter, _ number: Int64) throws {
        catalog.add(try writer.finish(), pack: PackID(rawValue: number), name: "pack\(number)")
    }

    func floats(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            .withUnsafeBytes { Array($0) }
    }

    func nudged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for index in stride(from: 0, to: bytes.count, by: 4) { bytes[index] &+= 3 }
        return bytes
    }

    func read(
        _ id: ContentID,
        _ range: Range<Int>,
        resolution: Resolution = .full,
        in store: ParameterStore? = nil
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        try bytes.withUnsafeMutableBytes {
            try (store ?? self.store).read(
                id,
                at: range.lowerBound,
                into: $0,
                resolution: resolution
            )
        }
        return bytes
    }
}
