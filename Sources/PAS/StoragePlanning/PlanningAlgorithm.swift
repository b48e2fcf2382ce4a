/// The ways to choose a storage plan.
public enum PlanningAlgorithm: String, Hashable, Sendable, CaseIterable {
    /// The minimum spanning tree: least storage, whatever the bounds.
    case minimumSpanningTree = "mst"
    /// The shortest-path tree: least recreation, whatever storage costs.
    case shortestPathTree = "spt"
    /// The balanced tree of Khuller, Raghavachari and Young.
    case last
    /// The minimum spanning tree, mended swap by swap.
    case pasMT = "pas-mt"
    /// The tree that grows within the bounds.
    case pasPT = "pas-pt"
    /// Lagrangian relaxation and descent, exact on small graphs: never worse than the two before.
    case pasLR = "pas-lr"

    /// The algorithm of a name.
    ///
    /// - Throws: ``StoragePlanningError`` that lists the names there are.
    public init(named name: String) throws(StoragePlanningError) {
        guard let algorithm = PlanningAlgorithm(rawValue: name) else {
            throw StoragePlanningError(
                .unknownName,
                "There is no algorithm '\(name)'; there are "
                    + "\(Self.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        self = algorithm
    }

    /// Whether the algorithm looks at the bounds; the plan of one that does keeps them.
    public var keepsBounds: Bool { self != .minimumSpanningTree }

    /// Chooses a plan.
    ///
    /// Where a published algorithm stops before every bound is kept, the members of violated groups are
    /// joined to v0 by their shortest paths.
    ///
    /// - Throws: ``StoragePlanningError`` if no plan keeps the bounds.
    public func plan(
        _ graph: MatrixStorageGraph,
        under constraints: RecreationConstraints
    ) throws(StoragePlanningError) -> StoragePlan {
        precondition(constraints.bounds.count == graph.groups.count, "every group needs a bound")
        switch self {
        case .minimumSpanningTree: return .minimumStorage(of: graph)
        case .shortestPathTree: return .shortestPaths(of: graph)
        default: try constraints.checkFeasibility(in: graph)
        }
        switch self {
        case .last:
            return StoragePlan.lightApproximate(of: graph, under: constraints)
                .mended(graph, constraints)
        case .pasMT: return StoragePlan.pasMT(of: graph, under: constraints).mended(graph, constraints)
        case .pasPT: return StoragePlan.pasPT(of: graph, under: constraints).mended(graph, constraints)
        default: return LagrangianPlanner.plan(graph, constraints)
        }
    }
}

extension StoragePlan {
    /// The plan with shortest paths to the members of violated groups, the most delayed first.
    ///
    /// It ends, since the shortest-path tree keeps bounds that any plan keeps; if all members of all
    /// groups have come to that and a reusable bound is still violated, it is that tree itself.
    func mended(
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints
    ) -> StoragePlan {
        guard !isFeasible(under: constraints, in: graph) else { return self }
        var tree = PlanTree(self, graph, constraints)
        tree.mend(ShortestPaths(graph))
        return tree.isFeasible ? tree.plan : .shortestPaths(of: graph)
    }
}

extension PlanTree {
    /// Joins members of violated groups to v0 by their shortest paths, the most delayed first.
    mutating func mend(_ shortest: ShortestPaths) {
        for group in graph.groups.indices where isViolated(group) {
            let distances = self.distances
            let members = graph.groups[group].sorted {
                distances[$0] - shortest.distances[$0] > distances[$1] - shortest.distances[$1]
            }
            for member in members where isViolated(group) { join(member, shortest) }
        }
    }

    private mutating func join(_ node: Int, _ shortest: ShortestPaths) {
        var path: [Int] = []
        var node = node
        while node > 0 {
            path.append(shortest.parentEdges[node])
            node = graph.edges[shortest.parentEdges[node]].source
        }
        // From the root on, so that a source is never below its target.
        for edge in path.reversed() where parentEdges[graph.edges[edge].target] != edge {
            replaceParent(with: edge)
        }
    }
}
