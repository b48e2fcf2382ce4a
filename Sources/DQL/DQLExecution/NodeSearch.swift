import Networks

/// Finds nodes of one network.
struct NodeSearch {
    private let graph: NetworkGraph

    init(_ graph: NetworkGraph) {
        self.graph = graph
    }

    /// The nodes that a selection means, ascending.
    func nodes(_ selection: NodeSelection) -> [Int] {
        follow(selection.steps, from: graph.nodes(matching: selection.pattern))
    }

    /// The nodes that steps lead to.
    func follow(_ steps: [NodeSelection.Step], from start: [Int]) -> [Int] {
        steps.reduce(start) { nodes, step in
            graph.neighbours(step == .next ? .next : .previous, of: nodes)
        }
    }

    /// Whether one of the nodes matches a template; what the name of the first node captured stands
    /// for `$1` in it.
    func has(
        _ selection: NodeSelection,
        _ template: NodeTemplate
    ) throws(NetworkError) -> Bool {
        let start = graph.nodes(matching: selection.pattern)
        guard !start.isEmpty else { return false }
        guard template.captureReferences.isEmpty else {
            for node in start {
                if try has(selection, template, from: node) { return true }
            }
            return false
        }
        guard let flags = try graph.flags(matching: template) else { return false }
        guard selection.steps.count == 1 else {
            return follow(selection.steps, from: start).contains { flags[$0] }
        }
        let direction: NeighbourDirection = selection.steps[0] == .next ? .next : .previous
        return start.contains { graph.hasNeighbour(direction, of: $0) { flags[$0] } }
    }

    /// Whether the steps lead from a node to one that matches a template.
    func has(
        _ selection: NodeSelection,
        _ template: NodeTemplate,
        from node: Int
    ) throws(NetworkError) -> Bool {
        var wanted = template
        if !template.captureReferences.isEmpty {
            guard let captures = selection.pattern.captures(in: graph.name(of: node)) else {
                return false
            }
            wanted = template.substituting(captures)
        }
        for found in follow(selection.steps, from: [node]) {
            if try graph.matches(wanted, found) { return true }
        }
        return false
    }
}
