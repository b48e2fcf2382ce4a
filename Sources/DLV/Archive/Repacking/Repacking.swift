import Catalog
import PackFiles
import ParameterStore
public import StoragePlanning

/// What a repack did.
public struct RepackSummary: Sendable {
    /// The contents that were coded anew.
    public let contentCount: Int
    /// The contents that were moved as they are, out of packs of which little else is needed.
    public let movedCount: Int
    /// The contents that stay as they are because they cannot be read.
    public let damagedCount: Int
    /// The bytes of all packs before.
    public let byteCountBefore: Int
    /// The bytes of all packs after.
    public let byteCountAfter: Int
    /// Packs that nothing needs any more, but that a reader still holds open.
    public let heldPackCount: Int
}

extension ModelArchive {
    /// Stores contents as a plan says.
    ///
    /// It goes in batches, each a pack and a transaction, with the archive's lock held only meanwhile: commits
    /// and readers go on. A repack that is killed leaves the batches that were done; planning again
    /// finds what is left to do. Old packs go in the end, unless a reader holds them open.
    ///
    /// - Parameters:
    ///   - plan: What ``planRepack(_:progress:)`` chose.
    ///   - progress: Is called with the bytes done and of all.
    /// - Throws: ``ArchiveError``, or an error of the store; what was done before stays done.
    public func repack(
        _ plan: RepackPlan,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> RepackSummary {
        let before = try packDirectory.list().reduce(0) { $0 + $1.byteCount }
        let total = plan.steps.reduce(0) { $0 + $1.byteCount }
        var done = 0
        var count = 0
        var movedCount = 0
        var damagedCount = 0
        for batch in Self.batches(of: plan.steps) {
            let result = try withLock {
                try recode(batch) {
                    done += $0
                    progress(done, total)
                }
            }
            count += result.count
            movedCount += result.movedCount
            damagedCount += result.damagedCount
        }
        let collected = try collect()
        return RepackSummary(
            contentCount: count,
            movedCount: movedCount,
            damagedCount: damagedCount,
            byteCountBefore: before,
            byteCountAfter: try packDirectory.list().reduce(0) { $0 + $1.byteCount },
            heldPackCount: collected.heldPackCount
        )
    }

    /// What recreating each snapshot takes one core, measured: in the catalog's order of snapshots, as the
    /// costs that a plan predicts.
    ///
    /// - Parameters:
    ///   - retrieval: Independent retrieval sums the tensors' times, parallel takes the longest. Reusable is
    ///     measured as independent, which it never exceeds.
    ///   - progress: Is called with the snapshots done and of all.
    public func measureRecreation(
        _ retrieval: RetrievalScheme,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [Double] {
        let groups = try catalog.snapshotContents()
        return try groups.enumerated().map { index, contents in
            progress(index, groups.count)
            return try contents.reduce(0) { total, id in
                let seconds = try store.secondsOfRead(id)
                return retrieval == .parallel ? max(total, seconds) : total + seconds
            }
        }
    }

    /// What a batch codes at most: some seconds, for which a commit may have to wait.
    private static let batchByteCountMax = 128 << 20
    private static let batchStepCountMax = 2000

    static func batches(of steps: [RepackPlan.Step]) -> [ArraySlice<RepackPlan.Step>] {
        var batches: [ArraySlice<RepackPlan.Step>] = []
        var start = 0
        var byteCount = 0
        for (index, step) in steps.enumerated() {
            byteCount += step.byteCount
            let isFull = byteCount >= batchByteCountMax || index - start + 1 >= batchStepCountMax
            guard isFull || index + 1 == steps.count else { continue }
            batches.append(steps[start...index])
            start = index + 1
            byteCount = 0
        }
        return batches
    }
}
