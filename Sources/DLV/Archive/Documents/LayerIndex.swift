public import Catalog

/// `layers/index.tsv` of tensors that are not a committed snapshot's.
public enum LayerIndex {
    /// The text, with a line a tensor.
    ///
    /// - Parameters:
    ///   - tensors: The tensors, in the order of their layers.
    ///   - source: The path that the column `source` shows.
    public static func text(of tensors: [TensorRecord], source: String) -> [UInt8] {
        let record = FileRecord(
            path: Array(source.utf8), role: .weights, byteCount: 0, hash: [], modificationTime: 0
        )
        return SnapshotDocuments.layerIndex(
            of: [CommitRecord.File(record: record, spans: [], tensors: tensors)]
        )
    }
}
