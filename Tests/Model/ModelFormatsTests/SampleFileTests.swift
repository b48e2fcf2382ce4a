import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

struct SampleFileTests {
    /// `spans.tsv` lists the tensors as the real libraries and a second reader found them.
    @Test
    func tensorsOfEveryFormatAreFoundWhereTheyLie() throws {
        let url = Samples.folder.appending(path: "spans.tsv")
        let expected = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
        let found = try Samples.names().flatMap { name in
            let bytes = MemoryBytes(try Samples.bytes(name))
            return MappingText.lines(try mapFile(named: name, bytes)).map { "\(name)\t\($0)" }
        }
        for (left, right) in zip(found, expected) { #expect(left == right) }
        #expect(found.count == expected.count, "\(found.joined(separator: "\n"))")
    }

    /// The mark at the beginning decides, not the suffix.
    @Test(arguments: [
        ("state_dict.pt", "weights.bin"), ("checkpoint.ckpt", "noname"), ("legacy.pth", "x.dat"),
        ("model.gguf", "ggml-model"), ("c.npy", "array.dat"), ("k.weights.h5", "x.caffemodel"),
    ])
    func formatsAreKnownByTheirContent(sample: String, name: String) throws {
        let bytes = MemoryBytes(try Samples.bytes(sample))
        guard case .mapped(let map) = try mapFile(named: name, bytes) else {
            Issue.record("kept whole")
            return
        }
        #expect(!map.tensors.isEmpty)
    }

    /// Every mapping of a damaged file keeps to the file: storages are apart and inside, tensors inside
    /// storages. What is no map is a reason or an error, with a sentence.
    @Test(.timeLimit(.minutes(2)))
    func damagedFilesNeverCrashNorMapOutside() throws {
        for (number, name) in try Samples.names().enumerated() {
            var mutator = FileMutator(seed: UInt64(number + 1))
            let good = try Samples.bytes(name)
            for round in 0..<(good.count > 20_000 ? 60 : 150) {
                let bytes = mutator.mutate(good)
                try check(bytes, name, "seed \(number + 1), round \(round)")
            }
        }
    }

    private func check(_ bytes: [UInt8], _ name: String, _ comment: String) throws {
        let mapping: FileMapping
        do {
            mapping = try mapFile(named: name, MemoryBytes(bytes))
        } catch let error as ModelFormatError {
            #expect(error.message.hasSuffix("."), "\(name), \(comment): \(error.message)")
            return
        }
        guard case .mapped(let map) = mapping else { return }
        var end = 0
        for storage in map.storages {
            #expect(storage.byteRange.lowerBound >= end, "\(name), \(comment)")
            end = storage.byteRange.upperBound
        }
        #expect(end <= bytes.count, "\(name), \(comment)")
        for tensor in map.tensors {
            #expect(tensor.description.byteCount != nil, "\(name), \(comment)")
            if let values = tensor.values {
                #expect(values.count == tensor.description.byteCount, "\(name), \(comment)")
                continue
            }
            #expect(tensor.byteRange.count == tensor.description.spannedByteCount, "\(name), \(comment)")
            guard !tensor.byteRange.isEmpty else { continue }
            let range = map.storageIndex(of: tensor).map { map.storages[$0].byteRange }
            #expect(range?.contains(tensor.byteRange.lowerBound) == true, "\(name), \(comment)")
            #expect((range?.upperBound ?? 0) >= tensor.byteRange.upperBound, "\(name), \(comment)")
        }
    }
}
