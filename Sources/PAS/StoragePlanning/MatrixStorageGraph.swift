/// The matrix storage graph: every way in which every matrix could be stored.
///
/// Node 0 is the empty matrix v0; the others, 1 to ``matrixCount``, are matrices. An edge says that its
/// target can be stored against its source: from v0 the matrix is *materialised*, from another matrix it
/// is a *delta*. Edges are directed, and several may join two nodes (one a coding or a tier).
/// Groups are the matrices that are read together: snapshots. (Miao et al., ICDE 2017, definition 1.)
public struct MatrixStorageGraph: Sendable {
    /// One way to store a matrix.
    public struct Edge: Hashable, Sendable {
        /// The node that it is stored against; 0 for a matrix that is stored alone.
        public var source: Int
        /// The matrix that is stored.
        public var target: Int
        /// What storing it costs; 0 or more.
        public var storageCost: Double
        /// What a read of the target costs once the source is there; more than 0.
        public var recreationCost: Double
        /// Names the coding or the tier; the planner does not look at it.
        public var tag: Int

        /// Creates an edge.
        public init(
            from source: Int,
            to target: Int,
            storageCost: Double,
            recreationCost: Double,
            tag: Int = 0
        ) {
            self.source = source
            self.target = target
            self.storageCost = storageCost
            self.recreationCost = recreationCost
            self.tag = tag
        }

        /// The edge with its ends exchanged, for deltas that work both ways.
        public var reversed: Edge {
            Edge(
                from: target,
                to: source,
                storageCost: storageCost,
                recreationCost: recreationCost,
                tag: tag
            )
        }
    }

    /// The number of matrices; v0 is not one.
    public let matrixCount: Int

    /// All edges; an edge is known by its place here.
    public let edges: [Edge]

    /// The matrices of each snapshot, ascending, each once.
    public let groups: [[Int]]

    let incoming: AdjacencyIndex
    let outgoing: AdjacencyIndex
    let memberships: AdjacencyIndex

    /// The number of nodes: the matrices and v0.
    var nodeCount: Int { matrixCount + 1 }

    /// Creates a graph of directed edges.
    ///
    /// - Parameters:
    ///   - matrixCount: The number of matrices.
    ///   - edges: At least one from node 0 to every matrix, besides any number of others.
    ///   - groups: The matrices of each snapshot; one may be in several.
    /// - Throws: ``StoragePlanningError`` if an edge or a group names no matrix, if a cost is negative or
    ///   no number, or if a matrix cannot be materialised.
    public init(
        matrixCount: Int,
        edges: [Edge],
        groups: [[Int]] = []
    ) throws(StoragePlanningError) {
        var isMaterialised = [Bool](repeating: false, count: matrixCount + 1)
        for (index, edge) in edges.enumerated() {
            guard (0...matrixCount).contains(edge.source), (1...max(1, matrixCount)).contains(edge.target),
                edge.source != edge.target, edge.target <= matrixCount
            else {
                throw StoragePlanningError(
                    .invalidGraph,
                    "Edge \(index) joins the nodes \(edge.source) and \(edge.target); it must lead to "
                        + "one of the \(matrixCount) matrices from another node."
                )
            }
            guard edge.storageCost >= 0, edge.storageCost.isFinite, edge.recreationCost > 0,
                edge.recreationCost.isFinite
            else {
                throw StoragePlanningError(
                    .invalidGraph,
                    "Edge \(index) has the costs \(edge.storageCost) and \(edge.recreationCost); storage "
                        + "must cost 0 or more, recreation more than 0."
                )
            }
            if edge.source == 0 { isMaterialised[edge.target] = true }
        }
        if let lost = isMaterialised.indices.dropFirst().first(where: { !isMaterialised[$0] }) {
            throw StoragePlanningError(
                .invalidGraph,
                "Matrix \(lost) has no edge from node 0: there is no way to store it alone."
            )
        }
        let sorted = groups.map { Set($0).sorted() }
        guard sorted.allSatisfy({ ($0.first ?? 1) >= 1 && ($0.last ?? 0) <= matrixCount }) else {
            throw StoragePlanningError(.invalidGraph, "A group names a matrix that does not exist.")
        }
        self.matrixCount = matrixCount
        self.edges = edges
        self.groups = sorted
        incoming = AdjacencyIndex(count: matrixCount + 1, keys: edges.map(\.target))
        outgoing = AdjacencyIndex(count: matrixCount + 1, keys: edges.map(\.source))
        memberships = AdjacencyIndex(count: matrixCount + 1, lists: sorted)
    }

    /// Creates a graph whose deltas cost the same in both directions, as the paper's examples do.
    ///
    /// The reverse of a delta stands right behind it; materialisations have none.
    ///
    /// - Parameters:
    ///   - matrixCount: The number of matrices.
    ///   - undirectedEdges: Each delta once.
    ///   - groups: The matrices of each snapshot.
    public init(
        matrixCount: Int,
        undirectedEdges: [Edge],
        groups: [[Int]] = []
    ) throws(StoragePlanningError) {
        let edges = undirectedEdges.flatMap { $0.source == 0 ? [$0] : [$0, $0.reversed] }
        try self.init(matrixCount: matrixCount, edges: edges, groups: groups)
    }
}

/// Lists of small numbers in one array: which edges end at a node, which groups hold it.
struct AdjacencyIndex: Sendable {
    private let starts: [Int32]
    private let items: [Int32]

    /// Lists, for every key below `count`, the places at which it stands in `keys`, ascending.
    init(count: Int, keys: [Int]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        for key in keys { starts[key + 1] += 1 }
        for key in 0..<count { starts[key + 1] += starts[key] }
        var next = starts
        var items = [Int32](repeating: 0, count: keys.count)
        for (place, key) in keys.enumerated() {
            items[Int(next[key])] = Int32(place)
            next[key] += 1
        }
        self.starts = starts
        self.items = items
    }

    /// Lists, for every number below `count`, the lists that it is in, ascending.
    init(count: Int, lists: [[Int]]) {
        let owners = lists.enumerated().flatMap { list in list.element.map { _ in list.offset } }
        let places = AdjacencyIndex(count: count, keys: lists.flatMap { $0 })
        starts = places.starts
        items = places.items.map { Int32(owners[Int($0)]) }
    }

    /// The list of a key.
    subscript(key: Int) -> ArraySlice<Int32> {
        items[Int(starts[key])..<Int(starts[key + 1])]
    }
}
