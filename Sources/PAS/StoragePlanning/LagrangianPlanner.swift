/// Our own planner: several good trees, each improved by descent; small graphs are solved exactly.
///
/// 1. Bounds on the maximum of a group (parallel retrieval) are bounds on each of its members, so the
///    members become groups of their own and only sums remain.
/// 2. Edges that no feasible plan can hold, or that another beats in both costs, are left out.
/// 3. The plans of PAS-MT, PAS-PT and LAST, and those that Lagrangian relaxation finds, are mended
///    where they violate a bound; the best are improved by ``PlanDescent``.
/// 4. Parts of the graph that neither deltas nor groups join to the rest are solved exactly if they are
///    small (``BranchAndBound``).
///
/// The answer is the cheapest of all plans met, so it is never dearer than PAS-MT's or PAS-PT's.
enum LagrangianPlanner {
    /// Above this many edges the best tree of the relaxation alone is descended from: descent takes most of
    /// the time.
    private static let manyStartsEdgeCountMax = 200_000

    static func plan(
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints
    ) -> StoragePlan {
        let lightest = StoragePlan.minimumStorage(of: graph)
        guard !lightest.isFeasible(under: constraints, in: graph) else { return lightest }
        var best = published(graph, constraints).min {
            $0.storageCost(in: graph) < $1.storageCost(in: graph)
        } ?? .shortestPaths(of: graph)
        if let reduced = ReducedGraph(graph, constraints) {
            for start in starts(reduced, best) {
                var descent = PlanDescent(PlanTree(start, reduced.graph, reduced.constraints))
                descent.run()
                best = cheaper(best, reduced.original(descent.plan), graph, constraints)
            }
        }
        if constraints.retrieval == .reusable {
            var descent = PlanDescent(PlanTree(best, graph, constraints))
            descent.run()
            best = cheaper(best, descent.plan, graph, constraints)
        }
        return ComponentSolver.improve(best, graph, constraints)
    }

    private static func published(
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints
    ) -> [StoragePlan] {
        let plans: [StoragePlan] = [
            .lightApproximate(of: graph, under: constraints), .pasMT(of: graph, under: constraints),
            .pasPT(of: graph, under: constraints),
        ]
        return plans.map { $0.mended(graph, constraints) }
    }

    /// The feasible trees of the reduced graph that descent begins with: the best known one, and the
    /// best of the relaxation.
    private static func starts(_ reduced: ReducedGraph, _ best: StoragePlan) -> [StoragePlan] {
        var relaxation = LagrangianRelaxation(reduced.graph, reduced.constraints)
        var starts = relaxation.run()
        starts.sort { $0.storageCost(in: reduced.graph) < $1.storageCost(in: reduced.graph) }
        starts = Array(starts.prefix(reduced.graph.edges.count > manyStartsEdgeCountMax ? 1 : 3))
        if let known = reduced.reduced(best) { starts.append(known) }
        return starts
    }

    private static func cheaper(
        _ known: StoragePlan,
        _ plan: StoragePlan,
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints
    ) -> StoragePlan {
        guard plan.storageCost(in: graph) < known.storageCost(in: graph),
            plan.isFeasible(under: constraints, in: graph)
        else { return known }
        return plan
    }
}

/// The part of a graph that a planner need look at, with bounds on sums alone.
struct ReducedGraph {
    let graph: MatrixStorageGraph
    let constraints: RecreationConstraints

    // The place in the whole graph of every edge, and back; -1 for one that was left out.
    private let places: [Int]
    private var reducedPlaces: [Int]

    /// Leaves out what no plan needs.
    ///
    /// Reusable bounds are taken for bounds on sums, which are never smaller; nil if that asks for
    /// more than is possible.
    init?(_ whole: MatrixStorageGraph, _ constraints: RecreationConstraints) {
        var groups = whole.groups
        var bounds = constraints.bounds
        if constraints.retrieval == .parallel {
            let bounded = (1..<whole.nodeCount).filter { !whole.memberships[$0].isEmpty }
            groups = bounded.map { [$0] }
            bounds = bounded.map { node in
                whole.memberships[node].map { constraints.bounds[Int($0)] }.min() ?? .infinity
            }
        }
        let distances = ShortestPaths(whole).distances
        var allowances = [Double](repeating: .infinity, count: whole.nodeCount)
        for (group, members) in groups.enumerated() {
            let slack = bounds[group] * (1 + RecreationConstraints.tolerance)
                - members.reduce(0) { $0 + distances[$1] }
            guard slack >= 0 else { return nil }
            for member in members { allowances[member] = min(allowances[member], slack) }
        }
        places = Self.usefulEdges(of: whole, distances, allowances)
        reducedPlaces = [Int](repeating: -1, count: whole.edges.count)
        for (reduced, place) in places.enumerated() { reducedPlaces[place] = reduced }
        let reduced = try? MatrixStorageGraph(
            matrixCount: whole.matrixCount,
            edges: places.map { whole.edges[$0] },
            groups: groups
        )
        guard let reduced else { return nil }
        graph = reduced
        self.constraints = RecreationConstraints(retrieval: .independent, bounds: bounds)
    }

    private static func usefulEdges(
        of graph: MatrixStorageGraph,
        _ distances: [Double],
        _ allowances: [Double]
    ) -> [Int] {
        var useful: [Int] = []
        for node in 1..<graph.nodeCount {
            let edges = graph.incoming[node].map(Int.init).sorted { left, right in
                let (first, second) = (graph.edges[left], graph.edges[right])
                return (first.source, first.storageCost, first.recreationCost, left)
                    < (second.source, second.storageCost, second.recreationCost, right)
            }
            var quickest = (source: -1, cost: Double.infinity)
            for place in edges {
                let edge = graph.edges[place]
                if edge.source != quickest.source { quickest = (edge.source, .infinity) }
                guard edge.recreationCost < quickest.cost else { continue }
                quickest.cost = edge.recreationCost
                let delay = distances[edge.source] + edge.recreationCost - distances[node]
                // Materialisations stay in any case: a graph needs one of every matrix.
                if edge.source == 0 || delay <= allowances[node] { useful.append(place) }
            }
        }
        return useful.sorted()
    }

    /// The plan of the whole graph that a plan of the reduced one is.
    func original(_ plan: StoragePlan) -> StoragePlan {
        StoragePlan(parentEdges: plan.parentEdges.map { $0 < 0 ? -1 : places[$0] })
    }

    /// The other way round; nil if the plan holds an edge that was left out, or violates a bound.
    func reduced(_ plan: StoragePlan) -> StoragePlan? {
        let edges = plan.parentEdges.map { $0 < 0 ? -1 : reducedPlaces[$0] }
        guard edges.dropFirst().allSatisfy({ $0 >= 0 }) else { return nil }
        let plan = StoragePlan(parentEdges: edges)
        return plan.isFeasible(under: constraints, in: graph) ? plan : nil
    }
}
