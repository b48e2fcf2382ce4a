import Testing

@testable import StoragePlanning

/// Figure 5 and example 2 of Miao et al. (ICDE 2017), and what follows from them by enumeration.
struct GoldenExampleTests {
    @Test func minimumSpanningTreeCostsNineteen() throws {
        let graph = try Figure5.graph()
        let papers = try Figure5.papersTree(graph)
        #expect(papers.storageCost(in: graph) == 19)
        #expect(papers.recreationCosts(.independent, in: graph) == [3, 7.5])
        #expect(StoragePlan.minimumStorage(of: graph).storageCost(in: graph) == 19)
    }

    @Test func thereAreAsManyTreesAsThePaperCounts() throws {
        let graph = try Figure5.graph()
        var costs: [Double] = []
        var feasible: [Double] = []
        RandomGraphs.forEachPlan(of: graph) { plan in
            costs.append(plan.storageCost(in: graph))
            if plan.isFeasible(under: Figure5.independent(3, 6), in: graph) {
                feasible.append(plan.storageCost(in: graph))
            }
        }
        #expect(costs.count == 48)
        #expect(costs.count { $0 == 19 } == 18)
        #expect(feasible.min() == 24)
        #expect(feasible.count { $0 == 24 } == 4)
    }

    @Test(arguments: [(6.0, 24.0), (5.5, 27), (5, 28)])
    func ourPlannerFindsTheOptimum(bound: Double, cost: Double) throws {
        let graph = try Figure5.graph()
        let constraints = Figure5.independent(3, bound)
        let plan = try PlanningAlgorithm.pasLR.plan(graph, under: constraints)
        #expect(plan.storageCost(in: graph) == cost)
        #expect(plan.isFeasible(under: constraints, in: graph))
        #expect(RandomGraphs.optimum(of: graph, under: constraints) == cost)
    }

    @Test(arguments: [(3.0, 19.0), (2, 27)])
    func ourPlannerFindsTheOptimumInParallel(bound: Double, cost: Double) throws {
        let graph = try Figure5.graph()
        let constraints = Figure5.parallel(2, bound)
        let plan = try PlanningAlgorithm.pasLR.plan(graph, under: constraints)
        #expect(plan.storageCost(in: graph) == cost)
        #expect(plan.isFeasible(under: constraints, in: graph))
    }

    @Test func boundsBelowTheShortestPathsAreRefused() throws {
        let graph = try Figure5.graph()
        let error = try #require(throws: StoragePlanningError.self) {
            try PlanningAlgorithm.pasLR.plan(graph, under: Figure5.independent(3, 4.5))
        }
        #expect(error.code == .infeasible)
        #expect(error.message.contains("5.0 is the smallest"))
    }

    @Test func pasMTReachesTheOptimumInTwoSwaps() throws {
        let graph = try Figure5.graph()
        let start = try Figure5.papersTree(graph)
        let plan = StoragePlan.pasMT(of: graph, under: Figure5.independent(3, 6), from: start)
        let expected = try StoragePlan(
            edges: [(0, 1), (0, 2), (0, 3), (0, 4), (2, 5)].map { Figure5.place($0, $1, in: graph) },
            in: graph
        )
        #expect(plan == expected)
        #expect(plan.storageCost(in: graph) == 24)
        #expect(zip(plan.parentEdges, start.parentEdges).count { $0 != $1 } == 2)
    }

    @Test func pasPTDependsOnTheOrderOfEqualEdges() throws {
        let graph = try Figure5.graph()
        let plan = StoragePlan.pasPT(of: graph, under: Figure5.independent(3, 6))
        #expect(plan.storageCost(in: graph) == 27)
        var edges = Figure5.edges
        edges.swapAt(0, 2)
        let other = try Figure5.graph(edges: edges)
        let better = StoragePlan.pasPT(of: other, under: Figure5.independent(3, 6))
        #expect(better.storageCost(in: other) == 24)
    }
}
