/// Solves the small independent parts of a graph exactly.
enum ComponentSolver {
    /// The largest part that is tried; beyond, a proof is out of reach.
    static let matrixCountMax = 32

    /// How many edges all searches together may look at: about a second.
    static let workMax = 12_000_000

    /// The plan with every small part replaced by its optimum, where the search came to its end.
    static func improve(
        _ plan: StoragePlan,
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints
    ) -> StoragePlan {
        // Bounds on maxima are searched as bounds on each member.
        guard constraints.retrieval != .parallel else {
            guard let reduced = ReducedGraph(graph, constraints), let known = reduced.reduced(plan)
            else { return plan }
            return reduced.original(improve(known, reduced.graph, reduced.constraints))
        }
        var edges = plan.parentEdges
        var work = workMax
        for component in components(of: graph) where work > 0 {
            guard component.nodes.count <= matrixCountMax,
                let part = Part(component, graph, constraints, plan)
            else { continue }
            // Small parts prove quickly; none may take what the others need.
            let share = max(workMax / 8, work / 2)
            var search = BranchAndBound(part.graph, part.constraints, known: part.plan, work: share)
            search.run()
            work -= share - search.remainingWork
            for node in component.nodes.indices {
                edges[component.nodes[node]] = part.places[search.best.parentEdges[node + 1]]
            }
        }
        return StoragePlan(parentEdges: edges)
    }

    private struct Component {
        var nodes: [Int] = []
        var groups: [Int] = []
    }

    /// The matrices that deltas or groups join.
    private static func components(of graph: MatrixStorageGraph) -> [Component] {
        var links = Array(0..<graph.nodeCount)
        func find(_ node: Int) -> Int {
            var node = node
            while links[node] != node {
                links[node] = links[links[node]]
                node = links[node]
            }
            return node
        }
        for edge in graph.edges where edge.source > 0 { links[find(edge.source)] = find(edge.target) }
        for group in graph.groups {
            for member in group.dropFirst() { links[find(member)] = find(group[0]) }
        }
        var components: [Int: Component] = [:]
        for node in 1..<graph.nodeCount { components[find(node), default: Component()].nodes.append(node) }
        for (group, members) in graph.groups.enumerated() where !members.isEmpty {
            components[find(members[0])]?.groups.append(group)
        }
        return components.values.sorted { ($0.nodes.count, $0.nodes[0]) < ($1.nodes.count, $1.nodes[0]) }
    }

    /// A component as a graph of its own.
    private struct Part {
        let graph: MatrixStorageGraph
        let constraints: RecreationConstraints
        let plan: StoragePlan
        /// The place of every edge in the whole graph.
        let places: [Int]

        init?(
            _ component: Component,
            _ whole: MatrixStorageGraph,
            _ constraints: RecreationConstraints,
            _ plan: StoragePlan
        ) {
            var numbers = [0: 0]
            for (index, node) in component.nodes.enumerated() { numbers[node] = index + 1 }
            var places: [Int] = []
            var edges: [MatrixStorageGraph.Edge] = []
            for node in component.nodes {
                for place in whole.incoming[node] {
                    var edge = whole.edges[Int(place)]
                    guard let source = numbers[edge.source], let target = numbers[edge.target]
                    else { return nil }
                    (edge.source, edge.target) = (source, target)
                    edges.append(edge)
                    places.append(Int(place))
                }
            }
            let groups = component.groups.map { whole.groups[$0].compactMap { numbers[$0] } }
            let graph = try? MatrixStorageGraph(
                matrixCount: component.nodes.count,
                edges: edges,
                groups: groups
            )
            guard let graph else { return nil }
            self.graph = graph
            self.constraints = RecreationConstraints(
                retrieval: constraints.retrieval,
                bounds: component.groups.map { constraints.bounds[$0] }
            )
            self.places = places
            let known = component.nodes.map { places.firstIndex(of: plan.parentEdges[$0]) ?? 0 }
            self.plan = StoragePlan(parentEdges: [-1] + known)
        }
    }
}
