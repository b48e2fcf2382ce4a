import Catalog
import ParameterStore
import StoragePlanning

/// The matrix storage graph of an archive, with costs that were measured on this machine.
///
/// Storage costs are bytes in the packs; recreation costs are the seconds that one core takes to decode, or
/// the bytes that are read. What is stored now costs what it takes; other ways are judged by coding a few
/// chunks of each content, and by coding all of it before they are taken.
struct StorageCosts {
    private(set) var graph: MatrixStorageGraph
    /// The bytes of every edge, without the discount of what is stored already.
    private(set) var storedByteCounts: [Double]
    /// The bytes of all codings there are, those of contents that are only bases included.
    let presentByteCount: Int

    /// The edge by which each matrix is stored now; -1 if it is coded against what is no node.
    private let presentEdges: [Int]
    private let isLowRankEdge: [Bool]
    private let countsBytes: Bool
    /// The edges, besides the present ones, whose bytes are counted, not estimated.
    private var provenEdges: Set<Int> = []

    /// Chains are decoded link by link, and each link holds a chunk meanwhile.
    static let depthMax = 48

    /// What is stored already is taken for this share of its size: what gains less is not worth writing.
    private static let presentDiscount = 0.995

    init(
        _ survey: StorageSurvey,
        _ archive: ModelArchive,
        countsBytes: Bool,
        progress: (Int, Int) -> Void
    ) throws {
        // Where planes were moved away, deltas are coded in fields, which have no parts of low rank.
        let findsLowRank = try archive.catalog.lowPlanesDirectories().isEmpty
        let measured = try Self.measure(survey, archive.store, findsLowRank: findsLowRank, progress)
        let model = countsBytes ? nil : try Self.model(survey, measured, archive.store)
        var edges: [MatrixStorageGraph.Edge] = []
        var bytes: [Double] = []
        var present: [Int] = []
        var lowRank: [Bool] = []
        for (index, ways) in measured.enumerated() {
            let record = survey.records[index]
            var own = -1
            for way in ways {
                let stored = Double(
                    way.isPresent ? record.storedByteCount : way.cost.storedByteCount
                )
                if way.isPresent { own = edges.count }
                let seconds = model?.seconds(way.cost, isWhole: way.source == 0) ?? 0
                edges.append(
                    .init(
                        from: way.source,
                        to: index + 1,
                        storageCost: stored * (way.isPresent ? Self.presentDiscount : 1),
                        recreationCost: countsBytes ? max(1, stored) : max(1e-9, seconds)
                    )
                )
                bytes.append(stored)
                lowRank.append(way.findsLowRank)
            }
            present.append(own)
        }
        // A base that no version uses is no node: its dependents count as if they stood alone.
        presentEdges = present
        graph = try Self.graph(edges, survey)
        storedByteCounts = bytes
        isLowRankEdge = lowRank
        self.countsBytes = countsBytes
        presentByteCount = try archive.catalog.contentTotals().storedByteCount
    }

    private static func graph(
        _ edges: [MatrixStorageGraph.Edge],
        _ survey: StorageSurvey
    ) throws -> MatrixStorageGraph {
        do {
            return try MatrixStorageGraph(
                matrixCount: survey.records.count,
                edges: edges,
                groups: survey.groups
            )
        } catch {
            throw ArchiveError(.damaged, "The contents cannot be planned: \(error.message)")
        }
    }

