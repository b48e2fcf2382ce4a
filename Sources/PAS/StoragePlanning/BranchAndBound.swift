/// The cheapest feasible plan of a small graph, proven.
///
/// Each step has a set of allowed edges. Shortest paths over them bound every distance from below, which
/// rules edges out; a minimum arborescence with Lagrangian multipliers bounds the storage; then the
/// edge into one node is either forced or ruled out.
struct BranchAndBound {
    private let graph: MatrixStorageGraph
    private let constraints: RecreationConstraints
    private(set) var best: StoragePlan
    private(set) var isProven = true
    private var bestCost: Double
    private var work: Int

    /// - Parameters:
    ///   - known: A feasible plan.
    ///   - work: How many edges the arborescences may look at, all in all.
    init(
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints,
        known: StoragePlan,
        work: Int
    ) {
        self.graph = graph
        self.constraints = constraints
        self.work = work
        best = known
        bestCost = known.storageCost(in: graph)
    }

    /// The work that is left.
    var remainingWork: Int { max(0, work) }

    /// Searches until the best plan is proven or the work is done.
    mutating func run() {
        let allowed = [Bool](repeating: true, count: graph.edges.count)
        let multipliers = [Double](repeating: 0, count: graph.groups.count)
        search(allowed, multipliers, rounds: 40)
    }

    private mutating func search(_ edges: [Bool], _ multipliers: [Double], rounds: Int) {
        guard work > 0 else {
            isProven = false
            return
        }
        var allowed = edges
        guard let delays = propagate(&allowed) else { return }
        var multipliers = multipliers
        guard let tree = relax(allowed, delays, &multipliers, rounds: rounds) else { return }
        guard let place = branchingEdge(of: tree, allowed) else { return }
        let target = graph.edges[place].target
        var without = allowed
        without[place] = false
        var forced = allowed
        for other in graph.incoming[target] where Int(other) != place { forced[Int(other)] = false }
        search(without, multipliers, rounds: 6)
        search(forced, multipliers, rounds: 6)
    }

    /// Rules out edges that no feasible plan of the allowed ones holds.
    ///
    /// - Returns: What each edge adds at least to the groups of its target; nil if no plan is feasible.
    private mutating func propagate(_ allowed: inout [Bool]) -> [Double]? {
        let isReusable = constraints.retrieval == .reusable
        var delays = [Double](repeating: 0, count: graph.edges.count)
        while true {
            work -= graph.edges.count
            let paths = ShortestPaths(graph) { allowed[$0] }
            guard paths.distances.allSatisfy(\.isFinite) else { return nil }
            var least = [Double](repeating: .infinity, count: graph.nodeCount)
            for (place, edge) in graph.edges.enumerated() where allowed[place] {
                // With reuse a member adds its own link for sure, the rest of its chain maybe not.
                delays[place] =
                    isReusable ? edge.recreationCost : paths.distances[edge.source] + edge.recreationCost
                least[edge.target] = min(least[edge.target], delays[place])
            }
            var hasChanged = false
            for (group, members) in graph.groups.enumerated() {
                let sum = members.reduce(0) { $0 + least[$1] }
                guard constraints.allows(sum, group: group) else { return nil }
                for member in members {
                    for place in graph.incoming[member] where allowed[Int(place)] {
                        let edge = graph.edges[Int(place)]
                        let cost = sum - least[member] + delays[Int(place)]
                        let path = paths.distances[edge.source] + edge.recreationCost
                        guard !constraints.allows(max(cost, path), group: group) else { continue }
                        allowed[Int(place)] = false
                        hasChanged = true
                    }
                }
            }
            if !hasChanged { return delays }
        }
    }

