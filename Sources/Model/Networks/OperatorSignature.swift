/// What a node template may say of an operator, and what the operator needs.
public struct OperatorSignature: Hashable, Sendable {
    /// An argument of a template, which is an attribute of the layer.
    public struct Parameter: Hashable, Sendable {
        /// What the argument may be.
        public enum Kind: Hashable, Sendable {
            /// A whole number.
            case integer
            /// A whole number, or one per spatial dimension.
            case size
            /// A real number.
            case number
            /// A word.
            case text
            /// A truth value.
            case boolean
        }

        /// The name, which is the attribute's name in `network.json`.
        public let name: String
        /// What it may be.
        public let kind: Kind
    }

    /// The name of the operator.
    public let name: String
    /// The arguments in the order of positional ones; every operator takes `name` besides.
    public let parameters: [Parameter]
    /// The roles of the tensors that it learns, such as `weight` and `bias`.
    public let tensorRoles: [String]

    private init(
        _ name: String,
        _ parameters: KeyValuePairs<String, Parameter.Kind> = [:],
        learns tensorRoles: [String] = []
    ) {
        self.name = name
        self.parameters = parameters.map { Parameter(name: $0.key, kind: $0.value) }
        self.tensorRoles = tensorRoles
    }

    /// How the template is written: `POOL(mode, kernel, stride, padding)`.
    public var usage: String {
        "\(name)(\((parameters.map(\.name) + ["name"]).joined(separator: ", ")))"
    }

    /// Every operator that templates know, in order of the documentation.
    public static let all: [OperatorSignature] = [
        .init("INPUT"),
        .init(
            "CONV",
            [
                "channels": .integer, "kernel": .size, "stride": .size, "padding": .size,
                "groups": .integer, "dilation": .size, "bias": .boolean,
            ],
            learns: ["weight", "bias"]
        ),
        .init(
            "DECONV",
            [
                "channels": .integer, "kernel": .size, "stride": .size, "padding": .size,
                "groups": .integer, "dilation": .size, "bias": .boolean,
            ],
            learns: ["weight", "bias"]
        ),
        .init(
            "POOL",
            [
                "mode": .text, "kernel": .size, "stride": .size, "padding": .size,
                "global": .boolean, "ceil": .boolean,
            ]
        ),
        .init("FULL", ["features": .integer, "bias": .boolean], learns: ["weight", "bias"]),
        .init("EMBED", ["count": .integer, "features": .integer], learns: ["weight"]),
        .init(
            "ATTENTION",
            [
                "heads": .integer, "features": .integer, "kv_heads": .integer, "causal": .boolean,
            ]
        ),
        .init("LSTM", ["features": .integer], learns: ["weight", "recurrent", "bias"]),
        .init("GRU", ["features": .integer], learns: ["weight", "recurrent", "bias"]),
        .init("BATCHNORM", ["epsilon": .number], learns: ["weight", "bias", "mean", "variance"]),
        .init("LAYERNORM", ["epsilon": .number], learns: ["weight", "bias"]),
        .init("RMSNORM", ["epsilon": .number], learns: ["weight"]),
        .init("GROUPNORM", ["groups": .integer, "epsilon": .number], learns: ["weight", "bias"]),
        .init(
            "LRN",
            ["size": .integer, "alpha": .number, "beta": .number, "region": .text]
        ),
        .init("SCALE", ["bias": .boolean], learns: ["weight", "bias"]),
        .init("BIAS", learns: ["bias"]),
        .init("RELU"), .init("SIGMOID"), .init("TANH"), .init("GELU"), .init("SILU"),
        .init("ELU", ["alpha": .number]), .init("PRELU", learns: ["weight"]),
        .init("LEAKYRELU", ["slope": .number]), .init("HARDSWISH"), .init("HARDSIGMOID"),
        .init("SOFTPLUS"), .init("CLIP", ["min": .number, "max": .number]),
        .init("SOFTMAX", ["axis": .integer]), .init("LOGSOFTMAX", ["axis": .integer]),
        .init("DROPOUT", ["ratio": .number]),
        .init("ADD"), .init("SUB"), .init("MUL"), .init("DIV"), .init("MAXIMUM"),
        .init("MATMUL"), .init("CONCAT", ["axis": .integer]), .init("SPLIT", ["axis": .integer]),
        .init("FLATTEN", ["axis": .integer]), .init("RESHAPE", ["shape": .size]),
        .init("TRANSPOSE", ["order": .size]), .init("MEAN", ["axis": .size]),
        .init("UPSAMPLE", ["factor": .size]), .init("PAD", ["padding": .size]),
        .init("IDENTITY"), .init("POWER", ["power": .number]), .init("EXP"), .init("LOG"),
        .init("ABS"), .init("ROIPOOL"), .init("LOSS", ["kind": .text]),
        .init("ACCURACY"), .init("UNKNOWN"),
    ]

    static let byName = Dictionary(
        all.map { ($0.name, $0) },
        uniquingKeysWith: { first, _ in first }
    )
}
