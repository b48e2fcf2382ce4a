extension StoragePlan {
    /// The tree that is stored most cheaply, whatever recreation costs: the minimum spanning tree of the
    /// papers; with directed edges, the minimum-cost arborescence.
    public static func minimumStorage(of graph: MatrixStorageGraph) -> StoragePlan {
        let tree = MinimumArborescence(graph) { graph.edges[$0].storageCost }
        // A graph has an edge from node 0 to every matrix, so there always is a tree.
        return StoragePlan(parentEdges: tree?.parentEdges ?? shortestPaths(of: graph).parentEdges)
    }
}

/// The minimum-cost arborescence rooted at v0, by Edmonds' contraction of cycles.
///
/// The edges into each (contracted) node lie in a leftist heap that is merged in logarithmic time and
/// whose costs are lowered as a whole, so it takes O(E log V). (Tarjan 1977; Gabow, Galil, Spencer,
/// Tarjan, Combinatorica 6, 1986.)
struct MinimumArborescence {
    /// The edge into every node; -1 for node 0.
    private(set) var parentEdges: [Int]

    private struct Cycle {
        let node: Int
        let time: Int
        let edges: [Int]
    }

    /// Finds the tree among the edges that have a cost.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - cost: The cost of an edge; nil for one that must not be used.
    /// - Returns: Nil if the edges do not reach every node.
    init?(_ graph: MatrixStorageGraph, cost: (Int) -> Double?) {
        var heaps = EdgeHeaps(edgeCount: graph.edges.count)
        var roots = [Int32](repeating: -1, count: graph.nodeCount)
        for node in 1..<max(1, graph.nodeCount) {
            roots[node] = heaps.build(graph.incoming[node], cost: cost)
        }
        var sets = UndoableSets(count: graph.nodeCount)
        // The round in which a node was reached; -1 for not yet.
        var rounds = [Int](repeating: -1, count: graph.nodeCount)
        rounds[0] = 0
        parentEdges = [Int](repeating: -1, count: graph.nodeCount)
        var cycles: [Cycle] = []
        var pathNodes: [Int] = []
        var pathEdges: [Int] = []
        for start in 1..<max(1, graph.nodeCount) {
            pathNodes.removeAll(keepingCapacity: true)
            pathEdges.removeAll(keepingCapacity: true)
            var node = sets.find(start)
            while rounds[node] < 0 {
                guard roots[node] >= 0 else { return nil }
                let edge = heaps.removeCheapest(&roots[node])
                pathNodes.append(node)
                pathEdges.append(edge)
                rounds[node] = start
                node = sets.find(graph.edges[edge].source)
                guard rounds[node] == start else { continue }
                // The path met itself: its tail becomes one node.
                let time = sets.time
                var merged: Int32 = -1
                let end = pathEdges.count
                var place = end
                repeat {
                    place -= 1
                    merged = heaps.merge(merged, roots[pathNodes[place]])
                } while sets.join(node, pathNodes[place])
                node = sets.find(node)
                cycles.append(Cycle(node: node, time: time, edges: Array(pathEdges[place..<end])))
                pathNodes.removeLast(end - place)
                pathEdges.removeLast(end - place)
                roots[node] = merged
                rounds[node] = -1
            }
            for edge in pathEdges { parentEdges[sets.find(graph.edges[edge].target)] = edge }
        }
        // Contracted cycles are opened again, the last first; each loses the edge that its entry replaces.
        for cycle in cycles.reversed() {
            sets.undo(to: cycle.time)
            let entry = parentEdges[cycle.node]
            for edge in cycle.edges { parentEdges[sets.find(graph.edges[edge].target)] = edge }
            parentEdges[sets.find(graph.edges[entry].target)] = entry
        }
    }
}

/// Leftist heaps of edges, with a cost that can be subtracted from a whole heap.
private struct EdgeHeaps {
    private var left: [Int32]
    private var right: [Int32]
    private var ranks: [Int32]
    private var costs: [Double]
    private var debts: [Double]

    init(edgeCount: Int) {
        left = [Int32](repeating: -1, count: edgeCount)
        right = left
        ranks = [Int32](repeating: 1, count: edgeCount)
        costs = [Double](repeating: 0, count: edgeCount)
        debts = costs
    }

    /// Makes a heap of edges, pair by pair, in linear time.
    mutating func build(_ edges: ArraySlice<Int32>, cost: (Int) -> Double?) -> Int32 {
        var heaps: [Int32] = []
        for edge in edges {
            guard let value = cost(Int(edge)) else { continue }
            costs[Int(edge)] = value
            heaps.append(edge)
        }
        while heaps.count > 1 {
            var merged: [Int32] = []
            for place in stride(from: 0, to: heaps.count, by: 2) {
                let other = place + 1 < heaps.count ? heaps[place + 1] : -1
                merged.append(merge(heaps[place], other))
            }
            heaps = merged
        }
        return heaps.first ?? -1
    }

    mutating func merge(_ first: Int32, _ second: Int32) -> Int32 {
        if first < 0 { return second }
        if second < 0 { return first }
        settle(first)
        settle(second)
        let isOrdered = (costs[Int(first)], first) < (costs[Int(second)], second)
        let (top, other) = isOrdered ? (first, second) : (second, first)
        let child = merge(right[Int(top)], other)
        right[Int(top)] = child
        if rank(left[Int(top)]) < rank(child) {
            right[Int(top)] = left[Int(top)]
            left[Int(top)] = child
        }
        ranks[Int(top)] = rank(right[Int(top)]) + 1
        return top
    }

    /// Removes the cheapest edge and takes its cost off all others.
    mutating func removeCheapest(_ root: inout Int32) -> Int {
        let top = Int(root)
        settle(root)
        let cost = costs[top]
        for child in [left[top], right[top]] where child >= 0 { debts[Int(child)] += cost }
        root = merge(left[top], right[top])
        return top
    }

    private func rank(_ heap: Int32) -> Int32 { heap < 0 ? 0 : ranks[Int(heap)] }

    private mutating func settle(_ heap: Int32) {
        let node = Int(heap)
        guard debts[node] != 0 else { return }
        costs[node] -= debts[node]
        if left[node] >= 0 { debts[Int(left[node])] += debts[node] }
        if right[node] >= 0 { debts[Int(right[node])] += debts[node] }
        debts[node] = 0
    }
}

/// Disjoint sets whose unions can be taken back, the last first.
private struct UndoableSets {
    // The parent of a member, or minus the size of a set at its representative.
    private var links: [Int32]
    private var changes: [(place: Int, value: Int32)] = []

    init(count: Int) {
        links = [Int32](repeating: -1, count: count)
    }

    var time: Int { changes.count }

    func find(_ member: Int) -> Int {
        var member = member
        while links[member] >= 0 { member = Int(links[member]) }
        return member
    }

    /// - Returns: False if they are one set already.
    mutating func join(_ first: Int, _ second: Int) -> Bool {
        var first = find(first)
        var second = find(second)
        guard first != second else { return false }
        if links[first] > links[second] { swap(&first, &second) }
        changes.append((first, links[first]))
        changes.append((second, links[second]))
        links[first] += links[second]
        links[second] = Int32(first)
        return true
    }

    mutating func undo(to time: Int) {
        while changes.count > time, let change = changes.popLast() { links[change.place] = change.value }
    }
}
