extension Network {
    /// The part of the network between two sets of layers: DQL's `slice`.
    ///
    /// Kept are all layers on a path from a start to an end (both included), and what these need
    /// besides: a branch that joins behind the start is kept back to the network's inputs, as in
    /// program slicing. Where a start layer, or a layer that lies behind no start, would read what
    /// was cut, an `INPUT` of the shape and the name of what was cut takes its place.
    ///
    /// - Parameters:
    ///   - starts: The layers to begin with.
    ///   - ends: The layers whose outputs are the result's.
    /// - Throws: ``NetworkError`` if there is no path.
    public func slice(from starts: [Int], to ends: [Int]) throws(NetworkError) -> DerivedNetwork {
        let graph = graph
        let behind = reached(from: starts) { graph.consumers(of: $0) }
        let before = reached(from: ends) { graph.producers(of: $0) }
        var isKept = nodes.indices.map { behind[$0] && before[$0] }
        guard isKept.contains(true) else { throw noPath(from: starts, to: ends) }
        for end in ends where !isKept[end] { throw noPath(from: starts, to: [end]) }
        var notes: [String] = []
        for start in starts where !isKept[start] {
            notes.append("'\(nodes[start].name)' leads to no end, and is left out.")
        }
        // A start is where the slice is cut; what else a kept layer reads is needed.
        let isStart = Set(starts)
        let onPath = isKept
        var needed = nodes.indices.filter { onPath[$0] && !isStart.contains($0) }
            .flatMap { graph.producers(of: $0) }.filter { !onPath[$0] }
        while let node = needed.popLast() {
            guard !isKept[node] else { continue }
            isKept[node] = true
            needed.append(contentsOf: graph.producers(of: node))
        }
        let extra = nodes.indices.filter { isKept[$0] && !onPath[$0] }
        if !extra.isEmpty {
            let names = extra.prefix(5).map { "'\(nodes[$0].name)'" }.joined(separator: ", ")
            notes.append(
                "Needed besides the paths: \(names)\(extra.count > 5 ? ", …" : "") "
                    + "(\(extra.count) in all)."
            )
        }
        return try cut(isKept, ends: ends, notes: notes)
    }

    private func reached(from nodes: [Int], _ neighbours: (Int) -> [Int]) -> [Bool] {
        var isReached = Array(repeating: false, count: self.nodes.count)
        var waiting = nodes
        while let node = waiting.popLast() {
            guard !isReached[node] else { continue }
            isReached[node] = true
            waiting.append(contentsOf: neighbours(node))
        }
        return isReached
    }

    private func noPath(from starts: [Int], to ends: [Int]) -> NetworkError {
        func text(_ list: [Int]) -> String {
            list.isEmpty
                ? "no layer" : list.prefix(3).map { "'\(nodes[$0].name)'" }.joined(separator: ", ")
        }
        return NetworkError(
            .noPath,
            "No path leads from \(text(starts)) to \(text(ends)).",
            node: ends.first.map { nodes[$0].name }
        )
    }

    /// Keeps some layers, with an input for each output that is read and not kept.
    private func cut(
        _ isKept: [Bool],
        ends: [Int],
        notes: [String]
    ) throws(NetworkError) -> DerivedNetwork {
        var names = FreeNames(nodes.indices.filter { isKept[$0] }.map { nodes[$0].name })
        var result: [NetworkNode] = []
        var origins: [Int?] = []
        var places: [Int: Int] = [:]
        var inputs: [NetworkInput: Int] = [:]
        for index in nodes.indices where isKept[index] {
            var node = nodes[index]
            for position in node.inputs.indices {
                let input = node.inputs[position]
                if let place = places[input.node] {
                    node.inputs[position].node = place
                } else if let place = inputs[input] {
                    node.inputs[position] = NetworkInput(place)
                } else {
                    let cutNode = nodes[input.node]
                    inputs[input] = result.count
                    node.inputs[position] = NetworkInput(result.count)
                    result.append(
                        NetworkNode(
                            name: names.take(cutNode.name),
                            kind: .input,
                            outputShapes: [cutNode.outputShapes[input.output]]
                        )
                    )
                    origins.append(nil)
                }
            }
            places[index] = result.count
            result.append(node)
            origins.append(index)
        }
        let network = try Network(
            name: name,
            source: .derived,
            nodes: result,
            outputs: ends.compactMap { places[$0] }
        )
        return DerivedNetwork(network: network, origins: origins, notes: notes)
    }
}
