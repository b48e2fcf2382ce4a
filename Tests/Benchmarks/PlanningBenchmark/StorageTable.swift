import Foundation
import StoragePlanning

/// What several algorithms store at several bounds.
struct StorageTable {
    let alphas: [Double]
    let algorithms: [PlanningAlgorithm]
    /// Storage for the minimum spanning tree's; a row an α, a column an algorithm.
    let storage: [[Double]]
    /// The shortest-path tree's, in the same unit.
    let shortestPathStorage: Double
    private let sizes: String

    init(
        _ repository: SyntheticRepository,
        _ retrieval: RetrievalScheme,
        alphas: [Double],
        algorithms: [PlanningAlgorithm]
    ) throws {
        let graph = try repository.graph()
        let least = StoragePlan.minimumStorage(of: graph).storageCost(in: graph)
        shortestPathStorage = StoragePlan.shortestPaths(of: graph).storageCost(in: graph) / least
        sizes = "\(graph.groups.count) snapshots, \(graph.matrixCount) matrices, "
            + "\(graph.edges.count) edges"
        self.alphas = alphas
        self.algorithms = algorithms
        storage = try alphas.map { alpha in
            let constraints = try RecreationConstraints(
                alpha: alpha,
                retrieval: retrieval,
                in: graph
            )
            return try algorithms.map { algorithm in
                let plan = try algorithm.plan(graph, under: constraints)
                guard plan.isFeasible(under: constraints, in: graph) else { return .nan }
                return plan.storageCost(in: graph) / least
            }
        }
    }

    func show(title: String) {
        print("\n\(title): \(sizes); storage / MST, SPT = \(Self.text(shortestPathStorage))")
        let names = algorithms.map { $0.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0) }
        print("alpha   " + names.joined() + "ours / best of the others")
        for (alpha, row) in zip(alphas, storage) {
            let cells = row.map { Self.text($0).padding(toLength: 8, withPad: " ", startingAt: 0) }
            let ours = row.last ?? .nan
            let others = row.dropLast().min() ?? .nan
            print(String(format: "%.1f     ", alpha) + cells.joined() + Self.text(ours / others))
        }
    }

    private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}
