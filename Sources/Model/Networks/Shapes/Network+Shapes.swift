extension Network {
    /// The network with the shapes that follow from those of its inputs.
    ///
    /// What the file says stays where nothing better is known. A contradiction is not an error here,
    /// since a network that was published with one is still a network: the shape is then unknown.
    ///
    /// - Returns: The network, and a sentence for each layer whose shapes contradict each other.
    public func inferringShapes() -> (network: Network, contradictions: [NetworkError]) {
        var nodes = nodes
        var contradictions: [NetworkError] = []
        for index in nodes.indices {
            let shapes = nodes[index].inputs.map { nodes[$0.node].outputShapes[$0.output] }
            do throws(NetworkError) {
                let inferred = try ShapeInference.infer(nodes[index], inputs: shapes)
                nodes[index].parameters = inferred.parameters
                for output in nodes[index].outputShapes.indices {
                    let found = inferred.outputs[output]
                    let stated = nodes[index].outputShapes[output]
                    if let stated, found == nil || stated.isKnown { continue }
                    nodes[index].outputShapes[output] = Self.merged(stated, found)
                }
            } catch {
                contradictions.append(error)
            }
        }
        return (replacingNodes(nodes), contradictions)
    }

    /// The dimensions that either knows.
    private static func merged(
        _ stated: ActivationShape?,
        _ found: ActivationShape?
    ) -> ActivationShape? {
        guard let stated, let found, stated.rank == found.rank else { return stated ?? found }
        return ActivationShape(zip(stated.dimensions, found.dimensions).map { $0 ?? $1 })
    }

    /// The network with layers that differ in anything but names and edges.
    func replacingNodes(_ nodes: [NetworkNode]) -> Network {
        Network(name: name, source: source, checked: nodes, outputs: outputs)
    }
}
