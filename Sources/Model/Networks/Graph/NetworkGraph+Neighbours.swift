/// A way to walk a network.
public enum NeighbourDirection: Hashable, Sendable {
    /// Towards the outputs: DQL's `.next`.
    case next
    /// Towards the inputs: DQL's `.prev`.
    case previous
}

/// A neighbour of a layer, and what lies between the two.
public struct Neighbour: Hashable, Sendable {
    /// The neighbour's index.
    public let node: Int
    /// The layers that were looked through, nearest first; empty if one edge connects the two.
    ///
    /// Of very many only the nearest.
    public let between: [Int]

    /// Creates a neighbour.
    public init(node: Int, between: [Int]) {
        self.node = node
        self.between = between
    }

    /// Longer chains of layers in place are read by nobody, and would cost the square of their length.
    static let betweenCountMax = 32
}

extension NetworkGraph {
    /// The neighbours of a layer, as `.next` and `.prev` of DQL mean them.
    ///
    /// `.next` is what consumes the layer's output, and what comes behind layers that may overwrite
    /// it: those that the file marks as in place, and element-wise ones that alone read what they
    /// read (which is when a framework may run them in place; so a Caffe prototxt and an ONNX graph
    /// of one network answer alike). After conv5 of AlexNet come relu5 *and* pool5. `.prev` is the
    /// same relation seen from the other end.
    ///
    /// - Parameters:
    ///   - direction: Where to look.
    ///   - node: The layer.
    /// - Returns: The neighbours, nearest first; each once.
    public func neighbours(_ direction: NeighbourDirection, of node: Int) -> [Neighbour] {
        var found: [Neighbour] = []
        var seen: Set<Int> = [node]
        var frontier: [Neighbour] = [Neighbour(node: node, between: [])]
        var place = 0
        while place < frontier.count {
            let here = frontier[place]
            place += 1
            var between = here.between
            if here.node != node, between.count < Neighbour.betweenCountMax {
                between.append(here.node)
            }
            for other in direction == .next ? consumers(of: here.node) : producers(of: here.node)
            where seen.insert(other).inserted {
                let neighbour = Neighbour(node: other, between: between)
                found.append(neighbour)
                if isSeenThrough[other] { frontier.append(neighbour) }
            }
        }
        return found
    }

    /// The neighbours of several layers together, ascending, without what lies between.
    public func neighbours(_ direction: NeighbourDirection, of nodes: [Int]) -> [Int] {
        var isFound = [Bool](repeating: false, count: nodeCount)
        for node in nodes {
            visitNeighbours(direction, of: node) { other in
                isFound[other] = true
                return false
            }
        }
        return isFound.indices.filter { isFound[$0] }
    }

    /// Whether a neighbour of a layer satisfies a condition.
    public func hasNeighbour(
        _ direction: NeighbourDirection,
        of node: Int,
        where condition: (Int) -> Bool
    ) -> Bool {
        visitNeighbours(direction, of: node, condition)
    }

    /// Calls a function with the neighbours of a layer, some perhaps twice, until it returns true.
    @discardableResult
    private func visitNeighbours(
        _ direction: NeighbourDirection,
        of node: Int,
        _ isDone: (Int) -> Bool
    ) -> Bool {
        let starts = direction == .next ? readerStarts : inputStarts
        let others = direction == .next ? readers : inputNodes
        // Layers that are looked through form chains with branches only behind them, so few wait.
        var waiting = [node]
        var steps = 0
        while let here = waiting.popLast() {
            for edge in Int(starts[here])..<Int(starts[here + 1]) {
                let other = Int(others[edge])
                if isDone(other) { return true }
                if isSeenThrough[other] { waiting.append(other) }
            }
            steps += 1
            // In a graph of in-place layers that join again and again, paths outnumber layers.
            if steps > nodeCount {
                return neighbours(direction, of: node).contains { isDone($0.node) }
            }
        }
        return false
    }
}
