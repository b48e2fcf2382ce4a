import Testing

@testable import StoragePlanning

struct SwapDescentTests {
    /// PAS-MT as it is printed: every step looks at every edge.
    private func published(
        _ graph: MatrixStorageGraph,
        _ constraints: RecreationConstraints
    ) -> StoragePlan {
        var tree = PlanTree(.minimumStorage(of: graph), graph, constraints)
        while !tree.isFeasible {
            let violated = graph.groups.indices.filter { tree.isViolated($0) }
            var best: (isFree: Bool, gain: Double, edge: Int)?
            for (place, edge) in graph.edges.enumerated()
            where !tree.isDescendant(edge.source, of: edge.target) {
                let gain = tree.recreationGain(of: edge)
                guard gain > 1e-9 * tree.distances[edge.target] else { continue }
                var weight = 0
                for group in violated {
                    let count = graph.groups[group].count { tree.isDescendant($0, of: edge.target) }
                    weight += constraints.retrieval == .independent ? count : min(1, count)
                }
                guard weight > 0 else { continue }
                let growth = tree.storageGrowth(of: edge)
                let total = Double(weight) * (growth <= 0 ? gain : gain / growth)
                let isBetter = best.map {
                    $0.isFree == (growth <= 0) ? total > $0.gain * (1 + 1e-12) : growth <= 0
                }
                if isBetter ?? true { best = (growth <= 0, total, place) }
            }
            guard let best else { break }
            tree.replaceParent(with: best.edge)
        }
        return tree.plan
    }

    @Test(arguments: 0..<40, [RetrievalScheme.independent, .parallel])
    func incrementalGainsChooseAsPublished(seed: UInt64, retrieval: RetrievalScheme) throws {
        let graph = try RandomGraphs.graph(
            seed: 500 + seed,
            matrixCount: 25,
            isDirected: seed % 2 == 0
        )
        let constraints = try RecreationConstraints(alpha: 1.2, retrieval: retrieval, in: graph)
        let plan = StoragePlan.pasMT(of: graph, under: constraints)
        let expected = published(graph, constraints)
        #expect(plan == expected)
    }

    @Test func distancesAndCostsStayUpToDate() throws {
        let graph = try RandomGraphs.graph(seed: 9, matrixCount: 30, isDirected: true)
        for retrieval in RetrievalScheme.allCases {
            let constraints = try RecreationConstraints(alpha: 1.3, retrieval: retrieval, in: graph)
            var tree = PlanTree(.minimumStorage(of: graph), graph, constraints)
            SwapDescent.run(&tree)
            let plan = tree.plan
            for (kept, fresh) in zip(tree.distances, plan.distances(in: graph)) {
                #expect(abs(kept - fresh) < 1e-9)
            }
            for (kept, fresh) in zip(tree.groupCosts, plan.recreationCosts(retrieval, in: graph)) {
                #expect(abs(kept - fresh) < 1e-9)
            }
            #expect(abs(tree.storageCost - plan.storageCost(in: graph)) < 1e-9)
        }
    }
}
