/// A storage plan: for every matrix the one edge by which it is stored.
///
/// The edges form a tree that is rooted at the empty matrix v0, so every matrix has exactly one delta
/// chain. (Miao et al., ICDE 2017, definition 2 and lemma 2.)
public struct StoragePlan: Hashable, Sendable {
    /// The edge (a place in the graph's edges) into every node; -1 for node 0, which needs none.
    public let parentEdges: [Int]

    init(parentEdges: [Int]) {
        self.parentEdges = parentEdges
    }

    /// Creates a plan of given edges.
    ///
    /// - Parameters:
    ///   - edges: One for each matrix, in any order.
    ///   - graph: The graph that they are of.
    /// - Throws: ``StoragePlanningError`` if they do not form a tree rooted at node 0.
    public init(edges: [Int], in graph: MatrixStorageGraph) throws(StoragePlanningError) {
        var parents = [Int](repeating: -1, count: graph.nodeCount)
        for edge in edges where graph.edges.indices.contains(edge) {
            parents[graph.edges[edge].target] = edge
        }
        self.init(parentEdges: parents)
        guard edges.count == graph.matrixCount, order(in: graph) != nil else {
            throw StoragePlanningError(
                .invalidGraph,
                "\(edges.count) edges do not make a tree of \(graph.matrixCount) matrices."
            )
        }
    }

    /// What all that is stored costs: C_s of the papers.
    public func storageCost(in graph: MatrixStorageGraph) -> Double {
        parentEdges.dropFirst().reduce(0) { $0 + graph.edges[$1].storageCost }
    }

    /// The node that each node is stored against; 0 for node 0 itself.
    public func parents(in graph: MatrixStorageGraph) -> [Int] {
        parentEdges.map { $0 < 0 ? 0 : graph.edges[$0].source }
    }

    /// What recreating each node costs: the recreation costs along its chain, summed.
    public func distances(in graph: MatrixStorageGraph) -> [Double] {
        var distances = [Double](repeating: 0, count: graph.nodeCount)
        for node in order(in: graph) ?? [] where node > 0 {
            let edge = graph.edges[parentEdges[node]]
            distances[node] = distances[edge.source] + edge.recreationCost
        }
        return distances
    }

    /// The number of edges between each node and node 0.
    public func depths(in graph: MatrixStorageGraph) -> [Int] {
        var depths = [Int](repeating: 0, count: graph.nodeCount)
        for node in order(in: graph) ?? [] where node > 0 {
            depths[node] = depths[graph.edges[parentEdges[node]].source] + 1
        }
        return depths
    }

    /// What recreating a group costs.
    public func recreationCost(
        of group: [Int],
        _ retrieval: RetrievalScheme,
        in graph: MatrixStorageGraph
    ) -> Double {
        switch retrieval {
        case .independent: group.reduce(0) { $0 + distance(of: $1, in: graph) }
        case .parallel: group.reduce(0) { max($0, distance(of: $1, in: graph)) }
        case .reusable: linkCost(of: group, in: graph)
        }
    }

    /// What recreating each of the graph's groups costs.
    public func recreationCosts(
        _ retrieval: RetrievalScheme,
        in graph: MatrixStorageGraph
    ) -> [Double] {
        graph.groups.map { recreationCost(of: $0, retrieval, in: graph) }
    }

    /// Whether every group keeps its bound.
    public func isFeasible(
        under constraints: RecreationConstraints,
        in graph: MatrixStorageGraph
    ) -> Bool {
        zip(recreationCosts(constraints.retrieval, in: graph), graph.groups.indices)
            .allSatisfy { constraints.allows($0, group: $1) }
    }

    private func distance(of node: Int, in graph: MatrixStorageGraph) -> Double {
        var distance = 0.0
        var node = node
        while node > 0 {
            let edge = graph.edges[parentEdges[node]]
            distance += edge.recreationCost
            node = edge.source
        }
        return distance
    }

    private func linkCost(of group: [Int], in graph: MatrixStorageGraph) -> Double {
        var seen: Set<Int> = [0]
        var cost = 0.0
        for member in group {
            var node = member
            while seen.insert(node).inserted {
                let edge = graph.edges[parentEdges[node]]
                cost += edge.recreationCost
                node = edge.source
            }
        }
        return cost
    }

    /// The nodes, each behind the one that it is stored against; nil if that is not possible.
    func order(in graph: MatrixStorageGraph) -> [Int]? {
        // A node is open until its whole chain is in order; meeting an open one again is a cycle.
        enum State { case new, open, done }
        var states = [State](repeating: .new, count: graph.nodeCount)
        var order = [0]
        order.reserveCapacity(graph.nodeCount)
        states[0] = .done
        var chain: [Int] = []
        for start in states.indices where states[start] == .new {
            var node = start
            while states[node] == .new {
                guard parentEdges[node] >= 0 else { return nil }
                states[node] = .open
                chain.append(node)
                node = graph.edges[parentEdges[node]].source
            }
            guard states[node] == .done else { return nil }
            for node in chain.reversed() {
                states[node] = .done
                order.append(node)
            }
            chain.removeAll(keepingCapacity: true)
        }
        return order
    }
}

extension StoragePlan {
    /// The nodes, each behind the one that it is stored against.
    public func topologicalOrder(in graph: MatrixStorageGraph) -> [Int] {
        order(in: graph) ?? []
    }

    /// The plan with no chain longer than a number of edges: what would lie deeper is materialised in the
    /// way that takes least storage. Recreation costs only fall if materialisation is the cheapest way.
    public func limitingDepth(to depthMax: Int, in graph: MatrixStorageGraph) -> StoragePlan {
        var edges = parentEdges
        var depths = [Int](repeating: 0, count: edges.count)
        for node in topologicalOrder(in: graph) where node > 0 {
            depths[node] = depths[graph.edges[edges[node]].source] + 1
            guard depths[node] > depthMax else { continue }
            let cheapest = graph.incoming[node].map(Int.init)
                .filter { graph.edges[$0].source == 0 }
                .min { graph.edges[$0].storageCost < graph.edges[$1].storageCost }
            guard let cheapest else { continue }
            edges[node] = cheapest
            depths[node] = 1
        }
        return StoragePlan(parentEdges: edges)
    }
}
