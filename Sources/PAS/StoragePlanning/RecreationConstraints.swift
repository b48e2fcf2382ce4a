/// How the matrices of a snapshot are read together (Miao et al., ICDE 2017, table III).
public enum RetrievalScheme: String, Hashable, Sendable, CaseIterable {
    /// One after the other, each with its whole chain: the sum of their recreation costs.
    case independent
    /// All at once: the largest of their recreation costs.
    case parallel
    /// One after the other, keeping what chains share: the sum over the distinct links.
    case reusable

    /// The scheme of a name.
    ///
    /// - Throws: ``StoragePlanningError`` that lists the names there are.
    public init(named name: String) throws(StoragePlanningError) {
        guard let scheme = RetrievalScheme(rawValue: name) else {
            throw StoragePlanningError(
                .unknownName,
                "There is no retrieval scheme '\(name)'; there are "
                    + "\(Self.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        self = scheme
    }
}

/// What the recreation of each snapshot may cost at most.
public struct RecreationConstraints: Hashable, Sendable {
    /// How snapshots are read.
    public let retrieval: RetrievalScheme

    /// The bound of every group of the graph; infinity for none.
    public let bounds: [Double]

    /// What sums of rounded numbers may exceed a bound by.
    static let tolerance = 1e-9

    /// Creates constraints.
    public init(retrieval: RetrievalScheme, bounds: [Double]) {
        self.retrieval = retrieval
        self.bounds = bounds
    }

    /// Bounds of α times what the shortest-path tree needs, as the papers vary them.
    ///
    /// - Throws: ``StoragePlanningError`` for an α below 1, which no plan can keep: the shortest-path tree
    ///   recreates every matrix as cheaply as can be.
    public init(
        alpha: Double,
        retrieval: RetrievalScheme,
        in graph: MatrixStorageGraph
    ) throws(StoragePlanningError) {
        guard alpha >= 1 else {
            throw StoragePlanningError(
                .infeasible,
                "No plan recreates every snapshot at \(alpha) times the cost of the shortest-path tree; "
                    + "the smallest alpha that works is 1."
            )
        }
        let fastest = StoragePlan.shortestPaths(of: graph)
        self.init(
            retrieval: retrieval,
            bounds: graph.groups.map { group in
                alpha * fastest.recreationCost(of: group, retrieval, in: graph)
            }
        )
    }

    /// Whether a cost keeps the bound of a group.
    func allows(_ cost: Double, group: Int) -> Bool {
        cost <= bounds[group] * (1 + Self.tolerance)
    }

    /// Checks that some plan keeps the bounds.
    ///
    /// - Throws: ``StoragePlanningError`` that names the smallest bounds that work.
    func checkFeasibility(in graph: MatrixStorageGraph) throws(StoragePlanningError) {
        let fastest = StoragePlan.shortestPaths(of: graph)
        var worst: (group: Int, cost: Double)?
        for (group, members) in graph.groups.enumerated() {
            let cost = fastest.recreationCost(of: members, retrieval, in: graph)
            guard !allows(cost, group: group) else { continue }
            if worst.map({ cost > $0.cost }) ?? true { worst = (group, cost) }
        }
        guard let worst else { return }
        throw StoragePlanningError(
            .infeasible,
            "No plan keeps the bounds: a snapshot that may cost \(bounds[worst.group]) costs "
                + "\(worst.cost) with the quickest coding of everything; \(worst.cost) is the smallest "
                + "bound that works.",
            smallestBound: worst.cost
        )
    }
}
