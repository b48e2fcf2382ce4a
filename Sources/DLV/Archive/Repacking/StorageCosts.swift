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

    private let presentEdges: [Int]
    private let isPresentEdge: [Bool]
    private let countsBytes: Bool
    /// The edges whose bytes are counted, not estimated.
    private var isProvenEdge: [Bool]

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
        let measured = try Self.measure(survey, archive.store, progress)
        let model = countsBytes ? nil : try Self.model(survey, measured, archive.store)
        var edges: [MatrixStorageGraph.Edge] = []
        var bytes: [Double] = []
        var present: [Int] = []
        for (index, ways) in measured.enumerated() {
            let record = survey.records[index]
            let base = record.base.map { survey.node(of: $0) ?? -1 } ?? 0
            var own = -1
            for way in ways {
                let isPresent = way.source == base
                let stored = Double(isPresent ? record.storedByteCount : way.cost.storedByteCount)
                if isPresent { own = edges.count }
                let seconds = model?.seconds(way.cost, isWhole: way.source == 0) ?? 0
                edges.append(
                    .init(
                        from: way.source,
                        to: index + 1,
                        storageCost: stored * (isPresent ? Self.presentDiscount : 1),
                        recreationCost: countsBytes ? max(1, stored) : max(1e-9, seconds)
                    )
                )
                bytes.append(stored)
            }
            present.append(own)
        }
        // A base that no version uses is no node: its dependents count as if they stood alone.
        presentEdges = present
        graph = try Self.graph(edges, survey)
        storedByteCounts = bytes
        isPresentEdge = Self.marks(present, count: edges.count)
        isProvenEdge = isPresentEdge
        self.countsBytes = countsBytes
        presentByteCount = try archive.catalog.contentTotals().storedByteCount
    }

    private static func marks(_ places: [Int], count: Int) -> [Bool] {
        var marks = [Bool](repeating: false, count: count)
        for place in places where place >= 0 { marks[place] = true }
        return marks
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
        let unproven = plan.parentEdges.dropFirst().filter { !isProvenEdge[$0] }
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
                    isWhole: true
                ).storedByteCount
            )
            isProvenEdge[edge] = true
            storedByteCounts[edge] = stored
            edges[edge].storageCost = stored
            if countsBytes { edges[edge].recreationCost = max(1, stored) }
        }
        graph = try Self.graph(edges, survey)
        return true
    }

    /// Whether an edge is how its content is stored now.
    func isPresent(_ edge: Int) -> Bool { isPresentEdge[edge] }

    /// The edge by which a content is stored now, or by which it would stand alone.
    func presentEdge(into node: Int) -> Int {
        if presentEdges[node - 1] >= 0 { return presentEdges[node - 1] }
        return graph.edges.firstIndex { $0.target == node && $0.source == 0 } ?? 0
    }

    private struct Way {
        /// The node that it is coded against; 0 for alone.
        let source: Int
        let cost: EncodingEstimate
    }

    private static func measure(
        _ survey: StorageSurvey,
        _ store: ParameterStore,
        _ progress: (Int, Int) -> Void
    ) throws -> [[Way]] {
        // It works on all cores for one content.
        let estimator = EncodingEstimator(store: store)
        return try survey.records.indices.map { index in
            progress(index, survey.records.count)
            let id = survey.records[index].id
            let alone = Way(source: 0, cost: try estimator.estimate(id, base: nil))
            let deltas = try survey.candidates[index + 1].sorted().compactMap { other -> Way? in
                let base = survey.record(of: other).id
                let cost = try estimator.estimate(id, base: base)
                return cost.usesBase ? Way(source: other, cost: cost) : nil
            }
            return [alone] + deltas
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
