import Foundation

/// Trees that weigh storage against the recreation of groups that are short of it.
///
/// Each group has a multiplier: what a unit of its recreation is worth in storage. With given multipliers
/// a tree is improved node by node: the best edge into a node minimises its storage plus its distance
/// times the multipliers in the subtree, a sum that is kept up to date. Then multipliers of groups beyond
/// their bounds rise and others fall. A round costs about O(E), so that all grow nearly linearly.
struct LagrangianRelaxation {
    private let graph: MatrixStorageGraph
    private let constraints: RecreationConstraints
    private let shortest: ShortestPaths
    private var tree: PlanTree
    private var multipliers: [Double]
    // The multipliers of all members in the subtree of a node, summed.
    private var weights: [Double]

    private let roundCount: Int
    /// The trees of the last rounds, whose multipliers have settled, are mended and judged.
    private let judgedRoundCount: Int

    init(_ graph: MatrixStorageGraph, _ constraints: RecreationConstraints) {
        self.graph = graph
        self.constraints = constraints
        shortest = ShortestPaths(graph)
        let quickest = StoragePlan(parentEdges: shortest.parentEdges)
        let lightest = StoragePlan.minimumStorage(of: graph)
        tree = PlanTree(quickest, graph, constraints)
        // The more matrices, the less a single round more matters.
        let isLarge = graph.edges.count > 200_000
        roundCount = isLarge ? 14 : 24
        judgedRoundCount = isLarge ? 3 : 12
        weights = [Double](repeating: 0, count: graph.nodeCount)
        // What the whole way from one extreme to the other trades at.
        let saved = quickest.storageCost(in: graph) - lightest.storageCost(in: graph)
        let lost = zip(
            lightest.recreationCosts(.independent, in: graph),
            quickest.recreationCosts(.independent, in: graph)
        ).reduce(0) { $0 + $1.0 - $1.1 }
        let price = lost > 0 ? saved / lost : 0
        multipliers = [Double](repeating: price, count: graph.groups.count)
    }

    /// Runs all rounds.
    ///
    /// - Returns: The feasible trees that were met, in no order.
    mutating func run() -> [StoragePlan] {
        var found: [StoragePlan] = []
        for round in 0..<roundCount {
            for _ in 0..<2 where sweep(downwards: round % 2 == 0) == 0 { break }
            if round >= roundCount - judgedRoundCount {
                var mended = tree
                SwapDescent.run(&mended)
                if !mended.isFeasible { mended.mend(shortest) }
                if mended.isFeasible { found.append(mended.plan) }
            }
            // Steps get smaller, so that multipliers settle.
            let power = 2.0 / (1 + Double(round) / 6)
            for group in multipliers.indices where constraints.bounds[group].isFinite {
                let ratio = tree.groupCosts[group] / max(constraints.bounds[group], .leastNormalMagnitude)
                multipliers[group] *= pow(min(4, max(0.25, ratio)), power)
            }
        }
        return found
    }

    /// Gives every node its best edge once; answers how many changed.
    private mutating func sweep(downwards: Bool) -> Int {
        let order = tree.plan.order(in: graph) ?? []
        for node in order { weights[node] = 0 }
        for node in order.reversed() where node > 0 {
            for group in graph.memberships[node] { weights[node] += multipliers[Int(group)] }
            weights[tree.parent(of: node)] += weights[node]
        }
        var changed = 0
        for node in downwards ? order : order.reversed() where node > 0 {
            let weight = weights[node]
            let present = tree.edge(into: node)
            var best = (edge: -1, cost: present.storageCost + weight * tree.distances[node])
            // Rounding must not pass for an improvement.
            best.cost -= RecreationConstraints.tolerance * best.cost
            for place in graph.incoming[node] {
                let edge = graph.edges[Int(place)]
                let cost = edge.storageCost
                    + weight * (tree.distances[edge.source] + edge.recreationCost)
                if cost < best.cost, !tree.isDescendant(edge.source, of: node) {
                    best = (Int(place), cost)
                }
            }
            guard best.edge >= 0 else { continue }
            shiftWeights(above: node, by: -weight)
            tree.replaceParent(with: best.edge)
            shiftWeights(above: node, by: weight)
            changed += 1
        }
        return changed
    }

    private mutating func shiftWeights(above node: Int, by shift: Double) {
        var node = tree.parent(of: node)
        while node > 0 {
            weights[node] += shift
            node = tree.parent(of: node)
        }
    }
}
