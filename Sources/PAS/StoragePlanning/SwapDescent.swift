import HeapModule

extension StoragePlan {
    /// PAS-MT: the minimum spanning tree, changed edge by edge until every bound is kept.
    ///
    /// Each step takes the swap that gains the violated groups most recreation for each unit of
    /// storage. A swap that gains and costs no storage is taken first. (Miao et al., ICDE 2017, §IV-C.)
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - constraints: The bounds.
    ///   - start: The tree to begin with; nil for the minimum spanning tree. Where several are minimal
    ///     the outcome may depend on it.
    /// - Returns: A plan that may violate bounds if no single swap gains anything any more.
    public static func pasMT(
        of graph: MatrixStorageGraph,
        under constraints: RecreationConstraints,
        from start: StoragePlan? = nil
    ) -> StoragePlan {
        var tree = PlanTree(start ?? minimumStorage(of: graph), graph, constraints)
        SwapDescent.run(&tree)
        return tree.plan
    }
}

/// The swaps of PAS-MT, with gains that are kept up to date instead of computed anew in every step.
///
/// The gain of a swap at a node is the gain of its best edge for each unit of storage, which changes with
/// distances alone, times the weight of its subtree, which changes along two paths to the root. So a step
/// costs about as much as the subtree that it moves and these paths are long, not O(E) as published.
///
/// Where the weight is a number of groups, each counted once, it cannot be kept up to date along a path. The
/// number of memberships, which can, is never less: a swap waits under that bound, and its subtree is
/// looked at when no other can gain more.
struct SwapDescent {
    /// What the best edge into a node gains.
    private struct Swap {
        var edge: Int
        var isFree: Bool
        /// Recreation for a unit of storage; of a free swap, recreation.
        var gain: Double

        func isBetter(than other: Swap?) -> Bool {
            guard let other else { return true }
            if isFree != other.isFree { return isFree }
            return (gain, other.edge) > (other.gain, edge)
        }
    }

    private struct Entry: Comparable {
        let isFree: Bool
        let gain: Double
        let edge: Int
        let stamp: Int
        /// Whether the gain is not a bound of it.
        let isExact: Bool

        static func < (left: Entry, right: Entry) -> Bool {
            if left.isFree != right.isFree { return right.isFree }
            return (left.gain, right.edge) < (right.gain, left.edge)
        }
    }

    private let graph: MatrixStorageGraph
    private let isSum: Bool
    private var isViolated: [Bool]
    private var violatedCount: Int
    // How many memberships in violated groups the subtree of a node has.
    private var weights: [Int]
    private var best: [Swap?]
    private var stamps: [Int]
    private var queue = Heap<Entry>()

    /// Changes a tree until every bound is kept, or no swap gains anything.
    static func run(_ tree: inout PlanTree) {
        var descent = SwapDescent(tree)
        descent.run(&tree)
    }

    private init(_ tree: PlanTree) {
        graph = tree.graph
        isSum = tree.constraints.retrieval == .independent
        isViolated = graph.groups.indices.map { tree.isViolated($0) }
        violatedCount = isViolated.count { $0 }
        weights = [Int](repeating: 0, count: graph.nodeCount)
        best = [Swap?](repeating: nil, count: graph.nodeCount)
        stamps = [Int](repeating: 0, count: graph.nodeCount)
    }

    private mutating func run(_ tree: inout PlanTree) {
        guard violatedCount > 0 else { return }
        for node in tree.plan.order(in: graph)?.reversed() ?? [] where node > 0 {
            weights[node] += graph.memberships[node].count { isViolated[Int($0)] }
            weights[tree.parent(of: node)] += weights[node]
        }
        for node in 1..<graph.nodeCount {
            rescan(node, tree)
            push(node)
        }
        while violatedCount > 0, let entry = queue.popMax() {
            let node = graph.edges[entry.edge].target
            guard stamps[node] == entry.stamp else { continue }
            if entry.isExact {
                swap(entry.edge, in: &tree)
            } else {
                // Equation 2 counts each group once; it is restricted to groups that the subtree touches.
                insert(node, weight: tree.touchedGroups(by: node).count { isViolated[$0] }, isExact: true)
            }
        }
    }

    private mutating func swap(_ place: Int, in tree: inout PlanTree) {
        let node = graph.edges[place].target
        var changed = shiftWeights(of: node, by: -weights[node], in: tree)
        tree.replaceParent(with: place)
        changed += shiftWeights(of: node, by: weights[node], in: tree)
        var moved: [Int] = []
        tree.forEachDescendant(of: node) {
            moved.append($0)
            return true
        }
        for group in tree.touchedGroups(by: node) where isViolated[group] && !tree.isViolated(group) {
            isViolated[group] = false
            violatedCount -= 1
            for member in graph.groups[group] {
                weights[member] -= 1
                changed.append(member)
                changed += shiftWeights(of: member, by: -1, in: tree)
            }
        }
        for node in moved { rescan(node, tree) }
        changed += moved
        for node in moved { changed += offer(edgesFrom: node, tree) }
        for node in Set(changed).sorted() where node > 0 { push(node) }
    }

    /// Adds to the weights of the ancestors of a node, itself excluded, and lists them.
    private mutating func shiftWeights(of node: Int, by shift: Int, in tree: PlanTree) -> [Int] {
        var ancestors: [Int] = []
        var node = tree.parent(of: node)
        while node > 0 {
            weights[node] += shift
            ancestors.append(node)
            node = tree.parent(of: node)
        }
        return ancestors
    }

    /// The swap of an edge; nil if it does not gain. One that gains comes from outside the subtree, where
    /// nothing is nearer to v0 than the target.
    private func swapGain(_ place: Int, _ tree: PlanTree) -> Swap? {
        let edge = graph.edges[place]
        let gain = tree.recreationGain(of: edge)
        // Rounding must not pass for a gain.
        guard gain > RecreationConstraints.tolerance * tree.distances[edge.target] else { return nil }
        let growth = tree.storageGrowth(of: edge)
        return Swap(edge: place, isFree: growth <= 0, gain: growth <= 0 ? gain : gain / growth)
    }

    private mutating func rescan(_ node: Int, _ tree: PlanTree) {
        var found: Swap?
        for place in graph.incoming[node] {
            if let swap = swapGain(Int(place), tree), swap.isBetter(than: found) { found = swap }
        }
        best[node] = found
    }

    /// A node that came nearer to v0 is a better source: its edges alone are looked at.
    private mutating func offer(edgesFrom node: Int, _ tree: PlanTree) -> [Int] {
        var improved: [Int] = []
        for place in graph.outgoing[node] {
            let target = graph.edges[Int(place)].target
            guard let swap = swapGain(Int(place), tree), swap.isBetter(than: best[target]) else { continue }
            best[target] = swap
            improved.append(target)
        }
        return improved
    }

    private mutating func push(_ node: Int) {
        stamps[node] += 1
        guard weights[node] > 0 else { return }
        insert(node, weight: weights[node], isExact: isSum)
    }

    private mutating func insert(_ node: Int, weight: Int, isExact: Bool) {
        guard let swap = best[node] else { return }
        queue.insert(
            Entry(
                isFree: swap.isFree,
                gain: swap.gain * Double(weight),
                edge: swap.edge,
                stamp: stamps[node],
                isExact: isExact
            )
        )
    }
}
