/// Groups the nodes of an ONNX graph into layers: what computes something with the data, with the
/// constants that it learned; all else connects.
struct ONNXLayers {
    private let model: ONNXModel
    private(set) var drafts: ONNXDrafts

    /// The layers of a graph; the first ones are its inputs.
    init(_ model: ONNXModel) {
        self.model = model
        drafts = ONNXDrafts(model)
        for (name, tensor) in model.initialisers {
            drafts.values[name] = .constant(
                ONNXConstant(initialiser: name, dimensions: tensor.dimensions)
            )
        }
        for name in model.inputs where model.initialisers[name] == nil {
            var node = ONNXNode()
            node.name = name
            var draft = ONNXDraft(kind: .input, node: node, scope: ONNXScope(node))
            draft.outputs = [name]
            drafts.add(draft)
        }
        for node in model.nodes { add(node) }
    }

    private mutating func add(_ node: ONNXNode) {
        let sources = node.inputs.map { drafts.source(of: $0) }
        let data = sources.compactMap { $0 }
        guard !data.isEmpty, node.type != "Shape", node.type != "Size" else {
            return addConstant(node)
        }
        if ONNXOperators.plumbing.contains(node.type), let input = sources.first ?? nil {
            return pass(node, input)
        }
        if node.type == "MatMul" || node.type == "Gemm" { return addProduct(node, sources) }
        if node.type == "Gather" { return add(node, kind: .embed, data: data) }
        if let kind = ONNXOperators.binary[node.type] { return addBinary(node, kind, sources) }
        if node.type == "Concat", Set(data).count == 1, data.count > 1 {
            return pass(node, data[0])
        }
        let kind = ONNXOperators.kind(of: node)
        add(node, kind: kind, data: data)
    }

    /// What is made of constants is one; what is made of a single tensor stays that tensor.
    private mutating func addConstant(_ node: ONNXNode) {
        let constants = node.inputs.compactMap { drafts.constant($0) }
        var constant = constants.first { $0.isTensor } ?? ONNXConstant()
        if node.type == "Transpose" { constant.isTransposed.toggle() }
        for output in node.outputs { drafts.values[output] = .constant(constant) }
    }

    /// Connects what reads a node with what it reads.
    private mutating func pass(_ node: ONNXNode, _ input: NetworkInput) {
        for output in node.outputs { drafts.values[output] = .data(input) }
    }

    private mutating func add(_ node: ONNXNode, kind: Operator, data: [NetworkInput]) {
        var draft = ONNXDraft(kind: kind, node: node, scope: ONNXScope(node))
        draft.inputs = data
        let roles = ONNXOperators.roles(of: kind)
        for (place, name) in node.inputs.enumerated() {
            guard let role = roles[place], let constant = drafts.constant(name),
                constant.initialiser != nil
            else { continue }
            draft.tensors.append((role, constant))
        }
        let weight = draft.tensors.first { $0.role == "weight" }?.constant
        draft.attributes = ONNXOperators.attributes(of: node, kind, weight: weight?.dimensions)
        draft.isFolded = kind == .conv && draft.scope.className.contains("BatchNorm")
        if kind.name == "MEAN", let pooled = globalPooling(node) {
            draft.kind = .pool
            draft.attributes = pooled
        }
        let hasSeveral = kind == .split || node.outputs.count > 1 && kind.signature == nil
        draft.outputs = hasSeveral ? node.outputs : Array(node.outputs.prefix(1))
        drafts.add(draft)
    }

    /// A mean over all of an image is a pooling.
    private func globalPooling(_ node: ONNXNode) -> [String: AttributeValue]? {
        guard let input = node.inputs.first, let shape = model.shapes[input], shape.rank == 4 else {
            return nil
        }
        let named = node.inputs.dropFirst().first.flatMap { model.initialisers[$0]?.integers }
        let axes = (named ?? node.integers("axes") ?? []).map { $0 < 0 ? $0 + 4 : $0 }
        guard Set(axes) == [2, 3] else { return nil }
        return ["mode": .text("AVG"), "global": .boolean(true)]
    }

    /// A product with a constant is a fully connected layer, one of two computed matrices perhaps the
    /// end of an attention.
    private mutating func addProduct(_ node: ONNXNode, _ sources: [NetworkInput?]) {
        guard let left = sources.first ?? nil, node.inputs.count > 1 else {
            return add(node, kind: .matmul, data: sources.compactMap { $0 })
        }
        if let right = sources[1] {
            if drafts.addAttention(node, left, right, shapes: model.shapes) { return }
            return add(node, kind: .matmul, data: [left, right])
        }
        guard var weight = drafts.constant(node.inputs[1]), weight.initialiser != nil else {
            return pass(node, left)
        }
        // A fully connected layer stores [features, inputs]; a product takes its transpose.
        if node.type != "Gemm" || node.integer("transB") != 1 { weight.isTransposed.toggle() }
        var draft = ONNXDraft(kind: .full, node: node, scope: ONNXScope(node))
        draft.inputs = [left]
        draft.tensors = [("weight", weight)]
        if node.inputs.count > 2, let bias = drafts.constant(node.inputs[2]) {
            draft.tensors.append(("bias", bias))
        }
        let shape = weight.isTransposed ? weight.dimensions.reversed() : weight.dimensions
        draft.attributes = ONNXOperators.attributes(of: node, .full, weight: shape)
        draft.outputs = Array(node.outputs.prefix(1))
        drafts.add(draft)
    }

    private mutating func addBinary(_ node: ONNXNode, _ kind: Operator, _ sources: [NetworkInput?])
    {
        let data = sources.compactMap { $0 }
        guard data.count == 1 else {
            if Set(data).count == 1 { return pass(node, data[0]) }
            if node.type == "Mul", drafts.addGatedUnit(node, data) { return }
            if node.type == "Div" || node.type == "Mul", drafts.addNormalisation(node, data) {
                return
            }
            return add(node, kind: kind, data: data)
        }
        let constant = node.inputs.compactMap { drafts.constant($0) }.first { $0.isTensor }
        guard let constant, kind == .add || kind == .mul else { return pass(node, data[0]) }
        if complete(data[0].node, node, kind, with: constant) { return }
        guard !ONNXScope.isAnonymous(constant.initialiser ?? "") else { return pass(node, data[0]) }
        // Somebody learned it: an offset such as a table of positions, or a factor.
        var draft = ONNXDraft(
            kind: kind == .add ? Operator("BIAS") : .scale,
            node: node,
            scope: ONNXScope(node)
        )
        draft.inputs = data
        draft.tensors = [(kind == .add ? "bias" : "weight", constant)]
        draft.outputs = Array(node.outputs.prefix(1))
        drafts.add(draft)
    }

    /// Adds a bias to the product before it, or factor and offset to the normalisation before it.
    private mutating func complete(
        _ place: Int,
        _ node: ONNXNode,
        _ kind: Operator,
        with constant: ONNXConstant
    ) -> Bool {
        let draft = drafts[place]
        let role = kind == .add ? "bias" : "weight"
        guard !draft.tensors.contains(where: { $0.role == role }), let output = draft.outputs.first,
            node.inputs.contains(output), drafts.isSoleReader(of: output),
            constant.dimensions.count == 1
        else { return false }
        let takes =
            switch draft.kind {
            case .full, .conv, .deconv: kind == .add
            case .layerNorm, .rmsNorm: true
            default: false
            }
        guard takes else { return false }
        drafts[place].tensors.append((role, constant))
        drafts.extend(place, to: node)
        return true
    }
}
