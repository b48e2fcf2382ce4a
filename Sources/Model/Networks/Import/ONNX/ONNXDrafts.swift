/// What a value of an ONNX graph is to the network.
enum ONNXValue {
    /// What a layer gives, perhaps in another shape.
    case data(NetworkInput)
    /// What does not depend on the network's inputs, or on their shapes alone.
    case constant(ONNXConstant)
}

/// A value that is the same for all inputs.
struct ONNXConstant {
    /// The initialiser that it is, perhaps in another shape.
    var initialiser: String?
    var dimensions: [Int] = []
    /// Whether it is the transpose of the initialiser.
    var isTransposed = false

    /// Whether somebody may have learned it: a tensor of more than one element.
    var isTensor: Bool { initialiser != nil && (ActivationShape(dimensions).product() ?? 2) > 1 }
}

/// A layer of an ONNX graph while its nodes are collected.
struct ONNXDraft {
    var kind: Operator
    var node: ONNXNode
    var scope: ONNXScope
    var attributes: [String: AttributeValue] = [:]
    var inputs: [NetworkInput] = []
    var tensors: [(role: String, constant: ONNXConstant)] = []
    /// The values that it gives.
    var outputs: [String] = []
    /// The layer that took its place.
    var successor: Int?
    var isFolded = false
}

/// The layers of an ONNX graph as they are found.
struct ONNXDrafts {
    private(set) var drafts: [ONNXDraft] = []
    var values: [String: ONNXValue] = [:]
    private var readerCounts: [String: Int] = [:]

    init(_ model: ONNXModel) {
        for name in model.nodes.flatMap(\.inputs) + model.outputs {
            readerCounts[name, default: 0] += 1
        }
    }

    subscript(index: Int) -> ONNXDraft {
        get { drafts[index] }
        set { drafts[index] = newValue }
    }

    /// Adds a layer whose outputs are those of its node.
    mutating func add(_ draft: ONNXDraft) {
        let index = drafts.count
        drafts.append(draft)
        for (output, name) in draft.outputs.enumerated() {
            values[name] = .data(NetworkInput(index, output: output))
        }
    }

    /// Where a value comes from, past layers that were replaced.
    func source(of name: String) -> NetworkInput? {
        guard case .data(let input)? = values[name] else { return nil }
        return resolved(input)
    }

    func resolved(_ input: NetworkInput) -> NetworkInput {
        var input = input
        while let successor = drafts[input.node].successor { input = NetworkInput(successor) }
        return input
    }

    func constant(_ name: String) -> ONNXConstant? {
        if case .constant(let constant)? = values[name] { constant } else { nil }
    }

    /// Whether a value is what a layer gives, and nothing else reads it.
    func isSoleReader(of name: String) -> Bool { readerCounts[name, default: 0] == 1 }

    /// Makes a layer give what another node gives, which only completes it.
    mutating func extend(_ index: Int, to node: ONNXNode) {
        drafts[index].outputs = node.outputs
        for (output, name) in node.outputs.enumerated() {
            values[name] = .data(NetworkInput(index, output: output))
        }
    }

    /// Lets a layer vanish in another one.
    mutating func replace(_ old: Int, by new: Int) {
        guard old != new else { return }
        drafts[old].successor = new
    }
}
