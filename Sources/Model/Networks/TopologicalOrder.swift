/// An order of layers in which each follows those that feed it.
enum TopologicalOrder {
    private enum State {
        case untouched, open, done
    }

    /// The indices of layers in such an order; ascending wherever the inputs allow.
    ///
    /// - Throws: ``NetworkError`` that names the layers of a circle.
    static func of(_ nodes: [NetworkNode]) throws(NetworkError) -> [Int] {
        var states = Array(repeating: State.untouched, count: nodes.count)
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        // A stack of our own: a network may be deeper than the thread's stack allows.
        var stack: [(node: Int, nextInput: Int)] = []
        for root in nodes.indices where states[root] == .untouched {
            stack.append((root, 0))
            states[root] = .open
            while let top = stack.last {
                guard top.nextInput < nodes[top.node].inputs.count else {
                    states[top.node] = .done
                    order.append(top.node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].nextInput += 1
                let producer = nodes[top.node].inputs[top.nextInput].node
                switch states[producer] {
                case .done: break
                case .untouched:
                    states[producer] = .open
                    stack.append((producer, 0))
                case .open: throw circle(through: producer, stack.map(\.node), nodes)
                }
            }
        }
        return order
    }

    private static func circle(
        through node: Int,
        _ path: [Int],
        _ nodes: [NetworkNode]
    ) -> NetworkError {
        let start = path.firstIndex(of: node) ?? 0
        let names = path[start...].prefix(5).map { "'\(nodes[$0].name)'" }
        let rest = path.count - start > 5 ? ", …" : ""
        return NetworkError(
            .cyclic,
            "Layers feed each other in a circle: \(names.joined(separator: ", "))\(rest).",
            node: nodes[node].name
        )
    }
}
