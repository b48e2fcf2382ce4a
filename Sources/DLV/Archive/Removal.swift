public import Catalog
import PackFiles
import ParameterStore

/// What a collection freed.
public struct CollectionSummary: Sendable {
    /// The contents that nothing needed any more.
    public let contentCount: Int
    /// The bytes that they took in the packs.
    public let contentByteCount: Int
    /// The pack files that went.
    public let packCount: Int
    /// The bytes of the disk that came free.
    public let freedByteCount: Int
    /// The packs that nothing needs, but that a reader still holds open.
    public let heldPackCount: Int
}

extension ModelArchive {
    /// Removes a version; its number and its id are never used again.
    ///
    /// The space comes free with ``collect()``.
    public func remove(_ version: VersionRecord) throws {
        try withLock { try catalog.remove(version.id, at: Self.now()) }
    }

    /// Frees what no version needs: contents, then packs that hold none, then litter of commits that
    /// were killed.
    ///
    /// A pack that a mount holds open stays until the next collection.
    public func collect() throws -> CollectionSummary {
        try withLock {
            // This process has packs open for no other reason than to be quick.
            store.forgetPlaces()
            let directory = PackDirectory(path: packsPath)
            let all = try directory.list()
            // What a mount has open stays whole: its rows too, so that a reader gets to the end.
            let heldNames = all.map(\.name).filter(directory.isHeld)
            var (contents, byteCount, held) = try catalog.collectContents(keepingPacks: heldNames)
            let named = Set(try catalog.packNames())
            var packs = 0
            var freed = 0
            for pack in all where !named.contains(pack.name) {
                if try directory.remove(pack.name) {
                    packs += 1
                    freed += pack.byteCount
                } else {
                    held += 1
                }
            }
            try catalog.checkpoint()
            return CollectionSummary(
                contentCount: contents,
                contentByteCount: byteCount,
                packCount: packs,
                freedByteCount: freed,
                heldPackCount: held
            )
        }
    }
}
