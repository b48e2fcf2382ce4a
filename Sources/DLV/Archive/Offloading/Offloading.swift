import Catalog
import Foundation
import PackFiles
import ParameterStore
import TensorCoding

/// What moving low-order planes did.
public struct OffloadSummary: Sendable {
    /// The packs whose low-order planes were moved.
    public let packCount: Int
    /// The bytes that they take.
    public let byteCount: Int
}

extension ModelArchive {
    /// Moves the low-order planes of all packs to another directory: a slower disk, a network mount.
    ///
    /// Pack by pack they are copied and synced, the catalog notes where, and a link takes their place.
    /// While the directory is not there, files that need the planes cannot be opened; low resolutions
    /// of what is stored alone can.
    ///
    /// - Parameters:
    ///   - directory: Where they go; made if it is not there.
    ///   - progress: Is called with the packs done and of all.
    /// - Throws: ``ArchiveError`` or ``PackFileError``; what was moved before stays moved.
    public func offloadLowPlanes(
        to directory: String,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> OffloadSummary {
        let target = Self.absolutePath(directory)
        guard target != packsPath else {
            throw ArchiveError(.invalid, "'\(directory)' is where the packs are already.")
        }
        try Self.createFolder(target)
        return try withLock {
            try separateLowPlanes()
            return try move(progress) { pack in
                guard packDirectory.lowPlanesTarget(of: pack.name) == nil else { return false }
                let file = try packDirectory.copyLowPlanes(of: pack.name, to: target)
                try catalog.setLowPlanesDirectory(target, of: pack.id)
                try packDirectory.linkLowPlanes(of: pack.name, to: file)
                return true
            }
        }
    }

    /// Moves all low-order planes back to the packs.
    ///
    /// - Throws: ``PackFileError`` if the directory where they are is not there.
    public func bringLowPlanesBack(
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> OffloadSummary {
        try withLock {
            try move(progress) { pack in
                let target = packDirectory.lowPlanesTarget(of: pack.name)
                try packDirectory.bringLowPlanesBack(of: pack.name)
                try catalog.setLowPlanesDirectory(nil, of: pack.id)
                guard let target else { return false }
                // What cannot be deleted there takes room, but nobody needs it.
                try? FileManager.default.removeItem(atPath: target)
                return true
            }
        }
    }

    /// Codes deltas of 32-bit floats so that their upper halves do without the lower ones, unless that was
    /// done when others were moved before: else no low resolution of them could be read.
    private func separateLowPlanes() throws {
        guard try catalog.lowPlanesDirectories().isEmpty else { return }
        let deltas = try catalog.contentRecords().filter { $0.base != nil && $0.kind == .float32 }
            .sorted { ($0.depth, $0.id.rawValue) < ($1.depth, $1.id.rawValue) }
        let steps = deltas.map {
            RepackPlan.Step(content: $0.id, base: $0.base, byteCount: $0.byteCount)
        }
        for batch in Self.batches(of: steps) { _ = try recode(batch, deltaLayout: .fields) }
    }

    private func move(
        _ progress: (Int, Int) -> Void,
        _ body: ((id: PackID, name: String)) throws -> Bool
    ) throws -> OffloadSummary {
        let packs = try catalog.packs()
        var count = 0
        var byteCount = 0
        for (index, pack) in packs.enumerated() {
            progress(index, packs.count)
            guard try body(pack) else { continue }
            count += 1
            byteCount += packDirectory.lowPlanesByteCount(of: pack.name)
        }
        progress(packs.count, packs.count)
        store.forgetPlaces()
        return OffloadSummary(packCount: count, byteCount: byteCount)
    }
}
