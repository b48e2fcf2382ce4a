import Catalog
import ParameterStore
import TensorCoding
import Tensors

/// Which stored contents a new one may be a delta against.
///
/// A content is like another if the same tensor begins it and it has as many bytes of the same
/// kind. Two of each are kept: that of the snapshot before (at first, of the parent), and the one that the
/// line of snapshots began with.
struct BaseCandidates {
    private struct Key: Hashable {
        let tensor: String
        let byteCount: Int
        let kind: ElementKind
    }

    private var latest: [Key: [ContentID]] = [:]

    /// The contents to try, the most promising first.
    func bases(tensor: String, byteCount: Int, kind: ElementKind) -> [ContentID] {
        latest[Key(tensor: tensor, byteCount: byteCount, kind: kind)] ?? []
    }

    /// Remembers a content that begins with a tensor.
    mutating func add(_ content: ContentID, tensor: String, byteCount: Int, kind: ElementKind) {
        let key = Key(tensor: tensor, byteCount: byteCount, kind: kind)
        let others = latest[key, default: []].filter { $0 != content }
        latest[key] = [content] + others.suffix(1)
    }

    /// Remembers the contents of the latest snapshot of a version.
    mutating func add(_ version: VersionID, of catalog: Catalog) throws {
        guard let last = try catalog.snapshots(of: version).last?.ordinal else { return }
        for file in try catalog.files(of: version) where file.snapshot == last {
            for tensor in try catalog.tensors(of: file.id) where tensor.byteOffset == 0 {
                guard let content = tensor.content, let record = try catalog.record(of: content)
                else { continue }
                add(
                    content,
                    tensor: tensor.description.name,
                    byteCount: record.byteCount,
                    kind: record.kind
                )
            }
        }
    }
}
