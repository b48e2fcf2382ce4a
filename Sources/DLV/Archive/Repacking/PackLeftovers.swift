import Catalog
import PackFiles
import ParameterStore

/// What a repack leaves in the old packs.
///
/// A pack goes when nothing in it is needed, so contents that stay as they are move out of those of which
/// much is dead; what they free and what is written for it decides whether a repack gains anything.
struct PackLeftovers {
    private struct Pack {
        let byteCount: Int
        /// What stays as it is.
        var rest: [ContentRecord] = []

        var restByteCount: Int { rest.reduce(0) { $0 + $1.storedByteCount } }
        var deadShare: Double { 1 - Double(restByteCount) / Double(max(1, byteCount)) }
    }

    private var packs: [PackID: Pack] = [:]

    /// The shares of a pack that may be dead: the first that makes the packs smaller counts, so that as
    /// little as possible is written.
    private static let deadShares = [0.03, 0.001]

    /// Looks at what is left of each pack.
    ///
    /// - Parameter recoded: The contents that are coded anew.
    init(_ archive: ModelArchive, recoded: Set<ContentID>) throws {
        let sizes = Dictionary(
            try archive.packDirectory.list().map { ($0.name, $0.byteCount) },
            uniquingKeysWith: { first, _ in first }
        )
        for (id, name) in try archive.catalog.packs() {
            packs[id] = sizes[name].map { Pack(byteCount: $0) }
        }
        for record in try archive.catalog.contentRecords() where !recoded.contains(record.id) {
            packs[record.pack]?.rest.append(record)
        }
    }

    /// The steps that code contents anew, and behind them those that move others.
    ///
    /// - Parameters:
    ///   - coded: What is coded anew.
    ///   - writtenByteCount: The bytes that this takes.
    ///   - isGainNeeded: Whether it is done only if the packs become smaller.
    /// - Returns: All steps; none if they gain nothing.
    func steps(
        _ coded: [RepackPlan.Step],
        writtenByteCount: Int,
        isGainNeeded: Bool
    ) -> [RepackPlan.Step] {
        for deadShare in Self.deadShares {
            let left = packs.values.filter { $0.deadShare > deadShare }
            let moved = left.flatMap(\.rest).sorted { $0.id.rawValue < $1.id.rawValue }
            let steps = coded + moved.map { RepackPlan.Step(moving: $0) }
            let written = writtenByteCount + moved.reduce(0) { $0 + $1.storedByteCount }
                + ModelArchive.batches(of: steps).count * PackWriter.emptyByteCount
            let isGain = written < left.reduce(0) { $0 + $1.byteCount }
            if isGain || !isGainNeeded { return steps }
        }
        return []
    }
}
