/// Improves a feasible plan by moves that lower its storage and keep every bound.
///
/// Three kinds of moves: a cheaper edge whose delay the bounds leave room for; a cheaper edge that
/// violates bounds, with the cheapest swaps that mend them (*sell, then buy*); and a quicker edge with
/// the cheaper ones that its gain makes room for (*buy, then sell*). What does not pay is taken back.
struct PlanDescent {
    private let graph: MatrixStorageGraph
    private var tree: PlanTree
    // The edges that were replaced since a compound move began.
    private var replaced: [Int] = []
    /// How many more edges may be looked at.
    private var work: Int

    private static let passCountMax = 8
    private static let sellCountMax = 6

    init(_ tree: PlanTree) {
        graph = tree.graph
        self.tree = tree
        // Enough for thorough passes over some thousands of matrices; a share of that for more.
        work = 8_000_000 + 20 * graph.edges.count
    }

    var plan: StoragePlan { tree.plan }

    /// Descends until no move pays or the work is done.
    mutating func run() {
        guard tree.isFeasible else { return }
        for _ in 0..<Self.passCountMax {
            let before = tree.storageCost
            sellAll()
            exchangeAll()
            guard tree.storageCost < before - Self.leastGain(before), work > 0 else { return }
        }
    }

    private static func leastGain(_ cost: Double) -> Double {
        RecreationConstraints.tolerance * max(cost, .leastNormalMagnitude)
    }

    // MARK: - Cheaper edges within the bounds

    private struct Sale {
        let edge: Int
        /// Storage saved for a unit of delay of the subtree's members.
        let value: Double
    }

    /// Takes cheaper edges, those first that save most for their delay, as long as there are any.
    private mutating func sellAll() {
        for _ in 0..<Self.passCountMax {
            let order = tree.plan.order(in: graph) ?? []
            var weights = [Int](repeating: 0, count: graph.nodeCount)
            for node in order.reversed() where node > 0 {
                weights[node] += graph.memberships[node].count
                weights[tree.parent(of: node)] += weights[node]
            }
            var sales: [Sale] = []
            for node in 1..<graph.nodeCount {
                collectSales(into: &sales, at: node, weight: weights[node])
            }
            guard sell(&sales) else { return }
        }
    }

    private mutating func collectSales(into sales: inout [Sale], at node: Int, weight: Int) {
        work -= graph.incoming[node].count
        for place in graph.incoming[node] {
            let edge = graph.edges[Int(place)]
            let saved = -tree.storageGrowth(of: edge)
            guard saved > 0 else { continue }
            let delay = -tree.recreationGain(of: edge) * Double(max(1, weight))
            sales.append(Sale(edge: Int(place), value: delay > 0 ? saved / delay : .infinity))
        }
    }

    private mutating func sell(_ sales: inout [Sale]) -> Bool {
        sales.sort { ($0.value, $1.edge) > ($1.value, $0.edge) }
        var hasChanged = false
        for sale in sales {
            let edge = graph.edges[sale.edge]
            guard tree.storageGrowth(of: edge) < 0, !tree.isDescendant(edge.source, of: edge.target),
                tree.staysFeasible(with: sale.edge)
            else { continue }
            replace(with: sale.edge)
            hasChanged = true
        }
        return hasChanged
    }

    // MARK: - Compound moves

    private mutating func exchangeAll() {
        for node in 1..<graph.nodeCount {
            guard work > 0 else { return }
            for place in edgesBySaving(into: node).prefix(Self.sellCountMax) { sellThenBuy(place) }
            for place in edgesByPrice(into: node).prefix(Self.sellCountMax) { buyThenSell(place) }
        }
    }

    private mutating func edgesBySaving(into node: Int) -> [Int] {
        work -= graph.incoming[node].count
        return graph.incoming[node].map(Int.init)
            .filter { tree.storageGrowth(of: graph.edges[$0]) < 0 }
            .sorted { graph.edges[$0].storageCost < graph.edges[$1].storageCost }
    }

    private mutating func edgesByPrice(into node: Int) -> [Int] {
        work -= graph.incoming[node].count
        return graph.incoming[node].map(Int.init)
            .filter { tree.recreationGain(of: graph.edges[$0]) > 0 }
            .sorted { graph.edges[$0].storageCost < graph.edges[$1].storageCost }
    }

    private mutating func sellThenBuy(_ place: Int) {
        let edge = graph.edges[place]
        guard tree.storageGrowth(of: edge) < 0, !tree.isDescendant(edge.source, of: edge.target)
        else { return }
        let before = tree.storageCost
        replaced.removeAll(keepingCapacity: true)
        replace(with: place)
        var violated = tree.touchedGroups(by: edge.target).filter { tree.isViolated($0) }
        while let group = violated.first, tree.storageCost < before - Self.leastGain(before), work > 0,
            let purchase = bestPurchase(for: group, sparing: edge.target)
        {
            replace(with: purchase)
            violated.removeAll { !tree.isViolated($0) }
        }
        let isBetter = tree.storageCost < before - Self.leastGain(before)
        if !violated.isEmpty || !isBetter { takeBack() }
    }

    private mutating func buyThenSell(_ place: Int) {
        let edge = graph.edges[place]
        guard tree.recreationGain(of: edge) > 0 else { return }
        let before = tree.storageCost
        replaced.removeAll(keepingCapacity: true)
        replace(with: place)
        // Room came to the groups of the subtree; whatever delays their members may use it.
        var nodes: Set<Int> = []
        for group in tree.touchedGroups(by: edge.target) {
            for member in graph.groups[group] { addChain(of: member, to: &nodes) }
        }
        for out in graph.outgoing[edge.target] { nodes.insert(graph.edges[Int(out)].target) }
        nodes.remove(edge.target)
        var sales: [Sale] = []
        for node in nodes.sorted() { collectSales(into: &sales, at: node, weight: 1) }
        _ = sell(&sales)
        if tree.storageCost >= before - Self.leastGain(before) || !tree.isFeasible { takeBack() }
    }

    /// The swap that mends a group at the least storage for what it needs, among its members' chains.
    private mutating func bestPurchase(for group: Int, sparing spared: Int) -> Int? {
        let excess = tree.groupCosts[group] - tree.constraints.bounds[group]
        var shares: [Int: Int] = [:]
        for member in graph.groups[group] {
            var node = member
            while node > 0 {
                shares[node, default: 0] += 1
                node = tree.parent(of: node)
            }
        }
        var best: (edge: Int, price: Double)?
        for (node, share) in shares where node != spared {
            work -= graph.incoming[node].count
            for place in graph.incoming[node] {
                let edge = graph.edges[Int(place)]
                let gain = min(excess, tree.recreationGain(of: edge) * Double(share))
                guard gain > RecreationConstraints.tolerance * excess else { continue }
                let growth = tree.storageGrowth(of: edge)
                // A swap that costs nothing is better the more it gains.
                let price = growth <= 0 ? -gain : growth / gain
                if best.map({ (price, Int(place)) < ($0.price, $0.edge) }) ?? true {
                    best = (Int(place), price)
                }
            }
        }
        return best?.edge
    }

    private func addChain(of member: Int, to nodes: inout Set<Int>) {
        var node = member
        while node > 0, nodes.insert(node).inserted { node = tree.parent(of: node) }
    }

    private mutating func replace(with place: Int) {
        replaced.append(tree.parentEdges[graph.edges[place].target])
        tree.replaceParent(with: place)
    }

    private mutating func takeBack() {
        for place in replaced.reversed() { tree.replaceParent(with: place) }
        replaced.removeAll(keepingCapacity: true)
    }
}
