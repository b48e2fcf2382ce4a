import Catalog
import PackFiles
public import ParameterStore
public import StoragePlanning

/// A storage plan of an archive: what each content shall be coded against, and what that costs.
public struct RepackPlan: Sendable {
    /// What one algorithm offers.
    public struct Offer: Sendable {
        /// Who chose it; nil for what is stored now.
        public let algorithm: PlanningAlgorithm?
        /// The bytes that it takes in the packs.
        public let storedByteCount: Int
        /// What the dearest snapshot costs to recreate, in the plan's unit.
        public let largestRecreation: Double
        /// What a snapshot costs on average.
        public let meanRecreation: Double
        /// The links of the longest delta chain.
        public let longestChain: Int
        /// The contents that would be coded anew.
        public let changeCount: Int
        /// Whether every snapshot keeps its bound.
        public let keepsBounds: Bool
    }

    /// A content that is coded anew.
    public struct Step: Hashable, Sendable {
        /// The content.
        public let content: ContentID
        /// What it is coded against; nil for alone.
        public let base: ContentID?
        /// Its bytes before coding.
        public let byteCount: Int
    }

    /// What was asked for.
    public let request: RepackRequest
    /// The bytes of all planned contents before coding.
    public let byteCount: Int
    /// The number of planned contents, and of the ways to store them that were weighed.
    public let contentCount: Int
    /// The edges of the matrix storage graph.
    public let edgeCount: Int
    /// The snapshots that have bounds.
    public let snapshotCount: Int
    /// What is stored now, then what each algorithm offers.
    public let offers: [Offer]
    /// The chosen algorithm's offer.
    public let chosen: Offer
    /// What the chosen plan predicts for each snapshot, in the catalog's order of snapshots.
    public let recreationCosts: [Double]
    /// What has to be coded anew; a base stands before what is coded against it.
    public let steps: [Step]

    /// Whether recreation is counted in bytes that are read; else in seconds of a core.
    public var countsBytes: Bool {
        if case .bytes = request.bound { return true }
        return false
    }
}

extension ModelArchive {
    /// Plans what the contents of the archive shall be coded against; changes nothing.
    ///
    /// - Parameters:
    ///   - request: The bounds and the algorithm.
    ///   - progress: Is called with what is being done, how much of it is done, and of how much.
    /// - Throws: ``ArchiveError`` if no plan keeps the bounds, with the smallest that works.
    public func planRepack(
        _ request: RepackRequest,
        progress: (String, Int, Int) -> Void = { _, _, _ in }
    ) throws -> RepackPlan {
        let survey = try StorageSurvey(self) { progress("comparing", $0, $1) }
        let costs = try StorageCosts(survey, self, countsBytes: request.countsBytes) {
            progress("measuring", $0, $1)
        }
        return try RepackPlanner(survey: survey, costs: costs, request: request, archive: self).plan()
    }
}

extension RepackRequest {
    fileprivate var countsBytes: Bool {
        if case .bytes = bound { return true }
        return false
    }
}

/// Chooses a plan, and says what has to be done for it.
private struct RepackPlanner {
    let survey: StorageSurvey
    let costs: StorageCosts
    let request: RepackRequest
    let archive: ModelArchive

    /// Packs of which more than this share would be dead are left behind.
    private static let deadShareMax = 0.03

    /// Beyond, only the extremes and the chosen algorithm are shown.
    private static let comparedEdgeCountMax = 200_000

    private var graph: MatrixStorageGraph { costs.graph }

    func plan() throws -> RepackPlan {
        let constraints = try constraints()
        var offers = [presentOffer(constraints)]
        var chosen: (plan: StoragePlan, offer: RepackPlan.Offer)?
        for algorithm in PlanningAlgorithm.allCases {
            let isShown = graph.edges.count <= Self.comparedEdgeCountMax
                || [.minimumSpanningTree, .shortestPathTree].contains(algorithm)
            guard isShown || algorithm == request.algorithm else { continue }
            let plan = try translating { () throws(StoragePlanningError) in
                try algorithm.plan(graph, under: constraints)
            }
            let limited = plan.limitingDepth(to: StorageCosts.depthMax, in: graph)
            let offer = offer(of: limited, algorithm, constraints)
            offers.append(offer)
            if algorithm == request.algorithm { chosen = (limited, offer) }
        }
        guard let chosen else { preconditionFailure("the chosen algorithm is one of all") }
        return RepackPlan(
            request: request,
            byteCount: survey.records.reduce(0) { $0 + $1.byteCount },
            contentCount: survey.records.count,
            edgeCount: graph.edges.count,
            snapshotCount: graph.groups.count,
            offers: offers,
            chosen: chosen.offer,
            recreationCosts: chosen.plan.recreationCosts(request.retrieval, in: graph),
            steps: try steps(of: chosen.plan)
        )
    }

