/// Shapes that follow from the inputs of a layer and what it is.
public struct InferredShapes: Hashable, Sendable {
    /// The shapes of its outputs; nil where they cannot be told.
    public var outputs: [ActivationShape?]
    /// Its tensors, with their shapes where those can be told.
    public var parameters: [NodeParameter]
}

/// One layer whose shapes are being inferred.
struct ShapeInference {
    let node: NetworkNode
    let inputs: [ActivationShape?]
    var parameters: [NodeParameter]

    /// Infers the shapes of a layer.
    ///
    /// - Parameters:
    ///   - node: The layer; the shapes of its tensors are facts that must fit.
    ///   - inputs: The shapes of its inputs.
    /// - Throws: ``NetworkError`` if inputs, attributes and tensors contradict each other.
    static func infer(
        _ node: NetworkNode,
        inputs: [ActivationShape?]
    ) throws(NetworkError) -> InferredShapes {
        var inference = ShapeInference(node: node, inputs: inputs, parameters: node.parameters)
        try inference.checkSizes()
        let outputs = try inference.outputs().map { shape in
            shape.flatMap { ActivationShape.isPossible($0.dimensions) ? $0 : nil }
        }
        for index in inference.parameters.indices {
            let shape = inference.parameters[index].shape
            guard let shape, !ActivationShape.isPossible(shape) else { continue }
            inference.parameters[index].shape = nil
        }
        // A file may declare more outputs than the operator is known to have.
        let missing = max(0, node.outputShapes.count - outputs.count)
        return InferredShapes(
            outputs: outputs + Array(repeating: nil, count: missing),
            parameters: inference.parameters
        )
    }

    /// Attributes and dimensions beyond this are a mistake; below it, no rule overflows.
    private static let sizeMax = 1 << 30

    private func checkSizes() throws(NetworkError) {
        let dimensions = inputs.flatMap { $0?.dimensions ?? [] }.compactMap { $0 }
        let areSizes = node.attributes.values.allSatisfy { value in
            (value.integers ?? []).allSatisfy { $0.magnitude < UInt(Self.sizeMax) }
        }
        guard areSizes, dimensions.allSatisfy({ $0 < Self.sizeMax }) else {
            throw error("it has a size beyond \(Self.sizeMax)")
        }
    }

    /// The shape of the first input, if known.
    var input: ActivationShape? { inputs.first ?? nil }

    private mutating func outputs() throws(NetworkError) -> [ActivationShape?] {
        switch node.kind.name {
        case "INPUT": return node.outputShapes
        case "CONV", "DECONV": return [try convolution()]
        case "POOL": return [try pooling()]
        case "ROIPOOL": return [regionPooling()]
        case "UPSAMPLE": return [upsampling()]
        case "PAD": return [padding()]
        case "FULL": return [try fullyConnected()]
        case "EMBED": return [try embedding()]
        case "MATMUL": return [try matrixProduct()]
        case "ATTENTION": return [attention()]
        case "LSTM", "GRU": return [recurrent()]
        case "BATCHNORM", "SCALE", "BIAS", "PRELU", "GROUPNORM":
            return [try normalised(trailing: false)]
        case "LAYERNORM", "RMSNORM": return [try normalised(trailing: true)]
        case "ADD", "SUB", "MUL", "DIV", "MAXIMUM": return [try broadcast()]
        case "CONCAT": return [try concatenation()]
        case "SPLIT": return try splitting()
        case "FLATTEN": return [flattening()]
        case "RESHAPE": return [try reshaping()]
        case "TRANSPOSE": return [try transposition()]
        case "MEAN": return [mean()]
        case "LOSS", "ACCURACY": return node.outputShapes.map { $0 ?? ActivationShape([]) }
        case "SOFTMAX", "LOGSOFTMAX", "LRN": return [input]
        default: return node.kind.isElementWise ? [input] : [nil]
        }
    }

    /// Norms with a factor per channel (dimension 1), or per element of the trailing dimensions.
    private mutating func normalised(trailing: Bool) throws(NetworkError) -> ActivationShape? {
        guard let input else { return nil }
        let channels = input.rank > 1 ? input.dimensions[1] : input.dimensions.last ?? nil
        for index in parameters.indices {
            guard let shape = parameters[index].shape else {
                let size = trailing ? input.dimensions.last ?? nil : channels
                // Caffe's BatchNorm ends with a factor that is common to all channels.
                let isCommon = parameters[index].role == "factor"
                parameters[index].shape = isCommon ? [1] : size.map { [$0] }
                continue
            }
            guard let count = ActivationShape(shape).product(), count > 1 else { continue }
            if trailing {
                let last = ActivationShape(input.dimensions.suffix(shape.count)).product()
                if let last, last != count { throw mismatch(parameters[index], "\(last) elements") }
            } else if let channels, channels != count {
                throw mismatch(parameters[index], "\(channels) channels")
            }
        }
        return input
    }

    /// A tensor that does not fit what comes in.
    func mismatch(_ parameter: NodeParameter, _ found: String) -> NetworkError {
        let shape = (parameter.shape ?? []).map(String.init).joined(separator: ", ")
        return error("its tensor '\(parameter.name)' of shape [\(shape)] does not fit \(found)")
    }

    func error(_ reason: String) -> NetworkError {
        NetworkError(
            .shapeMismatch,
            "Layer '\(node.name)' (\(node.kind)) cannot work: \(reason).",
            node: node.name
        )
    }

    /// Gives a tensor its shape, or checks the one that is known.
    mutating func settle(_ role: String, _ expected: [Int?]) throws(NetworkError) {
        guard let index = parameters.firstIndex(where: { $0.role == role }) else { return }
        guard let shape = parameters[index].shape else {
            let known = expected.compactMap { $0 }
            guard known.count == expected.count else { return }
            parameters[index].shape = parameters[index].isTransposed ? known.reversed() : known
            return
        }
        let stored = parameters[index].isTransposed ? shape.reversed() : shape
        // Caffe's old blobs are four-dimensional: ones in front, or behind, say nothing.
        let (left, right) = (Self.significant(stored), Self.significant(expected))
        let fits =
            left.count == right.count
            && zip(left, right).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
        if !fits, expected.allSatisfy({ $0 != nil }) || left.count == right.count {
            throw mismatch(parameters[index], ActivationShape(expected).description)
        }
    }

    private static func significant(_ dimensions: [Int?]) -> [Int?] {
        dimensions.filter { $0 != 1 }
    }
}
