/// Layers that an exporter wrote as several operators, recognised by how these are connected.
extension ONNXDrafts {
    /// `softmax(q·kᵀ / √d + mask)·v` is an attention.
    ///
    /// - Parameters:
    ///   - node: A product of two computed matrices.
    ///   - left: Where its first operand comes from.
    ///   - right: Where its second one does.
    /// - Returns: Whether it was one, and has been added.
    mutating func addAttention(
        _ node: ONNXNode,
        _ left: NetworkInput,
        _ right: NetworkInput,
        shapes: [String: ActivationShape]
    ) -> Bool {
        var place = left.node
        // Between softmax and product there may be dropout and guards against rows of NaN.
        var between: [Int] = []
        while drafts[place].kind != .softmax {
            guard drafts[place].kind == .dropout || drafts[place].kind.name == "WHERE",
                let input = drafts[place].inputs.first, between.count < 4
            else { return false }
            between.append(place)
            place = resolved(input).node
        }
        let softmax = place
        guard let scored = drafts[softmax].inputs.first else { return false }
        var path: [Int] = []
        guard let scores = findScores(resolved(scored).node, &path, depth: 0) else { return false }
        let queryShape = drafts[scores].node.inputs.first.flatMap { shapes[$0] }
        var draft = ONNXDraft(kind: .attention, node: node, scope: ONNXScope(node))
        draft.inputs = drafts[scores].inputs.map { resolved($0) } + [right]
        let members = Set(path + [scores, softmax] + between)
        for member in path + between {
            draft.inputs += drafts[member].inputs.map { resolved($0) }
                .filter { !members.contains($0.node) }
        }
        var seen: Set<NetworkInput> = []
        draft.inputs = draft.inputs.filter { seen.insert($0).inserted }
        if draft.inputs.count == 1 { draft.attributes["fused"] = .boolean(true) }
        if let queryShape, queryShape.rank == 4, let heads = queryShape.dimensions[1] {
            draft.attributes["heads"] = .integer(heads)
        }
        draft.outputs = node.outputs
        let index = drafts.count
        add(draft)
        for member in members { replace(member, by: index) }
        return true
    }

    /// The product of queries and keys behind scalings and masks.
    private func findScores(_ place: Int, _ path: inout [Int], depth: Int) -> Int? {
        if drafts[place].kind == .matmul { return place }
        let joins: Set<String> = ["ADD", "SUB", "MUL", "DIV", "WHERE", "MAXIMUM"]
        guard depth < 5, joins.contains(drafts[place].kind.name) else { return nil }
        for input in drafts[place].inputs {
            let count = path.count
            path.append(place)
            if let found = findScores(resolved(input).node, &path, depth: depth + 1) {
                return found
            }
            path.removeLast(path.count - count)
        }
        return nil
    }

    /// `x · f(x)` is a gated unit: SiLU with the logistic function, GELU with `erf` or `tanh`.
    ///
    /// - Returns: Whether it was one, and has been added.
    mutating func addGatedUnit(_ node: ONNXNode, _ operands: [NetworkInput]) -> Bool {
        let units: [String: Operator] = [
            "SIGMOID": .silu, "ERF": .gelu, "TANH": .gelu, "HARDSIGMOID": Operator("HARDSWISH"),
        ]
        for (gate, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
            guard let unit = units[drafts[gate.node].kind.name],
                drafts[gate.node].inputs.map({ resolved($0) }) == [other]
            else { continue }
            var draft = ONNXDraft(kind: unit, node: node, scope: ONNXScope(node))
            draft.inputs = [other]
            draft.outputs = node.outputs
            let index = drafts.count
            add(draft)
            replace(gate.node, by: index)
            return true
        }
        return false
    }

    /// `(x − mean) / √(variance + ε)` is a layer normalisation, `x / √(mean of squares + ε)` a
    /// root-mean-square normalisation.
    ///
    /// - Returns: Whether it was one, and has been added.
    mutating func addNormalisation(_ node: ONNXNode, _ operands: [NetworkInput]) -> Bool {
        for (root, value) in [(operands[1], operands[0]), (operands[0], operands[1])] {
            guard drafts[root.node].kind.name == "SQRT",
                let squares = drafts[root.node].inputs.first.map({ resolved($0) }),
                drafts[squares.node].kind.name == "MEAN",
                drafts[squares.node].inputs.map({ resolved($0) }) == [value]
            else { continue }
            var members = [root.node, squares.node]
            var input = value
            var kind = Operator.rmsNorm
            let difference = drafts[value.node]
            if difference.kind.name == "SUB", difference.inputs.count == 2 {
                let (centred, mean) = (
                    resolved(difference.inputs[0]), resolved(difference.inputs[1])
                )
                if drafts[mean.node].kind.name == "MEAN",
                    drafts[mean.node].inputs.map({ resolved($0) }) == [centred]
                {
                    members += [value.node, mean.node]
                    (input, kind) = (centred, .layerNorm)
                }
            }
            var draft = ONNXDraft(kind: kind, node: node, scope: ONNXScope(node))
            draft.inputs = [input]
            draft.outputs = node.outputs
            let index = drafts.count
            add(draft)
            for member in members { replace(member, by: index) }
            return true
        }
        return false
    }
}
