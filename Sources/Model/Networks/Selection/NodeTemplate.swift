/// A node template: an operator and what is demanded of its attributes, such as `POOL("MAX")`.
///
/// Behind `has`, it says which layers are meant: an argument that is missing matches anything. Behind
/// `insert =`, it says what the new layer is.
public struct NodeTemplate: Hashable, Sendable {
    /// An argument as it was written.
    public struct Argument: Hashable, Sendable {
        /// The name of a named argument.
        public var name: String?
        /// The value; texts may hold `$1`.
        public var value: AttributeValue

        /// Creates an argument.
        public init(name: String? = nil, _ value: AttributeValue) {
            self.name = name
            self.value = value
        }
    }

    /// What the layer computes.
    public let kind: Operator
    /// The name that is demanded of the layer, or given to the new one; may hold `$1`.
    public let name: String?
    /// The attributes that are demanded.
    public let attributes: [String: AttributeValue]

    /// Binds arguments to the parameters of an operator.
    ///
    /// Texts fill the textual parameters in order, the last one the name; numbers fill the numeric
    /// ones in order. So `POOL("MAX", 3, 2)`, `CONV("conv_new", 64, 3)` and `RELU("relu$1")` read as
    /// one expects.
    ///
    /// - Throws: ``NetworkError`` if there is no such operator, or an argument does not fit it.
    public init(_ kind: Operator, _ arguments: [Argument] = []) throws(NetworkError) {
        guard let signature = kind.signature else {
            let names = OperatorSignature.all.map(\.name).joined(separator: ", ")
            throw NetworkError(
                .badTemplate,
                "There is no template \(kind.name); there are \(names)."
            )
        }
        var binding = TemplateBinding(signature)
        for argument in arguments { try binding.add(argument) }
        self.kind = kind
        name = binding.name
        attributes = binding.attributes
    }

    private init(_ kind: Operator, name: String?, attributes: [String: AttributeValue]) {
        self.kind = kind
        self.name = name
        self.attributes = attributes
    }

    /// The numbers of the captures that the arguments refer to.
    public var captureReferences: Set<Int> {
        attributes.values.compactMap(\.text).reduce(
            into: name.map { CaptureText.references(in: $0) } ?? []
        ) { $0.formUnion(CaptureText.references(in: $1)) }
    }

    /// The template with what a selector captured.
    public func substituting(_ captures: [Int: String]) -> NodeTemplate {
        guard !captureReferences.isEmpty else { return self }
        return NodeTemplate(
            kind,
            name: name.map { CaptureText.substituting(captures, in: $0) },
            attributes: attributes.mapValues { value in
                value.text.map { .text(CaptureText.substituting(captures, in: $0)) } ?? value
            }
        )
    }

    /// Whether a layer is as the template demands.
    public func matches(_ node: NetworkNode) -> Bool {
        guard node.kind == kind, name == nil || name == node.name else { return false }
        return Self.satisfies(node.attributes, attributes)
    }

    fileprivate static func satisfies(
        _ attributes: [String: AttributeValue],
        _ demands: [String: AttributeValue]
    ) -> Bool {
        demands.allSatisfy { key, demand in attributes[key]?.matches(demand) ?? false }
    }
}

extension NodeTemplate: CustomStringConvertible {
    /// The template with named arguments.
    public var description: String {
        var parts = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if let name { parts.append("name=\"\(name)\"") }
        return "\(kind.name)(\(parts.joined(separator: ", ")))"
    }
}

/// Arguments on their way to parameters.
private struct TemplateBinding {
    private let signature: OperatorSignature
    var name: String?
    var attributes: [String: AttributeValue] = [:]

    init(_ signature: OperatorSignature) {
        self.signature = signature
    }

    mutating func add(_ argument: NodeTemplate.Argument) throws(NetworkError) {
        guard let parameterName = argument.name else { return try add(positional: argument.value) }
        if parameterName == "name" {
            guard let text = argument.value.text else {
                throw error("the name must be a text, not \(argument.value)")
            }
            return try setName(text)
        }
        guard let parameter = signature.parameters.first(where: { $0.name == parameterName }) else {
            throw error("it has no argument '\(parameterName)'")
        }
        try set(parameter, argument.value)
    }

    private mutating func add(positional value: AttributeValue) throws(NetworkError) {
        let free = signature.parameters.filter { attributes[$0.name] == nil }
        if let parameter = free.first(where: { Self.accepts($0.kind, value) }) {
            return try set(parameter, value)
        }
        guard let text = value.text, name == nil else {
            throw error("it has no place for the argument \(value)")
        }
        name = text
    }

    private mutating func setName(_ text: String) throws(NetworkError) {
        guard name == nil else { throw error("the name is there twice") }
        name = text
    }

    private mutating func set(
        _ parameter: OperatorSignature.Parameter,
        _ value: AttributeValue
    ) throws(NetworkError) {
        guard attributes[parameter.name] == nil else {
            throw error("'\(parameter.name)' is there twice")
        }
        guard Self.accepts(parameter.kind, value) else {
            throw error("'\(parameter.name)' cannot be \(value)")
        }
        attributes[parameter.name] = OperatorWords.canonical(value)
    }

    private static func accepts(
        _ kind: OperatorSignature.Parameter.Kind,
        _ value: AttributeValue
    ) -> Bool {
        switch kind {
        case .integer: value.integer != nil
        case .size: value.integers != nil
        case .number: value.number != nil
        case .text: value.text != nil
        case .boolean: value.boolean != nil
        }
    }

    private func error(_ reason: String) -> NetworkError {
        NetworkError(
            .badTemplate,
            "The template \(signature.name) is wrong: \(reason). It is written \(signature.usage)."
        )
    }
}

/// Words of attributes that mean the same.
enum OperatorWords {
    /// `AVE` (Caffe's enum) and `AVERAGE` are `AVG` (the paper's word).
    static func canonical(_ value: AttributeValue) -> AttributeValue {
        guard let text = value.text else { return value }
        switch text.uppercased() {
        case "AVE", "AVG", "AVERAGE": return .text("AVG")
        case "MAX": return .text("MAX")
        default: return value
        }
    }
}

extension NetworkGraph {
    /// Whether a node is as a template demands.
    ///
    /// - Throws: ``NetworkError`` if the stored network is damaged.
    public func matches(_ template: NodeTemplate, _ node: Int) throws(NetworkError) -> Bool {
        guard words[Int(kinds[node])] == template.kind.name else { return false }
        if let name = template.name,
            !nameBytes[nameRange(of: node)].elementsEqual(name.utf8)
        {
            return false
        }
        guard !template.attributes.isEmpty else { return true }
        return NodeTemplate.satisfies(try attributes(of: node), template.attributes)
    }

    /// The nodes that are as a template demands, as flags by node; nil if there are none.
    ///
    /// For conditions on many neighbours: each node is looked at once.
    ///
    /// - Throws: ``NetworkError`` if the stored network is damaged.
    public func flags(matching template: NodeTemplate) throws(NetworkError) -> [Bool]? {
        guard let word = words.firstIndex(of: template.kind.name) else { return nil }
        var flags: [Bool]?
        for node in 0..<nodeCount where Int(kinds[node]) == word {
            guard try matches(template, node) else { continue }
            if flags == nil { flags = Array(repeating: false, count: nodeCount) }
            flags?[node] = true
        }
        return flags
    }
}
