import Foundation
import StoragePlanning

// Plans synthetic repositories in the manner of the paper's SD and RD, and prints what storage and time
// each algorithm takes:
//
//     swift run -c release --package-path Tests/Benchmarks PlanningBenchmark [--svg FILE] [--quick]
//
// Costs are in MB of stored bytes; storage is given for the minimum spanning tree's.

let arguments = CommandLine.arguments
let isQuick = arguments.contains("--quick")
let svgPath = arguments.firstIndex(of: "--svg").flatMap { index in
    index + 1 < arguments.count ? arguments[index + 1] : nil
}

let alphas = isQuick ? [1.1, 1.5, 2, 4] : [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.5, 3, 3.5, 4]
let compared: [PlanningAlgorithm] = [.last, .pasMT, .pasPT, .pasLR]

var chart = PlanningChart()
for retrieval in [RetrievalScheme.independent, .parallel] {
    let repository = SyntheticRepository()
    let table = try StorageTable(repository, retrieval, alphas: alphas, algorithms: compared)
    table.show(title: "SD, \(retrieval.rawValue) retrieval")
    chart.add(table, title: "SD, \(retrieval.rawValue) retrieval")
}

if !isQuick {
    var variations: [(String, SyntheticRepository)] = []
    for ratio in [0.1, 0.3, 0.8] {
        variations.append(("RD, delta ratio \(ratio)", SyntheticRepository(deltaRatio: ratio)))
    }
    for count in [4, 48] {
        let versions = 54 * 16 / count
        variations.append(
            (
                "RD, groups of \(count)",
                SyntheticRepository(versionCount: versions, matrixCount: count)
            )
        )
    }
    for count in [14, 216] {
        variations.append(("RD, \(count) versions", SyntheticRepository(versionCount: count)))
    }
    for (title, repository) in variations {
        let table = try StorageTable(
            repository,
            .independent,
            alphas: [1.1, 1.5, 2, 3],
            algorithms: compared
        )
        table.show(title: title)
    }
}

for retrieval in [RetrievalScheme.independent, .parallel] {
    let counts = isQuick ? [1000, 10_000] : [1000, 3000, 10_000, 30_000, 100_000]
    try showScaling(retrieval, counts: counts)
}

if let svgPath {
    try chart.svg().write(toFile: svgPath, atomically: true, encoding: .utf8)
    print("\nThe plot is in '\(svgPath)'.")
}

/// Prints how the time of a plan grows with the repository.
func showScaling(_ retrieval: RetrievalScheme, counts: [Int]) throws {
    print("\nTime of a plan, alpha 1.5, \(retrieval.rawValue) retrieval (CPU seconds)")
    print("matrices    edges   mst   spt  last  pas-mt  pas-pt  pas-lr  pas-lr, microseconds an edge")
    for count in counts {
        let repository = SyntheticRepository(versionCount: count / 160, lookAlikeCount: 3)
        let graph = try repository.graph()
        let constraints = try RecreationConstraints(
            alpha: 1.5,
            retrieval: retrieval,
            in: graph
        )
        var times: [Double] = []
        for algorithm in PlanningAlgorithm.allCases {
            let start = clock()
            _ = try algorithm.plan(graph, under: constraints)
            times.append(Double(clock() - start) / Double(CLOCKS_PER_SEC))
        }
        let texts = times.map { String(format: "%6.2f", $0) }.joined(separator: " ")
        let perEdge = (times.last ?? 0) * 1e6 / Double(graph.edges.count)
        print(
            String(format: "%8d %8d", graph.matrixCount, graph.edges.count),
            texts,
            String(format: "%6.1f", perEdge)
        )
    }
}
