public import Catalog

extension ModelArchive {
    /// The text of `layers/index.tsv` of a committed snapshot.
    ///
    /// It is made of the catalog's rows, so that it is not stored beside the numbers that it shows: the
    /// same text every time, of the size that the commit noted.
    ///
    /// - Parameters:
    ///   - version: The version.
    ///   - snapshot: The ordinal of the snapshot.
    /// - Throws: ``CatalogError``.
    public func layerIndex(of version: VersionID, snapshot: Int) throws -> [UInt8] {
        let files = try catalog.files(of: version).filter {
            $0.snapshot == snapshot && $0.role == .weights
        }
        return SnapshotDocuments.layerIndex(
            of: try files.map { file in
                let tensors = zip(
                    try catalog.tensors(of: file.id),
                    try catalog.facts(ofTensorsIn: file.id)
                ).map { tensor, facts in
                    var tensor = tensor
                    tensor.facts = facts
                    return tensor
                }
                return CommitRecord.File(record: file, spans: [], tensors: tensors)
            }
        )
    }
}

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
