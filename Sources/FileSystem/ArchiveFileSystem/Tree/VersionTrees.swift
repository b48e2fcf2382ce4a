import Archive
import Catalog
import ParameterStore

/// The trees of the versions that were looked at last.
final class VersionTrees: Sendable {
    private let catalog: Catalog
    /// The bound is a number of entries: some tens of megabytes.
    private let trees = BoundedCache<VersionID, VersionTree>(weightMax: 200_000)

    init(catalog: Catalog) {
        self.catalog = catalog
    }

    /// The tree of a version.
    ///
    /// - Throws: ``FileSystemError`` with `stale` if the version was removed meanwhile.
    func tree(of version: VersionID) throws -> VersionTree {
        if let known = trees.value(for: version) { return known }
        guard let record = try catalog.version(version), record.removalTime == nil else {
            throw ArchiveTree.stale
        }
        let tree = try VersionTreeBuilder.tree(of: record, in: catalog)
        trees.insert(tree, for: version, weight: tree.entries.count)
        return tree
    }

    /// What `stat` tells of an entry of a tree.
    func attributes(
        of entry: Int,
        in tree: VersionTree,
        version: VersionID
    ) -> NodeAttributes {
        let found = tree.entries[entry]
        let kind: NodeAttributes.Kind =
            switch found.content {
            case .directory: .directory
            case .symbolicLink: .symbolicLink
            case .file, .document, .model, .array, .reduced: .regularFile
            }
        return NodeAttributes(
            node: ArchiveNode.version(version, entry: entry).number,
            kind: kind,
            size: found.size,
            permissions: found.permissions,
            modificationTime: found.modificationTime,
            // The version itself may be removed; what lies in it never changes.
            timeoutSeconds: entry == 0
                ? ArchiveTree.mutableTimeoutSeconds : ArchiveTree.sealedTimeoutSeconds
        )
    }
}
