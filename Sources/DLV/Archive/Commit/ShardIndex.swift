import Foundation
import Tensors

/// Looks whether the shards that an index names are there.
///
/// `model.safetensors.index.json` and `pytorch_model.bin.index.json` of transformers map the names of
/// tensors to files of the same folder. The index itself is kept as it is; nothing is read through it.
enum ShardIndex {
    private struct Index: Decodable {
        let weight_map: [String: String]
    }

    private static let suffixes = [".safetensors.index.json", ".bin.index.json"]

    /// A larger index would name more tensors than any model has.
    private static let byteCountMax = 64 << 20

    /// Gives an index of which shards are missing a note.
    static func check(_ items: inout [CommitItem]) throws {
        let names = Set(items.map(\.scanned.name))
        for index in items.indices {
            let item = items[index]
            guard item.scanned.linkTarget == nil,
                suffixes.contains(where: item.scanned.name.hasSuffix),
                item.scanned.status.byteCount <= byteCountMax
            else { continue }
            let source = try FileBytes(path: item.scanned.sourcePath)
            let bytes = Data(try source.bytes(in: 0..<source.byteCount))
            guard let found = try? JSONDecoder().decode(Index.self, from: bytes) else {
                items[index].note = "it is no index of shards, although its name says so."
                continue
            }
            let missing = Set(found.weight_map.values).filter { !names.contains(item.folder + $0) }
            guard !missing.isEmpty else { continue }
            let shown = missing.sorted().prefix(3).map { "'\($0)'" }.joined(separator: ", ")
            items[index].note =
                "it names \(missing.count) shards that are not part of the commit, among them "
                + shown + "."
        }
    }
}