    private func constraints() throws -> RecreationConstraints {
        let bound: Double
        switch request.bound {
        case .alpha(let alpha):
            return try translating { () throws(StoragePlanningError) in
                try RecreationConstraints(alpha: alpha, retrieval: request.retrieval, in: graph)
            }
        case .bytes(let count): bound = Double(count)
        case .seconds(let seconds): bound = seconds
        }
        return RecreationConstraints(
            retrieval: request.retrieval,
            bounds: graph.groups.map { _ in bound }
        )
    }

    /// Says what an unkept bound means in the user's unit.
    private func translating<Value>(
        _ body: () throws(StoragePlanningError) -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch {
            guard let least = error.smallestBound else {
                throw ArchiveError(.invalid, error.message)
            }
            let text: String
            if case .bytes = request.bound {
                text = "\(Int(least.rounded(.up))) bytes"
            } else {
                text = "\(Int((least * 1000).rounded(.up))) ms"
            }
            throw ArchiveError(
                .invalid,
                "No plan recreates every snapshot within that budget; the smallest that works is "
                    + "\(text)."
            )
        }
    }

    private func offer(
        of plan: StoragePlan,
        _ algorithm: PlanningAlgorithm?,
        _ constraints: RecreationConstraints
    ) -> RepackPlan.Offer {
        let recreation = plan.recreationCosts(request.retrieval, in: graph)
        let storage = plan.parentEdges.dropFirst().reduce(0) { $0 + costs.storedByteCounts[$1] }
        return RepackPlan.Offer(
            algorithm: algorithm,
            storedByteCount: Int(storage.rounded()),
            largestRecreation: recreation.max() ?? 0,
            meanRecreation: recreation.reduce(0, +) / Double(max(1, recreation.count)),
            longestChain: max(0, (plan.depths(in: graph).max() ?? 0) - 1),
            changeCount: plan.parentEdges.dropFirst().count { !costs.isPresent($0) },
            keepsBounds: plan.isFeasible(under: constraints, in: graph)
        )
    }

    /// What is stored now. A content whose base no version uses counts as if it stood alone; the plan
    /// takes no such base.
    private func presentOffer(_ constraints: RecreationConstraints) -> RepackPlan.Offer {
        let edges = (1..<max(1, graph.matrixCount + 1)).map { costs.presentEdge(into: $0) }
        let plan = (try? StoragePlan(edges: edges, in: graph)) ?? .shortestPaths(of: graph)
        let offer = offer(of: plan, nil, constraints)
        return RepackPlan.Offer(
            algorithm: nil,
            storedByteCount: costs.presentByteCount,
            largestRecreation: offer.largestRecreation,
            meanRecreation: offer.meanRecreation,
            longestChain: survey.records.map(\.depth).max() ?? 0,
            changeCount: 0,
            keepsBounds: offer.keepsBounds
        )
    }

    private func steps(of plan: StoragePlan) throws -> [RepackPlan.Step] {
        let parents = plan.parents(in: graph)
        let order = plan.topologicalOrder(in: graph).filter { $0 > 0 }
        var changed = Set(order.filter { !costs.isPresent(plan.parentEdges[$0]) })
        changed.formUnion(try leftovers(besides: changed))
        return order.filter { changed.contains($0) }.map { node in
            let record = survey.record(of: node)
            return RepackPlan.Step(
                content: record.id,
                base: parents[node] == 0 ? nil : survey.record(of: parents[node]).id,
                byteCount: record.byteCount
            )
        }
    }

    /// What stays as it is, but lies in packs of which little else is needed: it moves out too, so that
    /// they can go.
    private func leftovers(besides changed: Set<Int>) throws -> [Int] {
        var needed: [PackID: Int] = [:]
        for (index, record) in survey.records.enumerated() where !changed.contains(index + 1) {
            needed[record.pack, default: 0] += record.storedByteCount
        }
        let sizes = Dictionary(
            try archive.packDirectory.list().map { ($0.name, $0.byteCount) },
            uniquingKeysWith: { first, _ in first }
        )
        var sparse: Set<PackID> = []
        for (id, name) in try archive.catalog.packs() {
            guard let size = sizes[name], let needed = needed[id] else { continue }
            if PackCompaction.isSparse(
                byteCount: size,
                needed: needed,
                deadShareMax: Self.deadShareMax
            ) {
                sparse.insert(id)
            }
        }
        return survey.records.indices.map { $0 + 1 }.filter {
            !changed.contains($0) && sparse.contains(survey.record(of: $0).pack)
        }
    }
}
