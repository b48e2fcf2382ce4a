import HeapModule

extension StoragePlan {
    /// PAS-PT: a tree that grows by the cheapest edge that lets every group keep its bound.
    ///
    /// The cost of a group whose members are not all in the tree is estimated with the shortest paths of
    /// the missing ones, which is what the published direct materialisation stands for: a lower bound.
    /// Matrices that no edge could add are materialised, and the groups that this violates are mended
    /// with the swaps of PAS-MT. (Miao et al., ICDE 2017, §IV-C.) Edges of equal cost are taken in
    /// their order in the graph.
    ///
    /// - Returns: A plan that may violate bounds if the mending comes to no end.
    public static func pasPT(
        of graph: MatrixStorageGraph,
        under constraints: RecreationConstraints
    ) -> StoragePlan {
        var growth = PriorityTree(graph, constraints)
        growth.run()
        var tree = PlanTree(StoragePlan(parentEdges: growth.parentEdges), graph, constraints)
        SwapDescent.run(&tree)
        return tree.plan
    }
}

private struct PriorityTree {
    private let graph: MatrixStorageGraph
    private let constraints: RecreationConstraints
    private(set) var parentEdges: [Int]
    private var children: [[Int]]
    // Of members in the tree their distance, of others its lower bound.
    private var distances: [Double]
    private var estimates: [Double]
    private var queue = Heap<Entry>()

    private struct Entry: Comparable {
        let cost: Double
        let edge: Int

        static func < (left: Entry, right: Entry) -> Bool {
            (left.cost, left.edge) < (right.cost, right.edge)
        }
    }

    init(_ graph: MatrixStorageGraph, _ constraints: RecreationConstraints) {
        self.graph = graph
        self.constraints = constraints
        parentEdges = [Int](repeating: -1, count: graph.nodeCount)
        children = [[Int]](repeating: [], count: graph.nodeCount)
        distances = ShortestPaths(graph).distances
        let bounds = distances
        estimates = graph.groups.map { $0.reduce(0) { $0 + bounds[$1] } }
    }

    mutating func run() {
        push(edgesFrom: 0)
        while let entry = queue.popMin() {
            let edge = graph.edges[entry.edge]
            guard parentEdges[edge.target] < 0, isAffordable(edge) else { continue }
            add(entry.edge)
        }
        // What is missing is materialised as cheaply as storage allows.
        for node in 1..<graph.nodeCount where parentEdges[node] < 0 {
            let edges = graph.incoming[node].map(Int.init).filter { graph.edges[$0].source == 0 }
            let cheapest = edges.min {
                graph.edges[$0].storageCost < graph.edges[$1].storageCost
            }
            if let cheapest { add(cheapest) }
        }
    }

    private func isAffordable(_ edge: MatrixStorageGraph.Edge) -> Bool {
        let distance = distances[edge.source] + edge.recreationCost
        return graph.memberships[edge.target].allSatisfy { group in
            let group = Int(group)
            // Of a maximum only the new member matters: the others were looked at when they came.
            let cost = constraints.retrieval == .parallel
                ? distance : estimates[group] - distances[edge.target] + distance
            return constraints.allows(cost, group: group)
        }
    }

    private mutating func add(_ place: Int) {
        let edge = graph.edges[place]
        parentEdges[edge.target] = place
        children[edge.source].append(edge.target)
        shift(edge.target, by: distances[edge.source] + edge.recreationCost - distances[edge.target])
        push(edgesFrom: edge.target)
        reparentNeighbours(of: edge.target)
    }

    private mutating func push(edgesFrom node: Int) {
        for place in graph.outgoing[node] {
            let edge = graph.edges[Int(place)]
            guard parentEdges[edge.target] < 0 else { continue }
            queue.insert(Entry(cost: edge.storageCost, edge: Int(place)))
        }
    }

    /// Nodes of the tree that are stored cheaper against the new one, and recreated no dearer.
    private mutating func reparentNeighbours(of node: Int) {
        for place in graph.outgoing[node] {
            let edge = graph.edges[Int(place)]
            guard parentEdges[edge.target] >= 0 else { continue }
            let present = graph.edges[parentEdges[edge.target]]
            let distance = distances[node] + edge.recreationCost
            // Recreation costs are positive, so an ancestor of the new node never passes this test.
            guard present.storageCost > edge.storageCost, distances[edge.target] >= distance,
                !isAncestor(edge.target, of: node)
            else { continue }
            children[present.source].removeAll { $0 == edge.target }
            children[node].append(edge.target)
            parentEdges[edge.target] = Int(place)
            shift(edge.target, by: distance - distances[edge.target])
        }
    }

    private func isAncestor(_ ancestor: Int, of node: Int) -> Bool {
        var node = node
        while node > 0 {
            if node == ancestor { return true }
            node = graph.edges[parentEdges[node]].source
        }
        return false
    }

    private mutating func shift(_ node: Int, by shift: Double) {
        guard shift != 0 else { return }
        var stack = [node]
        while let node = stack.popLast() {
            distances[node] += shift
            for group in graph.memberships[node] { estimates[Int(group)] += shift }
            stack += children[node]
        }
    }
}