    /// Bounds the storage of all plans of the allowed edges, and keeps feasible ones that are met.
    ///
    /// - Returns: The tree of the best bound; nil if nothing here is better than the best plan.
    private mutating func relax(
        _ allowed: [Bool],
        _ delays: [Double],
        _ multipliers: inout [Double],
        rounds: Int
    ) -> StoragePlan? {
        var result: StoragePlan?
        var bestBound = -Double.infinity
        var bestMultipliers = multipliers
        for round in 0..<rounds {
            work -= graph.edges.count
            let weights = nodeWeights(multipliers)
            let tree = MinimumArborescence(graph) { place in
                guard allowed[place] else { return nil }
                let edge = graph.edges[place]
                return edge.storageCost + weights[edge.target] * delays[place]
            }
            guard let tree else { return nil }
            let plan = StoragePlan(parentEdges: tree.parentEdges)
            consider(plan)
            let sums = graph.groups.map { $0.reduce(0) { $0 + delays[plan.parentEdges[$1]] } }
            let cost = plan.storageCost(in: graph)
            var bound = cost
            for group in sums.indices where multipliers[group] > 0 {
                bound += multipliers[group] * (sums[group] - constraints.bounds[group])
            }
            if bound >= bestCost - Self.leastGain(bestCost) { return nil }
            if bound > bestBound || result == nil {
                (bestBound, result, bestMultipliers) = (bound, plan, multipliers)
            }
            raise(&multipliers, sums, gap: bestCost - bound, round)
        }
        multipliers = bestMultipliers
        return result
    }

    private static func leastGain(_ cost: Double) -> Double {
        RecreationConstraints.tolerance * max(cost, .leastNormalMagnitude)
    }

    private func nodeWeights(_ multipliers: [Double]) -> [Double] {
        (0..<graph.nodeCount).map { node in
            graph.memberships[node].reduce(0) { $0 + multipliers[Int($1)] }
        }
    }

    /// A step along the subgradient, of the length that Held and Karp use.
    private func raise(_ multipliers: inout [Double], _ sums: [Double], gap: Double, _ round: Int) {
        let slopes = sums.indices.map { group in
            let slope = sums[group] - constraints.bounds[group]
            return slope.isFinite && (slope > 0 || multipliers[group] > 0) ? slope : 0
        }
        let norm = slopes.reduce(0) { $0 + $1 * $1 }
        guard norm > 0 else { return }
        let step = gap / norm / (1 + Double(round) / 8)
        for group in slopes.indices {
            multipliers[group] = max(0, multipliers[group] + step * slopes[group])
        }
    }

    private mutating func consider(_ plan: StoragePlan) {
        let cost = plan.storageCost(in: graph)
        guard cost < bestCost - Self.leastGain(bestCost),
            plan.isFeasible(under: constraints, in: graph)
        else { return }
        best = plan
        bestCost = cost
    }

    /// The edge to decide next: of a chain of a violated group, that which delays most; if none is
    /// violated, the one that is dearest beside the cheapest into its node.
    private func branchingEdge(of plan: StoragePlan, _ allowed: [Bool]) -> Int? {
        let distances = plan.distances(in: graph)
        let shortest = ShortestPaths(graph) { allowed[$0] }.distances
        func isOpen(_ node: Int) -> Bool {
            graph.incoming[node].count { allowed[Int($0)] } > 1
        }
        var violated: Set<Int> = []
        for (group, members) in graph.groups.enumerated() {
            let cost = plan.recreationCost(of: members, constraints.retrieval, in: graph)
            guard !constraints.allows(cost, group: group) else { continue }
            for member in members {
                var node = member
                while node > 0, violated.insert(node).inserted {
                    node = graph.edges[plan.parentEdges[node]].source
                }
            }
        }
        let open = (1..<graph.nodeCount).filter(isOpen)
        func excess(_ node: Int) -> Double {
            let edge = graph.edges[plan.parentEdges[node]]
            return shortest[edge.source] + edge.recreationCost - shortest[node]
                + (distances[node] - shortest[node]) * 1e-3
        }
        if let node = open.filter({ violated.contains($0) }).max(by: { excess($0) < excess($1) }) {
            return plan.parentEdges[node]
        }
        func premium(_ node: Int) -> Double {
            let cheapest = graph.incoming[node].filter { allowed[Int($0)] }
                .map { graph.edges[Int($0)].storageCost }.min() ?? 0
            return graph.edges[plan.parentEdges[node]].storageCost - cheapest
        }
        return open.max { premium($0) < premium($1) }.map { plan.parentEdges[$0] }
    }
}
