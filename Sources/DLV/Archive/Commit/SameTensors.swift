import Catalog
import ModelFormats
import Tensors

/// Sets weight files aside that hold the same model as another of their snapshot.
///
/// A folder of Hugging Face often has the weights as safetensors, as a pickle and in half precision. One
/// of them makes the snapshot, so that `layers/` and `model.safetensors` show every tensor once: the
/// best-specified format, or the shortest name among equals. The others are kept as they are, their
/// tensors stored once with it.
enum SameTensors {
    /// The formats, the one that is preferred first.
    private static let preference: [WeightFormat] = [
        .safetensors, .torch, .torchLegacy, .keras, .hdf5, .npz, .npy, .caffe, .gguf, .onnx, .onnxData,
    ]

    private struct Place: Hashable {
        let snapshot: Int
        let folder: String
    }

    /// Makes the files auxiliary of which at least half of the tensors are in a preferred one.
    static func setAside(_ items: inout [CommitItem]) {
        var groups: [Place: [Int]] = [:]
        for (index, item) in items.enumerated() where item.role == .weights {
            guard let snapshot = item.snapshot else { continue }
            groups[Place(snapshot: snapshot, folder: item.folder), default: []].append(index)
        }
        for group in groups.values where group.count > 1 {
            var owners: [String: Int] = [:]
            for index in group.sorted(by: { rank(items[$0]) < rank(items[$1]) }) {
                let names = (items[index].map?.tensors ?? []).map(\.description.name)
                let taken = names.compactMap { owners[$0] }
                if let owner = taken.first, taken.count * 2 >= names.count {
                    items[index].role = .auxiliary
                    items[index].snapshot = nil
                    items[index].note =
                        "it holds the tensors of '\(items[owner].scanned.name)', which makes the "
                        + "snapshot; --weights chooses another."
                    continue
                }
                for name in names { owners[name] = index }
            }
        }
    }

    private static func rank(_ item: CommitItem) -> (Int, Int, String) {
        let format = item.map.flatMap { preference.firstIndex(of: $0.format) } ?? preference.count
        return (format, item.scanned.name.utf8.count, item.scanned.name)
    }
}
