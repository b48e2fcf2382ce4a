import Catalog
import ModelFormats
import Tensors

/// Renders what a mount shows of a snapshot beside its committed files.
enum SnapshotDocuments {
    /// The text of `layers/index.tsv`: where each tensor lies, and what it is.
    static func layerIndex(of files: [CommitRecord.File]) -> [UInt8] {
        var text = "file\ttensor\tdtype\tshape\tbytes\tsource\tminimum\tmaximum\tmean\tnorm\t"
        text += "zeros\tnans\tinfinities\n"
        var naming = LayerNaming()
        for file in files {
            let source = VersionDocuments.escaped(String(decoding: file.record.path, as: UTF8.self))
            for (tensor, facts) in file.tensors.map({ ($0.description, $0.facts) }) {
                text += "\(naming.path(of: tensor.name).path)\t"
                text += "\(VersionDocuments.escaped(tensor.name))\t\(tensor.dtype.rawValue)\t"
                text += "[\(tensor.shape.map(String.init).joined(separator: ","))]\t"
                text += "\(tensor.byteCount ?? 0)\t\(source)\t\(columns(of: facts))\n"
            }
        }
        return Array(text.utf8)
    }

    /// What is known of the elements; empty where nothing is.
    private static func columns(of facts: TensorFacts?) -> String {
        guard let facts else { return String(repeating: "\t", count: 6) }
        let numbers = [facts.minimum, facts.maximum, facts.mean, facts.norm]
        let counts = [facts.zeroCount, facts.nanCount, facts.infinityCount]
        return (numbers.map { $0.isNaN ? "" : "\($0)" } + counts.map(String.init))
            .joined(separator: "\t")
    }

    /// The header of a snapshot's `model.safetensors`, or nil if there is none to render.
    ///
    /// There is none if a committed file is it already, if there are no tensors, or if one of them
    /// cannot be part of it: a file with some of the weights would be taken for the whole.
    static func modelHeader(of files: [CommitRecord.File]) -> [UInt8]? {
        if files.count == 1, files[0].record.format == WeightFormat.safetensors.rawValue {
            return nil
        }
        let tensors = files.flatMap { $0.tensors.map(\.description) }
        guard !tensors.isEmpty, Set(tensors.map(\.name)).count == tensors.count,
            tensors.allSatisfy({ SafetensorsHeader.isRepresentable($0) })
        else { return nil }
        return SafetensorsHeader.layout(of: tensors).header
    }
}
