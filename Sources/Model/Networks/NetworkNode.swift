/// One input of a layer: which layer it comes from, and which of that layer's outputs it is.
public struct NetworkInput: Hashable, Sendable {
    /// The index of the layer that gives it.
    public var node: Int
    /// Which output of that layer; 0 but for layers with several.
    public var output: Int

    /// Creates an input.
    public init(_ node: Int, output: Int = 0) {
        self.node = node
        self.output = output
    }
}

/// A tensor that a layer learns.
public struct NodeParameter: Hashable, Sendable {
    /// What it is to the layer: `weight`, `bias`, `mean`.
    public var role: String
    /// The name of the tensor in the version's weight files, or the name that it would have there.
    public var name: String
    /// The shape, if known, as the weight file stores it.
    public var shape: [Int]?
    /// Whether the stored matrix is the transpose of what the role says, as exporters to ONNX do.
    public var isTransposed: Bool
    /// Whether the version's weight files hold the tensor; its shape is then a fact, else it follows
    /// from the layer's inputs.
    public var isStored: Bool

    /// Creates a parameter.
    public init(
        role: String,
        name: String,
        shape: [Int]? = nil,
        isTransposed: Bool = false,
        isStored: Bool = false
    ) {
        self.role = role
        self.name = name
        self.shape = shape
        self.isTransposed = isTransposed
        self.isStored = isStored
    }

    /// The number of elements, if the shape is known and the number fits.
    public var elementCount: Int? {
        shape.flatMap { ActivationShape($0).product() }
    }
}

/// How the tensors of a new layer are to be filled until something trains them.
public struct NodeInitialiser: Hashable, Sendable {
    /// The rule for weights, such as `xavier`; biases start as zero, factors as one.
    public var name: String
    /// The seed of the random numbers, so that the same query gives the same weights.
    public var seed: UInt64

    /// Creates an initialiser.
    public init(name: String, seed: UInt64) {
        self.name = name
        self.seed = seed
    }
}

/// A layer of a network.
public struct NetworkNode: Hashable, Sendable {
    /// The name, unique in its network.
    public var name: String
    /// What it computes.
    public var kind: Operator
    /// Its attributes by name, as ``OperatorSignature`` and the file give them.
    public var attributes: [String: AttributeValue]
    /// Where its inputs come from, in order.
    public var inputs: [NetworkInput]
    /// The shapes of its outputs, at least one; nil where not known.
    public var outputShapes: [ActivationShape?]
    /// The tensors that it learns.
    public var parameters: [NodeParameter]
    /// Whether the file says that it overwrites its input.
    public var isInPlace: Bool
    /// How new tensors are to be filled; nil where the tensors are stored or there are none.
    public var initialiser: NodeInitialiser?

    /// Creates a layer.
    public init(
        name: String,
        kind: Operator,
        attributes: [String: AttributeValue] = [:],
        inputs: [NetworkInput] = [],
        outputShapes: [ActivationShape?] = [nil],
        parameters: [NodeParameter] = [],
        isInPlace: Bool = false,
        initialiser: NodeInitialiser? = nil
    ) {
        self.name = name
        self.kind = kind
        self.attributes = attributes
        self.inputs = inputs
        self.outputShapes = outputShapes.isEmpty ? [nil] : outputShapes
        self.parameters = parameters
        self.isInPlace = isInPlace
        self.initialiser = initialiser
    }

    /// The shape of its first output.
    public var outputShape: ActivationShape? { outputShapes[0] }

    /// The number of elements of all its tensors, or nil if a shape is not known.
    public var parameterCount: Int? {
        var sum = 0
        for parameter in parameters {
            guard let count = parameter.elementCount else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }

    /// The tensor of a role.
    public func parameter(_ role: String) -> NodeParameter? {
        parameters.first { $0.role == role }
    }
}
