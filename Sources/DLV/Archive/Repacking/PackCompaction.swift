import Catalog
import PackFiles
import ParameterStore

/// Makes room that deleting rows alone does not: contents that live only as bases, and packs that are
/// mostly dead.
///
/// Used by a collection, which holds the archive's lock.
struct PackCompaction {
    /// Packs of which more than this share is dead are written anew, unless that is next to nothing.
    private static let deadShareMax = 0.2
    private static let deadByteCountMax = 4096

    let archive: ModelArchive

    /// The packs that readers hold open: what they hold stays in the catalog.
    private let heldPacks: Set<String>

    /// The contents that were coded against another base, so that theirs could go.
    private(set) var rebasedCount = 0
    /// The contents that were moved out of sparse packs.
    private(set) var movedCount = 0

    init(_ archive: ModelArchive, heldPacks: [String]) {
        self.archive = archive
        self.heldPacks = Set(heldPacks)
    }

    /// The contents that stay only because others are coded against them.
    func keptBaseCount() throws -> Int {
        let used = try archive.catalog.usedContents()
        let bases = Set(try archive.catalog.contentRecords().compactMap(\.base))
        return bases.subtracting(used).count
    }

    /// Codes contents anew whose bases no version uses, wherever that saves the base.
    ///
    /// A base with dependents goes if they take less without it than with it, itself included; else it
    /// stays.
    mutating func rebase() throws {
        // A removed version may have been a chain of bases; each round takes off one link.
        for _ in 0..<Self.roundCountMax {
            let steps = try stepsWithoutUnusedBases()
            guard !steps.isEmpty else { return }
            rebasedCount += try archive.recode(steps[...]).count
            _ = try archive.catalog.collectContents(keepingPacks: Array(heldPacks))
        }
    }

    private static let roundCountMax = 8

    private func stepsWithoutUnusedBases() throws -> [RepackPlan.Step] {
        let used = try archive.catalog.usedContents()
        let held = Set(
            try archive.catalog.packs().filter { heldPacks.contains($0.name) }.map(\.id)
        )
        // What readers hold stays where it is: moved, it would be collected under them.
        let records = try archive.catalog.contentRecords().filter { !held.contains($0.pack) }
        var dependents: [ContentID: [ContentRecord]] = [:]
        for record in records {
            if let base = record.base { dependents[base, default: []].append(record) }
        }
        let estimator = EncodingEstimator(store: archive.store)
        var steps: [RepackPlan.Step] = []
        // In one round no content changes its place that another one of it relies on.
        var touched: Set<ContentID> = []
        for base in records where !used.contains(base.id) {
            guard let children = dependents[base.id], !touched.contains(base.id),
                children.allSatisfy({ !touched.contains($0.id) }),
                let found = try Self.steps(from: base, to: children, estimator)
            else { continue }
            touched.formUnion(children.map(\.id) + [base.id] + (base.base.map { [$0] } ?? []))
            steps += found
        }
        return steps
    }

    /// How the dependents of a base are coded best without it; nil if that takes more room than with it.
    private static func steps(
        from base: ContentRecord,
        to children: [ContentRecord],
        _ estimator: EncodingEstimator
    ) throws -> [RepackPlan.Step]? {
        var byteCount = 0
        var steps: [RepackPlan.Step] = []
        for child in children {
            let others = [nil, base.base, steps.first?.content] as [ContentID?]
            var best = (base: ContentID?.none, byteCount: Int.max)
            for other in others {
                let cost = try estimator.estimate(child.id, base: other)
                if cost.storedByteCount < best.byteCount { best = (other, cost.storedByteCount) }
            }
            byteCount += best.byteCount
            steps.append(.init(content: child.id, base: best.base, byteCount: child.byteCount))
        }
        let present = children.reduce(base.storedByteCount) { $0 + $1.storedByteCount }
        return byteCount < present ? steps : nil
    }

    /// Moves what is needed out of packs of which little is.
    mutating func compact() throws {
        let sizes = Dictionary(
            try archive.packDirectory.list().map { ($0.name, $0.byteCount) },
            uniquingKeysWith: { first, _ in first }
        )
        let records = try archive.catalog.contentRecords()
        let byPack = Dictionary(grouping: records, by: \.pack)
        var moved: [ContentRecord] = []
        for (id, name) in try archive.catalog.packs() where !heldPacks.contains(name) {
            guard let size = sizes[name], let contents = byPack[id] else { continue }
            let needed = contents.reduce(0) { $0 + $1.storedByteCount }
            let deadMax = max(Self.deadByteCountMax, Int(Self.deadShareMax * Double(size)))
            if size - needed > deadMax { moved += contents }
        }
        let steps = moved.map { RepackPlan.Step(moving: $0) }
        for batch in ModelArchive.batches(of: steps) {
            movedCount += try archive.recode(batch).movedCount
        }
    }
}
