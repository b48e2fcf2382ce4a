import Archive
import Catalog
import Foundation
import ParameterStore
import Synchronization

/// The trees of the versions that were looked at last, and those that are being made.
///
/// However many look at a version, one makes its tree. That of very many files is made by a thread of its own,
/// while those who look see what there is already.
final class VersionTrees: Sendable {
    private let catalog: Catalog
    private let trees = BoundedCache<VersionID, VersionTree>(weightMax: byteCountMax)
    private let growing = Mutex<[VersionID: GrowingTree]>([:])

    private static let byteCountMax = 64 << 20

    /// From how many files on a thread of its own, which costs as much as a few hundred of them.
    private static let threadFileCountMin = 2000

    init(catalog: Catalog) {
        self.catalog = catalog
    }

    /// Looks at the tree of a version; one that is being made, once a function finds enough in it.
    ///
    /// - Parameters:
    ///   - version: The version.
    ///   - isEnough: Whether there is enough in a tree that is being made. It and `body` take little time.
    ///   - body: Gets a tree with enough in it, or a complete one.
    /// - Throws: ``FileSystemError`` with `stale` if the version was removed meanwhile.
    func look<Value>(
        at version: VersionID,
        until isEnough: (VersionTree) -> Bool,
        _ body: (VersionTree) throws -> Value
    ) throws -> Value {
        if let known = trees.value(for: version) { return try body(known) }
        let (tree, isNew) = growing.withLock { growing -> (GrowingTree?, Bool) in
            if let tree = growing[version] { return (tree, false) }
            // It may have been completed since it was looked for.
            if trees.value(for: version) != nil { return (nil, false) }
            let tree = GrowingTree()
            growing[version] = tree
            return (tree, true)
        }
        guard let tree else { return try look(at: version, until: isEnough, body) }
        if isNew { start(tree, of: version) }
        return try tree.look(until: isEnough, body)
    }

    private func start(_ tree: GrowingTree, of version: VersionID) {
        do {
            guard let record = try catalog.version(version), record.removalTime == nil else {
                throw ArchiveTree.stale
            }
            let fileCount = try catalog.fileCount(of: version)
            guard fileCount >= Self.threadFileCountMin else {
                return make(tree, of: record, fileCount: fileCount)
            }
            Thread.detachNewThread { self.make(tree, of: record, fileCount: fileCount) }
        } catch {
            fail(tree, of: version, error)
        }
    }

    private func make(_ tree: GrowingTree, of version: VersionRecord, fileCount: Int) {
        do {
            try VersionTreeBuilder.build(tree, of: version, fileCount: fileCount, in: catalog)
            let complete = tree.complete()
            // One that is too large is kept alone: it would be made again for every look otherwise.
            let weight = min(complete.byteCount, Self.byteCountMax)
            trees.insert(complete, for: version.id, weight: weight)
            growing.withLock { $0[version.id] = nil }
        } catch {
            fail(tree, of: version.id, error)
        }
    }

    private func fail(_ tree: GrowingTree, of version: VersionID, _ error: any Error) {
        growing.withLock { $0[version] = nil }
        tree.fail(error)
    }

    /// What `stat` tells of an entry of a tree.
    func attributes(
        of entry: Int,
        in tree: VersionTree,
        version: VersionID
    ) -> NodeAttributes {
        let found = tree.entries[entry]
        return NodeAttributes(
            node: ArchiveNode.version(version, entry: entry).number,
            kind: found.kind,
            size: found.size,
            permissions: found.permissions,
            modificationTime: found.modificationTime,
            // The version itself may be removed; what lies in it never changes.
            timeoutSeconds: entry == 0
                ? ArchiveTree.mutableTimeoutSeconds : ArchiveTree.sealedTimeoutSeconds
        )
    }
}