    /// Codes contents whole in ways of which only estimates are known, and counts the bytes.
    ///
    /// - Parameters:
    ///   - plan: Whose edges are to be proven.
    ///   - progress: Is called with the edges done and of all.
    /// - Returns: Whether there were any.
    mutating func prove(
        _ plan: StoragePlan,
        _ survey: StorageSurvey,
        _ store: ParameterStore,
        _ progress: (Int, Int) -> Void
    ) throws -> Bool {
        let unproven = plan.parentEdges.dropFirst().filter {
            !isPresent($0) && !provenEdges.contains($0)
        }
        guard !unproven.isEmpty else { return false }
        let estimator = EncodingEstimator(store: store)
        var edges = graph.edges
        for (done, edge) in unproven.enumerated() {
            progress(done, unproven.count)
            let (source, target) = (edges[edge].source, edges[edge].target)
            let stored = Double(
                try estimator.estimate(
                    survey.record(of: target).id,
                    base: source == 0 ? nil : survey.record(of: source).id,
                    isWhole: true,
                    findsLowRank: isLowRankEdge[edge]
                ).storedByteCount
            )
            provenEdges.insert(edge)
            storedByteCounts[edge] = stored
            edges[edge].storageCost = stored
            if countsBytes { edges[edge].recreationCost = max(1, stored) }
        }
        graph = try Self.graph(edges, survey)
        return true
    }

    /// Whether an edge is how its content is stored now.
    func isPresent(_ edge: Int) -> Bool { presentEdges[graph.edges[edge].target - 1] == edge }

    /// Whether a content would be coded by an edge with parts of low rank, as far as they pay.
    func hasLowRank(_ edge: Int) -> Bool { isLowRankEdge[edge] }

    /// The edge by which a content is stored now, or by which it would stand alone.
    func presentEdge(into node: Int) -> Int {
        if presentEdges[node - 1] >= 0 { return presentEdges[node - 1] }
        return graph.edges.firstIndex { $0.target == node && $0.source == 0 } ?? 0
    }

    private struct Way {
        /// The node that it is coded against; 0 for alone.
        let source: Int
        let cost: EncodingEstimate
        /// Whether parts of low rank are looked for.
        let findsLowRank: Bool
        /// Whether the content is coded so now.
        let isPresent: Bool
    }

    /// Differences of which little is left gain little by a part of low rank, and small ones cannot pay it.
    private static let lowRankShareMin = 0.01
    private static let lowRankByteCountMin = 256 << 10

    private static func measure(
        _ survey: StorageSurvey,
        _ store: ParameterStore,
        findsLowRank: Bool,
        _ progress: (Int, Int) -> Void
    ) throws -> [[Way]] {
        // It works on all cores for one content.
        let estimator = EncodingEstimator(store: store)
        return try survey.records.indices.map { index in
            progress(index, survey.records.count)
            let record = survey.records[index]
            let hasLowRank = try store.hasLowRank(record.id)
            // A base that no version uses is no node.
            let present = record.base.map { survey.node(of: $0) ?? -1 } ?? 0
            var ways = [
                Way(
                    source: 0,
                    cost: try estimator.estimate(record.id, base: nil),
                    findsLowRank: false,
                    isPresent: present == 0
                )
            ]
            for other in survey.candidates[index + 1].sorted() {
                let base = survey.record(of: other).id
                let cost = try estimator.estimate(record.id, base: base)
                guard cost.usesBase else { continue }
                let isPresent = hasLowRank && other == present
                ways.append(
                    Way(
                        source: other,
                        cost: cost,
                        findsLowRank: false,
                        isPresent: other == present && !hasLowRank
                    )
                )
                let mayGain = record.byteCount >= lowRankByteCountMin
                    && Double(cost.storedByteCount) > lowRankShareMin * Double(record.byteCount)
                guard isPresent || findsLowRank && mayGain else { continue }
                let smaller = try estimator.estimate(record.id, base: base, findsLowRank: true)
                guard isPresent || smaller.hasLowRank else { continue }
                ways.append(
                    Way(source: other, cost: smaller, findsLowRank: true, isPresent: isPresent)
                )
            }
            return ways
        }
    }

    /// Fits the times of all ways, and times some reads.
    private static func model(
        _ survey: StorageSurvey,
        _ measured: [[Way]],
        _ store: ParameterStore
    ) throws -> RecreationModel {
        let alone = zip(survey.records, measured).compactMap { record, ways in
            record.base == nil ? ways.first.map { (record.id, $0.cost) } : nil
        }
        return try RecreationModel(measured.flatMap { $0.map(\.cost) }, alone: alone, in: store)
    }
}
