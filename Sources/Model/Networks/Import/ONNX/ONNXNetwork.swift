public import Tensors

/// Reads the graphs of ONNX models.
public enum ONNXNetwork {
    /// A network, and what its tensors are called in the file where exporters renamed them.
    public struct Result: Sendable {
        /// The network; tensors bear the names that their author gave, as far as those are known.
        public let network: Network
        /// The names in the file of tensors that bear another one in the network.
        public let fileNames: [String: String]
    }

    /// Reads a model; the bytes of its weights are skipped.
    ///
    /// - Parameter source: The file.
    /// - Returns: Nil if it holds no graph.
    /// - Throws: ``NetworkError`` if it is damaged, or an error of the source.
    public static func read(_ source: any ByteSource) throws -> Result? {
        guard let model = try ONNXModel.read(source), !model.nodes.isEmpty else { return nil }
        var assembly = ONNXAssembly(model)
        return try assembly.result()
    }
}

/// Makes a network of the layers that were found.
private struct ONNXAssembly {
    private let model: ONNXModel
    private let drafts: ONNXDrafts
    private let kept: [Int]
    private var fileNames: [String: String] = [:]

    init(_ model: ONNXModel) {
        self.model = model
        let drafts = ONNXLayers(model).drafts
        self.drafts = drafts
        kept = drafts.drafts.indices.filter { drafts[$0].successor == nil }
    }

    mutating func result() throws(NetworkError) -> ONNXNetwork.Result {
        var places: [Int: Int] = [:]
        for (place, index) in kept.enumerated() { places[index] = place }
        let names = names()
        var nodes: [NetworkNode] = []
        for (index, name) in zip(kept, names) {
            let draft = drafts[index]
            var node = NetworkNode(
                name: name,
                kind: draft.kind,
                attributes: draft.attributes,
                // What an attention gives inside is divided by heads; its readers get it joined.
                outputShapes: draft.outputs.map {
                    draft.kind == .attention ? nil : model.shapes[$0]
                }
            )
            node.inputs = draft.inputs.compactMap { input in
                let source = drafts.resolved(input)
                return places[source.node].map { NetworkInput($0, output: source.output) }
            }
            if draft.isFolded || isAnonymousConvolution(draft) {
                node.attributes["folded"] = .boolean(true)
            }
            node.parameters = parameters(of: draft, named: name)
            nodes.append(node)
        }
        let outputs = model.outputs.compactMap { drafts.source(of: $0) }
            .compactMap { places[$0.node] }
        let network = try Network(
            name: model.name,
            source: .onnx,
            nodes: nodes,
            outputs: outputs.isEmpty ? nil : outputs
        )
        return ONNXNetwork.Result(network: network.inferringShapes().network, fileNames: fileNames)
    }

    private func names() -> [String] {
        let inputs = kept.filter { drafts[$0].kind == .input }
        let subjects = kept.map { index in
            let draft = drafts[index]
            let hasMeaning = !draft.node.name.hasPrefix("node_") && !draft.node.name.hasPrefix("/")
            return ONNXNaming.Subject(
                scope: draft.scope,
                kind: draft.kind,
                nodeName: hasMeaning ? draft.node.name : "",
                tensors: draft.tensors.compactMap(\.constant.initialiser)
                    .filter { !ONNXScope.isAnonymous($0) },
                isFolded: draft.isFolded
            )
        }
        let layers = zip(kept, subjects).filter { drafts[$0.0].kind != .input }.map(\.1)
        var naming = ONNXNaming(layers, inputs: inputs.map { drafts[$0].node.name })
        return zip(kept, subjects).map { index, subject in
            drafts[index].kind == .input ? drafts[index].node.name : naming.name(of: subject)
        }
    }

    /// Exporters rename the weights of a convolution only if they changed them.
    private func isAnonymousConvolution(_ draft: ONNXDraft) -> Bool {
        guard draft.kind == .conv, draft.scope.isKnown else { return false }
        let weight = draft.tensors.first { $0.role == "weight" }?.constant.initialiser
        return weight.map { ONNXScope.isAnonymous($0) } ?? false
    }

    private mutating func parameters(of draft: ONNXDraft, named name: String) -> [NodeParameter] {
        draft.tensors.compactMap { role, constant in
            guard let initialiser = constant.initialiser else { return nil }
            var own = initialiser
            if ONNXScope.isAnonymous(initialiser) {
                own = "\(name).\(role)"
                fileNames[own] = initialiser
            }
            return NodeParameter(
                role: role,
                name: own,
                shape: constant.dimensions,
                isTransposed: constant.isTransposed
            )
        }
    }
}
