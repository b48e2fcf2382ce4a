import HeapModule

extension StoragePlan {
    /// The shortest-path tree: every matrix is recreated as cheaply as can be, whatever storage costs.
    ///
    /// Among equally short paths the one whose last edge is stored cheaper is taken, then the earlier
    /// edge. (Dijkstra's algorithm, O(E log V).)
    public static func shortestPaths(of graph: MatrixStorageGraph) -> StoragePlan {
        StoragePlan(parentEdges: ShortestPaths(graph).parentEdges)
    }
}

/// The shortest paths from v0 by recreation cost, over all edges or some of them.
struct ShortestPaths {
    private(set) var parentEdges: [Int]
    /// Infinity for a node that the allowed edges do not reach.
    private(set) var distances: [Double]

    private struct Entry: Comparable {
        let distance: Double
        let node: Int

        static func < (left: Entry, right: Entry) -> Bool {
            (left.distance, left.node) < (right.distance, right.node)
        }
    }

    init(_ graph: MatrixStorageGraph, isAllowed: (Int) -> Bool = { _ in true }) {
        parentEdges = [Int](repeating: -1, count: graph.nodeCount)
        distances = [Double](repeating: .infinity, count: graph.nodeCount)
        distances[0] = 0
        var queue = Heap([Entry(distance: 0, node: 0)])
        while let entry = queue.popMin() {
            guard entry.distance == distances[entry.node] else { continue }
            for place in graph.outgoing[entry.node] {
                let index = Int(place)
                guard isAllowed(index) else { continue }
                let edge = graph.edges[index]
                let distance = entry.distance + edge.recreationCost
                let known = distances[edge.target]
                guard distance <= known else { continue }
                if distance == known,
                    graph.edges[parentEdges[edge.target]].storageCost <= edge.storageCost
                {
                    continue
                }
                distances[edge.target] = distance
                parentEdges[edge.target] = index
                if distance < known { queue.insert(Entry(distance: distance, node: edge.target)) }
            }
        }
    }
}
