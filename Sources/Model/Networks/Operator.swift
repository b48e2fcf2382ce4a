/// What a layer computes, by the name that node templates use: `CONV`, `POOL`, `FULL`.
///
/// Networks may hold operators that this project knows nothing of; they keep the name that the file
/// gives, in capitals.
public struct Operator: Hashable, Sendable {
    /// The name, in capitals.
    public let name: String

    /// The operator of a name in any case; the names of other frameworks (`LINEAR`, `Gemm`,
    /// `InnerProduct`) are understood too.
    public init(_ name: String) {
        let capitals = name.uppercased()
        self.name = Self.aliases[capitals] ?? capitals
    }

    private init(canonical name: String) {
        self.name = name
    }

    /// The entry of the network: data, labels, or what a slice was cut from.
    public static let input = Operator(canonical: "INPUT")
    /// A convolution.
    public static let conv = Operator(canonical: "CONV")
    /// A transposed convolution.
    public static let deconv = Operator(canonical: "DECONV")
    /// A pooling; its mode is `MAX`, `AVG` or `STOCHASTIC`.
    public static let pool = Operator(canonical: "POOL")
    /// A fully connected layer.
    public static let full = Operator(canonical: "FULL")
    /// A look-up of rows of a table.
    public static let embed = Operator(canonical: "EMBED")
    /// Scaled dot-product attention.
    public static let attention = Operator(canonical: "ATTENTION")
    /// Batch normalisation.
    public static let batchNorm = Operator(canonical: "BATCHNORM")
    /// Layer normalisation.
    public static let layerNorm = Operator(canonical: "LAYERNORM")
    /// Root-mean-square normalisation.
    public static let rmsNorm = Operator(canonical: "RMSNORM")
    /// Group or instance normalisation.
    public static let groupNorm = Operator(canonical: "GROUPNORM")
    /// Local response normalisation.
    public static let lrn = Operator(canonical: "LRN")
    /// A factor and an offset per channel.
    public static let scale = Operator(canonical: "SCALE")
    /// The rectified linear unit.
    public static let relu = Operator(canonical: "RELU")
    /// The Gaussian error linear unit.
    public static let gelu = Operator(canonical: "GELU")
    /// The logistic function.
    public static let sigmoid = Operator(canonical: "SIGMOID")
    /// The hyperbolic tangent.
    public static let tanh = Operator(canonical: "TANH")
    /// The sigmoid linear unit.
    public static let silu = Operator(canonical: "SILU")
    /// The normalised exponential.
    public static let softmax = Operator(canonical: "SOFTMAX")
    /// Random omission while training.
    public static let dropout = Operator(canonical: "DROPOUT")
    /// A sum of its inputs.
    public static let add = Operator(canonical: "ADD")
    /// A product of its inputs.
    public static let mul = Operator(canonical: "MUL")
    /// A product of matrices that are both computed.
    public static let matmul = Operator(canonical: "MATMUL")
    /// Inputs side by side along an axis.
    public static let concat = Operator(canonical: "CONCAT")
    /// One input cut into outputs along an axis.
    public static let split = Operator(canonical: "SPLIT")
    /// All dimensions from an axis on made one.
    public static let flatten = Operator(canonical: "FLATTEN")
    /// The same elements in another shape.
    public static let reshape = Operator(canonical: "RESHAPE")
    /// Dimensions in another order.
    public static let transpose = Operator(canonical: "TRANSPOSE")
    /// A long short-term memory.
    public static let lstm = Operator(canonical: "LSTM")
    /// A gated recurrent unit.
    public static let gru = Operator(canonical: "GRU")
    /// A loss to train with.
    public static let loss = Operator(canonical: "LOSS")
    /// A measure of quality.
    public static let accuracy = Operator(canonical: "ACCURACY")
    /// A layer of which only the tensors are known.
    public static let unknown = Operator(canonical: "UNKNOWN")

    /// What is known of the operator; nil for one that only its file knows.
    public var signature: OperatorSignature? { OperatorSignature.byName[name] }

    /// Whether every output element depends on one input element, so that the layer changes no
    /// shape and may overwrite its input.
    public var isElementWise: Bool { Self.elementWise.contains(name) }

    /// The operators that change single elements, which `.next` looks through.
    ///
    /// Normalisations over a channel of the whole batch count, since at inference they are a factor
    /// and an offset; those over the elements of one example do not. See
    /// ``NetworkGraph/neighbours(_:of:)``.
    static let elementWise: Set<String> = [
        "RELU", "SIGMOID", "TANH", "GELU", "SILU", "ELU", "PRELU", "LEAKYRELU", "HARDSWISH",
        "HARDSIGMOID", "SOFTPLUS", "CLIP", "DROPOUT", "BATCHNORM", "SCALE", "BIAS", "POWER", "EXP",
        "LOG", "ABS", "NEG", "SQRT", "ERF", "IDENTITY", "CAST",
    ]

    /// The names that frameworks give to operators.
    static let aliases: [String: String] = [
        "CONVOLUTION": "CONV", "CONV1D": "CONV", "CONV2D": "CONV", "CONV3D": "CONV",
        "DECONVOLUTION": "DECONV", "CONVTRANSPOSE": "DECONV", "CONVTRANSPOSE2D": "DECONV",
        "POOLING": "POOL", "INNERPRODUCT": "FULL", "INNER_PRODUCT": "FULL", "LINEAR": "FULL",
        "DENSE": "FULL", "GEMM": "FULL", "FC": "FULL", "IP": "FULL", "EMBEDDING": "EMBED",
        "BN": "BATCHNORM", "BATCHNORMALIZATION": "BATCHNORM", "BATCHNORM2D": "BATCHNORM",
        "LAYERNORMALIZATION": "LAYERNORM", "LN": "LAYERNORM", "SWISH": "SILU", "ELTWISE": "ADD",
        "SUM": "ADD", "PROD": "MUL", "SDPA": "ATTENTION", "MULTIHEADATTENTION": "ATTENTION",
    ]
}

extension Operator: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
