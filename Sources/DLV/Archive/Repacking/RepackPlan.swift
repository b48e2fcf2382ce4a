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

    /// A content that is coded anew, or moved as it is.
    public struct Step: Hashable, Sendable {
        /// The content.
        public let content: ContentID
        /// What it is coded against; nil for alone.
        public let base: ContentID?
        /// Its bytes before coding.
        public let byteCount: Int
        /// Whether to look for parts of low rank in the delta; nil if it has such now.
        public let findsLowRank: Bool?
        /// Whether it keeps its coding, and only leaves its pack so that this can go.
        public let isMove: Bool

        init(content: ContentID, base: ContentID?, byteCount: Int, findsLowRank: Bool? = nil) {
            self.content = content
            self.base = base
            self.byteCount = byteCount
            self.findsLowRank = findsLowRank
            isMove = false
        }

        init(moving record: ContentRecord) {
            content = record.id
            base = record.base
            byteCount = record.byteCount
            findsLowRank = nil
            isMove = true
        }
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
    /// What has to be done; a base stands before what is coded against it. Empty if the archive stays as
    /// it is, because the chosen plan is what is stored or gains nothing over it: it takes no less room,
    /// and what is stored keeps the bounds.
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
        var planner = RepackPlanner(survey, costs, request, self)
        return try planner.plan { progress("proving", $0, $1) }
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
    var costs: StorageCosts
    let request: RepackRequest
    let archive: ModelArchive
    /// What is stored now, as a plan.
    private let presentPlan: StoragePlan?

    init(
        _ survey: StorageSurvey,
        _ costs: StorageCosts,
        _ request: RepackRequest,
        _ archive: ModelArchive
    ) {
        self.survey = survey
        self.costs = costs
        self.request = request
        self.archive = archive
        let edges = (0..<costs.graph.matrixCount).map { costs.presentEdge(into: $0 + 1) }
        presentPlan = try? StoragePlan(edges: edges, in: costs.graph)
    }

    /// Plans are made anew so often at most once their changes are proven.
    private static let roundCountMax = 4

    /// Times of one and the same plan differ from run to run: what is stored keeps its bounds unless it
    /// is beyond them by more than this share, or it would be stored anew by every run.
    private static let timingError = 0.05

    /// Beyond, only the extremes and the chosen algorithm are shown.
    private static let comparedEdgeCountMax = 200_000

    private var graph: MatrixStorageGraph { costs.graph }

    mutating func plan(_ progress: (Int, Int) -> Void) throws -> RepackPlan {
        let constraints = try constraints()
        var chosen = try storagePlan(request.algorithm, constraints)
        // A change counts by what it really takes, so a plan that has some new ones may not be the best.
        for _ in 0..<Self.roundCountMax {
            guard try costs.prove(chosen, survey, archive.store, progress) else { break }
            chosen = try storagePlan(request.algorithm, constraints)
        }
        _ = try costs.prove(chosen, survey, archive.store, progress)
        let offer = offer(of: chosen, request.algorithm, constraints)
        var offers = [presentOffer(constraints)]
        for algorithm in PlanningAlgorithm.allCases {
            let isShown = graph.edges.count <= Self.comparedEdgeCountMax
                || [.minimumSpanningTree, .shortestPathTree].contains(algorithm)
            if algorithm == request.algorithm {
                offers.append(offer)
            } else if isShown {
                let plan = try storagePlan(algorithm, constraints)
                offers.append(self.offer(of: plan, algorithm, constraints))
            }
        }
        let steps = try steps(of: chosen, isQuicker: isQuicker(offer, than: offers[0], constraints))
        let recreated = steps.isEmpty ? presentPlan ?? chosen : chosen
        return RepackPlan(
            request: request,
            byteCount: survey.records.reduce(0) { $0 + $1.byteCount },
            contentCount: survey.records.count,
            edgeCount: graph.edges.count,
            snapshotCount: graph.groups.count,
            offers: offers,
            chosen: offer,
            recreationCosts: recreated.recreationCosts(request.retrieval, in: graph),
            steps: steps
        )
    }

    private func storagePlan(
        _ algorithm: PlanningAlgorithm,
        _ constraints: RecreationConstraints
    ) throws -> StoragePlan {
        let plan = try translating { () throws(StoragePlanningError) in
            try algorithm.plan(graph, under: constraints)
        }
        return plan.limitingDepth(to: StorageCosts.depthMax, in: graph)
    }

    /// Whether a plan is worth its room for its speed: it keeps bounds that what is stored does not, or
    /// is asked for as the quickest.
    private func isQuicker(
        _ offer: RepackPlan.Offer,
        than present: RepackPlan.Offer,
        _ constraints: RecreationConstraints
    ) -> Bool {
        if request.algorithm == .shortestPathTree {
            return offer.meanRecreation < present.meanRecreation * (1 - Self.timingError)
        }
        let loosened = RecreationConstraints(
            retrieval: constraints.retrieval,
            bounds: constraints.bounds.map { $0 * (1 + Self.timingError) }
        )
        return offer.keepsBounds && !(presentPlan?.isFeasible(under: loosened, in: graph) ?? false)
    }

    private func constraints() throws -> RecreationConstraints {
        let bound: Double
        switch request.bound {
        case .alpha(let alpha): return try constraints(alpha: alpha)
        case .alphaOrPresent(let alpha):
            let quick = try constraints(alpha: alpha)
            guard let present = presentPlan else { return quick }
            let costs = present.recreationCosts(request.retrieval, in: graph)
            return RecreationConstraints(
                retrieval: request.retrieval,
                bounds: zip(quick.bounds, costs).map { max($0, $1) }
            )
        case .bytes(let count): bound = Double(count)
        case .seconds(let seconds): bound = seconds
        }
        return RecreationConstraints(
            retrieval: request.retrieval,
            bounds: graph.groups.map { _ in bound }
        )
    }

    private func constraints(alpha: Double) throws -> RecreationConstraints {
        try translating { () throws(StoragePlanningError) in
            try RecreationConstraints(alpha: alpha, retrieval: request.retrieval, in: graph)
        }
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
        let offer = offer(of: presentPlan ?? .shortestPaths(of: graph), nil, constraints)
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

    /// What has to be done for a plan; nothing if that makes the packs no smaller.
    ///
    /// - Parameter isQuicker: Whether the plan is worth its room for its speed.
    private func steps(of plan: StoragePlan, isQuicker: Bool) throws -> [RepackPlan.Step] {
        let parents = plan.parents(in: graph)
        let changed = plan.topologicalOrder(in: graph).filter {
            $0 > 0 && !costs.isPresent(plan.parentEdges[$0])
        }
        let coded = changed.map { node in
            let record = survey.record(of: node)
            return RepackPlan.Step(
                content: record.id,
                base: parents[node] == 0 ? nil : survey.record(of: parents[node]).id,
                byteCount: record.byteCount,
                findsLowRank: costs.hasLowRank(plan.parentEdges[node])
            )
        }
        let written = changed.reduce(0) { $0 + costs.storedByteCounts[plan.parentEdges[$1]] }
        let leftovers = try PackLeftovers(archive, recoded: Set(coded.map(\.content)))
        return leftovers.steps(coded, writtenByteCount: Int(written), isGainNeeded: !isQuicker)
    }
}
