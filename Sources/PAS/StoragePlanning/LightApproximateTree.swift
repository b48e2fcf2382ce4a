extension StoragePlan {
    /// A tree between the minimum spanning tree and the shortest-path tree: no matrix costs more than
    /// `factor` times its cheapest recreation.
    ///
    /// The minimum spanning tree is walked depth first; a node whose path has become too long is joined to
    /// the root by its shortest path. With one cost for both uses the tree weighs at most
    /// 1 + 2 / (factor - 1) times the minimum. (Khuller, Raghavachari, Young, "Balancing minimum spanning
    /// trees and shortest-path trees", Algorithmica 14, 1995.)
    ///
    /// - Parameters:
    ///   - graph: The graph; a delta that has a reverse of the same costs is walked both ways.
    ///   - factor: 1 or more.
    public static func lightApproximate(
        of graph: MatrixStorageGraph,
        factor: Double
    ) -> StoragePlan {
        var walk = LightApproximateTree(graph, factor: factor)
        walk.run()
        return StoragePlan(parentEdges: walk.parentEdges)
    }

    /// The tree of ``lightApproximate(of:factor:)`` with the largest factor that keeps all bounds: the
    /// smallest share by which a group may exceed the shortest-path tree.
    static func lightApproximate(
        of graph: MatrixStorageGraph,
        under constraints: RecreationConstraints
    ) -> StoragePlan {
        let fastest = shortestPaths(of: graph).recreationCosts(constraints.retrieval, in: graph)
        let factor = zip(constraints.bounds, fastest).map { $1 > 0 ? $0 / $1 : .infinity }.min()
        return lightApproximate(of: graph, factor: max(1, factor ?? .infinity))
    }
}

private struct LightApproximateTree {
    private let graph: MatrixStorageGraph
    private let factor: Double
    private let shortest: ShortestPaths
    private let light: [Int]
    private var children: [[Int]]
    private var distances: [Double]
    private(set) var parentEdges: [Int]

    init(_ graph: MatrixStorageGraph, factor: Double) {
        self.graph = graph
        self.factor = factor
        shortest = ShortestPaths(graph)
        light = StoragePlan.minimumStorage(of: graph).parentEdges
        children = [[Int]](repeating: [], count: graph.nodeCount)
        for node in light.indices.dropFirst() {
            children[graph.edges[light[node]].source].append(node)
        }
        distances = [Double](repeating: .infinity, count: graph.nodeCount)
        distances[0] = 0
        parentEdges = light
    }

    mutating func run() {
        // A pair is a node and how many of its children were walked; 0 is the arrival.
        var stack: [(node: Int, next: Int)] = [(0, 0)]
        while let (node, next) = stack.popLast() {
            let bound = factor * shortest.distances[node] * (1 + RecreationConstraints.tolerance)
            if next == 0, distances[node] > bound { joinToRoot(node) }
            if next > 0 { relaxBack(children[node][next - 1], to: node) }
            guard next < children[node].count else { continue }
            stack.append((node, next + 1))
            let child = children[node][next]
            relax(light[child])
            stack.append((child, 0))
        }
    }

    private mutating func relax(_ place: Int) {
        let edge = graph.edges[place]
        let distance = distances[edge.source] + edge.recreationCost
        guard distance < distances[edge.target] else { return }
        distances[edge.target] = distance
        parentEdges[edge.target] = place
    }

    /// Walking back over a delta that works both ways may shorten the path of the node before.
    private mutating func relaxBack(_ child: Int, to node: Int) {
        let edge = graph.edges[light[child]]
        guard node > 0, distances[child] + edge.recreationCost < distances[node] else { return }
        let reverse = edge.reversed
        for place in graph.outgoing[child] where graph.edges[Int(place)] == reverse {
            relax(Int(place))
        }
    }

    private mutating func joinToRoot(_ node: Int) {
        var path: [Int] = []
        var node = node
        while distances[node] > shortest.distances[node] {
            path.append(shortest.parentEdges[node])
            node = graph.edges[shortest.parentEdges[node]].source
        }
        for edge in path.reversed() { relax(edge) }
    }
}
