import TestSupport
import Testing

@testable import StoragePlanning

struct PlanningAlgorithmTests {
    @Test(arguments: 0..<40)
    func minimumStorageIsTheMinimumOfAllTrees(seed: UInt64) throws {
        let graph = try RandomGraphs.graph(seed: seed, matrixCount: 5, isDirected: seed % 3 != 0)
        var least = Double.infinity
        RandomGraphs.forEachPlan(of: graph) { least = min(least, $0.storageCost(in: graph)) }
        let plan = StoragePlan.minimumStorage(of: graph)
        #expect(plan.storageCost(in: graph) == least)
        #expect(plan.order(in: graph)?.count == 6)
    }

    @Test(arguments: 0..<40)
    func shortestPathsAreShortestOfAllTrees(seed: UInt64) throws {
        let graph = try RandomGraphs.graph(seed: seed, matrixCount: 5, isDirected: true)
        let shortest = StoragePlan.shortestPaths(of: graph).distances(in: graph)
        var least = [Double](repeating: .infinity, count: graph.nodeCount)
        RandomGraphs.forEachPlan(of: graph) { plan in
            least = zip(least, plan.distances(in: graph)).map(min)
        }
        for (distance, other) in zip(shortest, least) { #expect(abs(distance - other) < 1e-12) }
    }

    @Test(arguments: 0..<40, RetrievalScheme.allCases)
    func ourPlannerReachesTheOptimum(seed: UInt64, retrieval: RetrievalScheme) throws {
        let graph = try RandomGraphs.graph(
            seed: 1000 + seed,
            matrixCount: 5,
            isDirected: seed % 2 == 0
        )
        var random = SeededGenerator(seed: seed)
        let alpha = Double.random(in: 1...2.5, using: &random)
        let constraints = try RecreationConstraints(alpha: alpha, retrieval: retrieval, in: graph)
        let plan = try PlanningAlgorithm.pasLR.plan(graph, under: constraints)
        #expect(plan.isFeasible(under: constraints, in: graph))
        let optimum = RandomGraphs.optimum(of: graph, under: constraints)
        #expect(abs(plan.storageCost(in: graph) - optimum) < 1e-6)
    }

    @Test(arguments: [1.0, 1.1, 1.4, 2, 3], RetrievalScheme.allCases)
    func everyAlgorithmKeepsTheBoundsAndOursIsTheCheapest(
        alpha: Double,
        retrieval: RetrievalScheme
    ) throws {
        for seed in 0..<2 as Range<UInt64> {
            let graph = try RandomGraphs.graph(seed: 77 + seed, matrixCount: 25, isDirected: true)
            let constraints = try RecreationConstraints(alpha: alpha, retrieval: retrieval, in: graph)
            let ours = try PlanningAlgorithm.pasLR.plan(graph, under: constraints)
            for algorithm in PlanningAlgorithm.allCases where algorithm.keepsBounds {
                let plan = try algorithm.plan(graph, under: constraints)
                #expect(plan.isFeasible(under: constraints, in: graph), "\(algorithm)")
                #expect(plan.order(in: graph)?.count == 26)
                let saved = plan.storageCost(in: graph) - ours.storageCost(in: graph)
                #expect(saved > -1e-6, "\(algorithm)")
                #expect(try algorithm.plan(graph, under: constraints) == plan, "the same again")
            }
        }
    }

    @Test(arguments: 0..<30, [1.0, 1.5, 3])
    func lastKeepsEveryMatrixNearItsShortestPath(seed: UInt64, factor: Double) throws {
        let graph = try RandomGraphs.graph(seed: seed, matrixCount: 30, isDirected: false)
        let plan = StoragePlan.lightApproximate(of: graph, factor: factor)
        let shortest = StoragePlan.shortestPaths(of: graph).distances(in: graph)
        for (distance, least) in zip(plan.distances(in: graph), shortest) {
            #expect(distance <= factor * least * (1 + 1e-9))
        }
    }

    @Test func alphaBelowOneIsRefusedWithTheSmallestThatWorks() throws {
        let graph = try Figure5.graph()
        let error = try #require(throws: StoragePlanningError.self) {
            try RecreationConstraints(alpha: 0.9, retrieval: .independent, in: graph)
        }
        #expect(error.code == .infeasible)
        #expect(error.message.contains("smallest alpha that works is 1"))
    }

    @Test func unknownNamesListWhatThereIs() throws {
        let algorithm = try #require(throws: StoragePlanningError.self) {
            try PlanningAlgorithm(named: "simplex")
        }
        #expect(algorithm.message.contains("mst, spt, last, pas-mt, pas-pt, pas-lr"))
        let retrieval = try #require(throws: StoragePlanningError.self) {
            try RetrievalScheme(named: "lazy")
        }
        #expect(retrieval.message.contains("independent, parallel, reusable"))
    }

    @Test func graphsThatCannotBePlannedAreRefused() throws {
        typealias Edge = MatrixStorageGraph.Edge
        let good = Edge(from: 0, to: 1, storageCost: 1, recreationCost: 1)
        let bad: [[Edge]] = [
            [],
            [good, Edge(from: 0, to: 2, storageCost: 1, recreationCost: 1)],
            [good, Edge(from: 1, to: 1, storageCost: 1, recreationCost: 1)],
            [Edge(from: 0, to: 1, storageCost: -1, recreationCost: 1)],
            [Edge(from: 0, to: 1, storageCost: 1, recreationCost: 0)],
            [Edge(from: 0, to: 1, storageCost: .nan, recreationCost: 1)],
        ]
        for edges in bad {
            #expect(throws: StoragePlanningError.self) {
                try MatrixStorageGraph(matrixCount: 1, edges: edges)
            }
        }
        #expect(throws: StoragePlanningError.self) {
            try MatrixStorageGraph(matrixCount: 1, edges: [good], groups: [[2]])
        }
        let graph = try Figure5.graph()
        let cycle = [(0, 1), (0, 3), (4, 2), (5, 4), (4, 5)].map { Figure5.place($0, $1, in: graph) }
        #expect(throws: StoragePlanningError.self) { try StoragePlan(edges: cycle, in: graph) }
    }

    @Test func anEmptyGraphHasAnEmptyPlan() throws {
        let graph = try MatrixStorageGraph(matrixCount: 0, edges: [])
        for algorithm in PlanningAlgorithm.allCases {
            let constraints = RecreationConstraints(retrieval: .independent, bounds: [])
            #expect(try algorithm.plan(graph, under: constraints).storageCost(in: graph) == 0)
        }
    }
}
