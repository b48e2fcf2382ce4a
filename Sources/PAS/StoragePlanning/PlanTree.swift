/// A storage plan that is being changed, with the recreation costs of all nodes and groups up to date.
///
/// Changing the edge of a node costs as much as its subtree is large.
struct PlanTree {
    let graph: MatrixStorageGraph
    let constraints: RecreationConstraints

    private(set) var parentEdges: [Int]
    private(set) var distances: [Double]
    private(set) var groupCosts: [Double]
    private(set) var storageCost: Double

    private var firstChild: [Int32]
    private var nextSibling: [Int32]
    private var previousSibling: [Int32]

    // Groups that were met in the present step carry its number.
    private var stamps: [Int]
    private var step = 0
    private var stack: [Int32] = []

    init(_ plan: StoragePlan, _ graph: MatrixStorageGraph, _ constraints: RecreationConstraints) {
        self.graph = graph
        self.constraints = constraints
        parentEdges = plan.parentEdges
        distances = plan.distances(in: graph)
        groupCosts = plan.recreationCosts(constraints.retrieval, in: graph)
        storageCost = plan.storageCost(in: graph)
        firstChild = [Int32](repeating: -1, count: graph.nodeCount)
        nextSibling = firstChild
        previousSibling = firstChild
        stamps = [Int](repeating: 0, count: graph.groups.count)
        for node in stride(from: graph.matrixCount, to: 0, by: -1) { link(node, to: parent(of: node)) }
    }

    var plan: StoragePlan { StoragePlan(parentEdges: parentEdges) }

    var isFeasible: Bool {
        groupCosts.indices.allSatisfy { constraints.allows(groupCosts[$0], group: $0) }
    }

    func isViolated(_ group: Int) -> Bool { !constraints.allows(groupCosts[group], group: group) }

    func parent(of node: Int) -> Int { graph.edges[parentEdges[node]].source }

    func edge(into node: Int) -> MatrixStorageGraph.Edge { graph.edges[parentEdges[node]] }

    /// What every node of the subtree gains if `edge` replaces the present one (lemma 3).
    func recreationGain(of edge: MatrixStorageGraph.Edge) -> Double {
        distances[edge.target] - distances[edge.source] - edge.recreationCost
    }

    func storageGrowth(of edge: MatrixStorageGraph.Edge) -> Double {
        edge.storageCost - self.edge(into: edge.target).storageCost
    }

    /// Whether a node is in the subtree of another, itself included.
    func isDescendant(_ node: Int, of ancestor: Int) -> Bool {
        var node = node
        while node > 0 {
            if node == ancestor { return true }
            node = parent(of: node)
        }
        return ancestor == 0
    }

    /// The nodes of a subtree, itself first; ends early if `body` answers false.
    @discardableResult
    mutating func forEachDescendant(of node: Int, _ body: (Int) -> Bool) -> Bool {
        stack.removeAll(keepingCapacity: true)
        stack.append(Int32(node))
        while let next = stack.popLast() {
            guard body(Int(next)) else { return false }
            var child = firstChild[Int(next)]
            while child >= 0 {
                stack.append(child)
                child = nextSibling[Int(child)]
            }
        }
        return true
    }

    /// Puts `edge` (a place in the graph's edges) in place of the edge into its target.
    ///
    /// The source must not be in the subtree of the target.
    mutating func replaceParent(with place: Int) {
        let edge = graph.edges[place]
        let node = edge.target
        let shift = -recreationGain(of: edge)
        storageCost += storageGrowth(of: edge)
        unlink(node, from: parent(of: node))
        parentEdges[node] = place
        link(node, to: edge.source)
        step += 1
        var touched: [Int] = []
        let isSum = constraints.retrieval == .independent
        var moved: [Int] = []
        forEachDescendant(of: node) {
            moved.append($0)
            return true
        }
        for node in moved {
            distances[node] += shift
            for group in graph.memberships[node] {
                let group = Int(group)
                if isSum { groupCosts[group] += shift }
                guard stamps[group] != step else { continue }
                stamps[group] = step
                touched.append(group)
            }
        }
        guard !isSum else { return }
        for group in touched { groupCosts[group] = groupCost(group) }
    }

    /// Whether the plan would stay feasible with `place` as the edge into its target.
    mutating func staysFeasible(with place: Int) -> Bool {
        let edge = graph.edges[place]
        let shift = -recreationGain(of: edge)
        guard constraints.retrieval == .independent else {
            let old = parentEdges[edge.target]
            replaceParent(with: place)
            defer { replaceParent(with: old) }
            return touchedGroups(by: edge.target).allSatisfy { !isViolated($0) }
        }
        guard shift > 0 else { return true }
        let costs = groupCosts
        let constraints = self.constraints
        let memberships = graph.memberships
        var counts: [Int: Double] = [:]
        return forEachDescendant(of: edge.target) { node in
            for group in memberships[node] {
                let group = Int(group)
                let count = counts[group, default: 0] + 1
                counts[group] = count
                if !constraints.allows(costs[group] + count * shift, group: group) { return false }
            }
            return true
        }
    }

    /// The groups that have a member in the subtree of a node, each once.
    mutating func touchedGroups(by node: Int) -> [Int] {
        step += 1
        var nodes: [Int] = []
        forEachDescendant(of: node) {
            nodes.append($0)
            return true
        }
        var touched: [Int] = []
        for node in nodes {
            for group in graph.memberships[node] where stamps[Int(group)] != step {
                stamps[Int(group)] = step
                touched.append(Int(group))
            }
        }
        return touched
    }

    private func groupCost(_ group: Int) -> Double {
        switch constraints.retrieval {
        case .independent: graph.groups[group].reduce(0) { $0 + distances[$1] }
        case .parallel: graph.groups[group].reduce(0) { max($0, distances[$1]) }
        case .reusable: plan.recreationCost(of: graph.groups[group], .reusable, in: graph)
        }
    }

    private mutating func link(_ node: Int, to parent: Int) {
        let next = firstChild[parent]
        nextSibling[node] = next
        previousSibling[node] = -1
        if next >= 0 { previousSibling[Int(next)] = Int32(node) }
        firstChild[parent] = Int32(node)
    }

    private mutating func unlink(_ node: Int, from parent: Int) {
        let (previous, next) = (previousSibling[node], nextSibling[node])
        if previous >= 0 { nextSibling[Int(previous)] = next } else { firstChild[parent] = next }
        if next >= 0 { previousSibling[Int(next)] = previous }
    }
}
