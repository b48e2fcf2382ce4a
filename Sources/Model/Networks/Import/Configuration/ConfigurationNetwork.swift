/// Reads the `config.json` of Hugging Face models, which names an architecture and its sizes; for the
/// common families that determines the graph.
///
/// Names of layers and tensors are those of the `transformers` library's state dictionaries; a prefix
/// such as `model.` or `bert.` is found when the tensors are bound.
public enum ConfigurationNetwork {
    /// Builds the network of a configuration.
    ///
    /// - Parameter bytes: The file.
    /// - Returns: Nil if it is no configuration of a family that is known.
    /// - Throws: ``NetworkError`` if one lacks what its family needs.
    public static func read(_ bytes: [UInt8]) throws(NetworkError) -> Network? {
        // Many programs call a file config.json; those that are no JSON are somebody else's.
        guard let config = try? JSONParser.parse(bytes), let type = config["model_type"]?.text
        else {
            return nil
        }
        var builder = ConfigurationBuilder(config)
        switch type {
        case "bert", "roberta", "xlm-roberta", "camembert", "electra":
            try BertFamily.build(&builder)
        case "gpt2": try GPT2Family.build(&builder)
        case "llama", "mistral", "qwen2", "qwen3": try LlamaFamily.build(&builder)
        case "vit", "deit": try VisionTransformerFamily.build(&builder)
        case "resnet": try ResNetFamily.build(&builder)
        case "t5", "mt5": try T5Family.build(&builder)
        default: return nil
        }
        let name = config["_name_or_path"]?.text ?? type
        let network = try Network(name: name, source: .configuration, nodes: builder.nodes)
        return network.inferringShapes().network
    }

    /// The families that are known, by their `model_type`.
    public static let modelTypes = [
        "bert", "roberta", "xlm-roberta", "camembert", "electra", "gpt2", "llama", "mistral",
        "qwen2", "qwen3", "vit", "deit", "resnet", "t5", "mt5",
    ]
}

/// Builds a network layer by layer from a configuration.
struct ConfigurationBuilder {
    let config: JSONValue
    private(set) var nodes: [NetworkNode] = []

    /// Larger than any dimension; the product of two is still a number.
    private static let sizeMax = 1 << 24

    init(_ config: JSONValue) {
        self.config = config
    }

    /// A size that the family needs, under one of its names.
    func size(_ names: String...) throws(NetworkError) -> Int {
        for name in names {
            guard let value = config[name]?.integer else { continue }
            guard value > 0, value < Self.sizeMax else {
                throw NetworkError(.badInput, "'\(name)' is \(value), which is no size.")
            }
            return value
        }
        throw NetworkError(.badInput, "The configuration lacks '\(names[0])'.")
    }

    /// A size that the family has a rule for where it is not given.
    func optionalSize(_ name: String) throws(NetworkError) -> Int? {
        guard config[name]?.integer != nil else { return nil }
        return try size(name)
    }

    /// The number of blocks, which is bounded so that a damaged file builds no endless network.
    func blockCount(_ names: String...) throws(NetworkError) -> Int {
        for name in names {
            guard let value = config[name]?.integer else { continue }
            guard (1...1_000).contains(value) else {
                throw NetworkError(.badInput, "'\(name)' is \(value); 1 to 1000 can be shown.")
            }
            return value
        }
        throw NetworkError(.badInput, "The configuration lacks '\(names[0])'.")
    }

    /// Whether the architecture is named so: `BertForSequenceClassification`.
    func isArchitecture(_ suffix: String) -> Bool {
        config["architectures"]?.list?.contains { $0.text?.hasSuffix(suffix) == true } ?? false
    }

    /// The classes of a head for classification; `transformers` takes two where nothing is said.
    var labelCount: Int {
        if case .object(let labels)? = config["id2label"] { return max(1, labels.count) }
        return min(max(1, config["num_labels"]?.integer ?? 2), Self.sizeMax)
    }

    /// The activation by the name that configurations give it.
    func activation(_ name: String, default value: String = "gelu") -> Operator {
        let text = config[name]?.text ?? value
        switch text {
        case let text where text.hasPrefix("gelu"): return .gelu
        case "silu", "swish": return .silu
        default: return Operator(text)
        }
    }

    /// Adds a layer.
    ///
    /// - Returns: Its place, for the inputs of others.
    @discardableResult
    mutating func add(
        _ name: String,
        _ kind: Operator,
        _ attributes: [String: AttributeValue] = [:],
        from inputs: [Int],
        shape: ActivationShape? = nil,
        tensors: [String] = []
    ) -> Int {
        nodes.append(
            NetworkNode(
                name: name,
                kind: kind,
                attributes: attributes,
                inputs: inputs.map { NetworkInput($0) },
                outputShapes: [shape],
                parameters: tensors.map { NodeParameter(role: $0, name: "\(name).\($0)") }
            )
        )
        return nodes.count - 1
    }

    /// Adds a fully connected layer.
    mutating func full(
        _ name: String,
        _ features: Int,
        from input: Int,
        bias: Bool = true,
        tied: String? = nil
    ) -> Int {
        let place = add(
            name,
            .full,
            ["features": .integer(features), "bias": .boolean(bias)],
            from: [input],
            tensors: bias ? ["weight", "bias"] : ["weight"]
        )
        if let tied { tie(place, to: tied) }
        return place
    }

    /// Adds a table of embeddings.
    mutating func embed(_ name: String, _ count: Int, _ features: Int, from input: Int) -> Int {
        add(
            name,
            .embed,
            ["count": .integer(count), "features": .integer(features)],
            from: [input],
            tensors: ["weight"]
        )
    }

    /// Adds a normalisation.
    mutating func norm(_ name: String, _ kind: Operator, _ epsilon: String, from input: Int) -> Int
    {
        var attributes: [String: AttributeValue] = [:]
        attributes["epsilon"] = config[epsilon]?.number.map { .number($0) }
        let tensors = kind == .rmsNorm ? ["weight"] : ["weight", "bias"]
        return add(name, kind, attributes, from: [input], tensors: tensors)
    }

    /// Gives a layer other tensors.
    mutating func setParameters(_ parameters: [NodeParameter], of node: Int) {
        nodes[node].parameters = parameters
    }

    /// Lets a layer read a tensor that is another layer's, too.
    mutating func tie(_ node: Int, to tensor: String) {
        nodes[node].parameters[0].name = tensor
    }

    /// Marks a weight as stored transposed, as GPT-2's `Conv1D` has it.
    mutating func transposeWeight(of node: Int) {
        nodes[node].parameters[0].isTransposed = true
    }

    /// Tokens that enter a model: a batch and a length of any size.
    mutating func tokens(_ name: String = "input_ids") -> Int {
        add(name, .input, from: [], shape: ActivationShape([nil, nil]))
    }
}
