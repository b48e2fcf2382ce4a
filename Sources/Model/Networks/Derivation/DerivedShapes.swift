/// Infers the shapes of a changed network where the change can have altered them.
enum DerivedShapes {
    /// The network with shapes.
    ///
    /// A layer whose inputs have the shapes that they had before keeps its own, also where no rule
    /// could infer them.
    ///
    /// - Throws: ``NetworkError`` at the first layer that does not fit what it now gets.
    static func infer(
        _ network: Network,
        origins: [Int?],
        original: Network
    ) throws(NetworkError) -> Network {
        var nodes = network.nodes
        for index in nodes.indices {
            let shapes = nodes[index].inputs.map { nodes[$0.node].outputShapes[$0.output] }
            if let origin = origins[index], shapes == original.inputShapes(of: origin) { continue }
            let stated = nodes[index].outputShapes
            for parameter in nodes[index].parameters.indices
            where !nodes[index].parameters[parameter].isStored {
                nodes[index].parameters[parameter].shape = nil
            }
            let inferred = try ShapeInference.infer(nodes[index], inputs: shapes)
            nodes[index].parameters = inferred.parameters
            nodes[index].outputShapes = inferred.outputs
            let isLost =
                origins[index] == nil
                ? shapes.first.map { $0?.isKnown ?? false } ?? false
                : stated[0] != nil
            if isLost, inferred.outputs[0] == nil {
                throw NetworkError(
                    .shapeMismatch,
                    "The shape of layer '\(nodes[index].name)' (\(nodes[index].kind)) cannot be "
                        + "inferred from \(shapes.map(\.text).joined(separator: ", ")).",
                    node: nodes[index].name
                )
            }
        }
        return network.replacingNodes(nodes)
    }
}
