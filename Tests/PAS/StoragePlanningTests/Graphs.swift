import TestSupport

@testable import StoragePlanning

/// The matrix storage graph of figure 5 of Miao et al. (ICDE 2017).
enum Figure5 {
    typealias Edge = MatrixStorageGraph.Edge

    static let edges = [
        Edge(from: 0, to: 1, storageCost: 2, recreationCost: 1),
        Edge(from: 0, to: 2, storageCost: 8, recreationCost: 2),
        Edge(from: 0, to: 3, storageCost: 2, recreationCost: 1),
        Edge(from: 0, to: 4, storageCost: 8, recreationCost: 2),
        Edge(from: 0, to: 5, storageCost: 8, recreationCost: 2),
        Edge(from: 1, to: 3, storageCost: 1, recreationCost: 0.5),
        Edge(from: 2, to: 4, storageCost: 4, recreationCost: 1),
        Edge(from: 2, to: 5, storageCost: 4, recreationCost: 1),
        Edge(from: 4, to: 5, storageCost: 4, recreationCost: 1),
    ]

    static let groups = [[1, 2], [3, 4, 5]]

    static func graph(edges: [Edge] = edges) throws -> MatrixStorageGraph {
        try MatrixStorageGraph(matrixCount: 5, undirectedEdges: edges, groups: groups)
    }

    static func independent(_ first: Double, _ second: Double) -> RecreationConstraints {
        RecreationConstraints(retrieval: .independent, bounds: [first, second])
    }

    static func parallel(_ first: Double, _ second: Double) -> RecreationConstraints {
        RecreationConstraints(retrieval: .parallel, bounds: [first, second])
    }

    /// The place of the edge between two nodes.
    static func place(_ source: Int, _ target: Int, in graph: MatrixStorageGraph) -> Int {
        graph.edges.firstIndex { $0.source == source && $0.target == target } ?? -1
    }

    /// The minimum spanning tree that the paper draws, one of 18 of cost 19.
    static func papersTree(_ graph: MatrixStorageGraph) throws -> StoragePlan {
        try StoragePlan(
            edges: [(0, 1), (0, 2), (1, 3), (2, 4), (2, 5)].map { place($0, $1, in: graph) },
            in: graph
        )
    }
}

/// Small random graphs, and every plan of them.
enum RandomGraphs {
    static func graph(seed: UInt64, matrixCount: Int, isDirected: Bool) throws -> MatrixStorageGraph {
        var random = SeededGenerator(seed: seed)
        typealias Edge = MatrixStorageGraph.Edge
        var edges: [Edge] = []
        for node in 1...matrixCount {
            for _ in 0..<(random.next() % 4 == 0 ? 2 : 1) {
                edges.append(
                    Edge(
                        from: 0,
                        to: node,
                        storageCost: Double.random(in: 6...12, using: &random).rounded(),
                        recreationCost: Double.random(in: 1...3, using: &random)
                    )
                )
            }
        }
        for _ in 0..<matrixCount + 2 {
            let source = Int.random(in: 1...matrixCount, using: &random)
            let target = Int.random(in: 1...matrixCount, using: &random)
            guard source != target else { continue }
            let edge = Edge(
                from: source,
                to: target,
                storageCost: Double.random(in: 0...7, using: &random).rounded(),
                recreationCost: Double.random(in: 0.2...2, using: &random)
            )
            edges += isDirected ? [edge] : [edge, edge.reversed]
        }
        let groupCount = Int.random(in: 1...3, using: &random)
        let groups = (0..<groupCount).map { _ in
            (1...matrixCount).filter { _ in Bool.random(using: &random) }
        }.filter { !$0.isEmpty }
        return try MatrixStorageGraph(matrixCount: matrixCount, edges: edges, groups: groups)
    }

    /// Calls a function with every spanning tree.
    static func forEachPlan(of graph: MatrixStorageGraph, _ body: (StoragePlan) -> Void) {
        var chosen = [Int](repeating: -1, count: graph.matrixCount + 1)
        func closesCycle(_ node: Int) -> Bool {
            var source = graph.edges[chosen[node]].source
            while source > 0, source != node, chosen[source] >= 0 {
                source = graph.edges[chosen[source]].source
            }
            return source == node
        }
        func choose(_ node: Int) {
            guard node <= graph.matrixCount else { return body(StoragePlan(parentEdges: chosen)) }
            for place in graph.incoming[node] {
                chosen[node] = Int(place)
                if !closesCycle(node) { choose(node + 1) }
            }
            chosen[node] = -1
        }
        choose(1)
    }

    /// The least storage of all plans that keep the bounds.
    static func optimum(
        of graph: MatrixStorageGraph,
        under constraints: RecreationConstraints
    ) -> Double {
        var least = Double.infinity
        forEachPlan(of: graph) { plan in
            let cost = plan.storageCost(in: graph)
            guard cost < least, plan.isFeasible(under: constraints, in: graph) else { return }
            least = cost
        }
        return least
    }
}
