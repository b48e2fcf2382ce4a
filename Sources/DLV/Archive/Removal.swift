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
    /// The contents that were coded against another base, so that one that no version uses could go.
    public let rebasedContentCount: Int
    /// The contents that were moved out of packs of which little was needed.
    public let movedContentCount: Int
    /// The contents that stay only because others are coded against them.
    public let keptBaseCount: Int
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
    /// Contents whose base no version uses are coded against another one if that takes less room, and
    /// packs of which little is needed are written anew. A pack that a mount holds open stays until
    /// the next collection.
    public func collect() throws -> CollectionSummary {
        try withLock {
            // This process has packs open for no other reason than to be quick.
            store.forgetPlaces()
            let directory = packDirectory
            let sizeBefore = try catalog.contentTotals()
            let all = try directory.list()
            // What a mount has open stays whole: its rows too, so that a reader gets to the end.
            let heldNames = all.map(\.name).filter(directory.isHeld)
            var held = try catalog.collectContents(keepingPacks: heldNames).heldPackCount
            var compaction = PackCompaction(self, heldPacks: heldNames)
            try compaction.rebase()
            try compaction.compact()
            store.forgetPlaces()
            let sizeAfter = try catalog.contentTotals()
            let named = Set(try catalog.packNames())
            var packs = 0
            for pack in try directory.list() where !named.contains(pack.name) {
                if try directory.remove(pack.name) {
                    packs += 1
                } else {
                    held += 1
                }
            }
            let sizeOfRest = try directory.list().reduce(0) { $0 + $1.byteCount }
            removeCopyingLitter()
            try catalog.checkpoint()
            return CollectionSummary(
                contentCount: sizeBefore.count - sizeAfter.count,
                contentByteCount: max(0, sizeBefore.storedByteCount - sizeAfter.storedByteCount),
                packCount: packs,
                freedByteCount: max(0, all.reduce(0) { $0 + $1.byteCount } - sizeOfRest),
                heldPackCount: held,
                rebasedContentCount: compaction.rebasedCount,
                movedContentCount: compaction.movedCount,
                keptBaseCount: try compaction.keptBaseCount()
            )
        }
    }
}
