import ModelFormats

/// `network.json`: a network as text, to read, to write by hand, and to exchange.
///
///     {
///       "format": "dlv-network",              required
///       "version": 1,                         required
///       "name": "LeNet",
///       "source": "caffe",                    where it was found; of a written one "network.json"
///       "parameters": 431080,                 written for readers, ignored when read
///       "outputs": ["prob"],                  missing: the layers that feed nothing
///       "layers": [
///         {"name": "data", "operator": "INPUT", "shape": [64, 1, 28, 28]},
///         {"name": "conv1", "operator": "CONV", "inputs": ["data"],
///          "attributes": {"channels": 20, "kernel": [5, 5]},
///          "shape": [64, 20, 24, 24],
///          "parameters": [{"role": "weight", "tensor": "conv1.weight",
///                          "shape": [20, 1, 5, 5], "stored": true}]}, …
///       ]
///     }
///
/// A layer needs a name and an operator. Operators and attributes are those of
/// ``OperatorSignature``; others are kept. `inputs` name layers, in any order of the file; of a layer
/// with several outputs (`"shapes": [[…], […]]`) one is meant by
/// `{"layer": "data", "output": 1}`. A dimension or shape that is not known is `"?"`, or left out;
/// shapes are inferred when a network is read. Of a parameter, `transposed` says that the tensor is
/// stored as the transpose of what its role is, `stored` that the weight files hold it. New layers
/// carry `"initialiser": {"name": "xavier", "seed": 42}`; layers that overwrite their input
/// `"in_place": true`. Other members are ignored.
public enum NetworkJSON {
    /// What the member `format` must be.
    public static let format = "dlv-network"

    /// The text of a network: one line a layer.
    public static func text(of network: Network) -> String {
        var head: [JSONValue.Member] = [
            .init("format", .text(format)),
            .init("version", .integer(1)),
            .init("name", .text(network.name)),
            .init("source", .text(network.source.rawValue)),
        ]
        if let count = network.parameterCount { head.append(.init("parameters", .integer(count))) }
        let outputs = network.outputs.map { JSONValue.text(network.nodes[$0].name) }
        head.append(.init("outputs", .list(outputs)))
        let lines = head.map { "  \(JSONString.quoted($0.name)): \($0.value.rendered),\n" }
        let layers = network.nodes.map { "    " + layer($0, in: network).rendered }
        return "{\n" + lines.joined() + "  \"layers\": [\n" + layers.joined(separator: ",\n")
            + "\n  ]\n}\n"
    }

    private static func layer(_ node: NetworkNode, in network: Network) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .text(node.name)), .init("operator", .text(node.kind.name)),
        ]
        if !node.inputs.isEmpty {
            let inputs = node.inputs.map { input -> JSONValue in
                let name = JSONValue.text(network.nodes[input.node].name)
                guard input.output > 0 else { return name }
                return .object([.init("layer", name), .init("output", .integer(input.output))])
            }
            members.append(.init("inputs", .list(inputs)))
        }
        if !node.attributes.isEmpty {
            members.append(.init("attributes", .object(attributes(node))))
        }
        if node.outputShapes.count > 1 {
            members.append(.init("shapes", .list(node.outputShapes.map(shape))))
        } else {
            members.append(.init("shape", shape(node.outputShape)))
        }
        if !node.parameters.isEmpty {
            members.append(.init("parameters", .list(node.parameters.map(parameter))))
        }
        if node.isInPlace { members.append(.init("in_place", .boolean(true))) }
        if let initialiser = node.initialiser {
            let value = JSONValue.object([
                .init("name", .text(initialiser.name)),
                .init("seed", .integer(Int(bitPattern: UInt(initialiser.seed)))),
            ])
            members.append(.init("initialiser", value))
        }
        return .object(members)
    }

    /// The attributes in the order of the operator's template, others behind by name.
    private static func attributes(_ node: NetworkNode) -> [JSONValue.Member] {
        let known = node.kind.signature?.parameters.map(\.name) ?? []
        let others = node.attributes.keys.filter { !known.contains($0) }.sorted()
        return (known + others).compactMap { name in
            node.attributes[name].map { .init(name, value($0)) }
        }
    }

    private static func value(_ attribute: AttributeValue) -> JSONValue {
        switch attribute {
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .boolean(let value): .boolean(value)
        case .list(let values): .list(values.map(value))
        }
    }

    private static func shape(_ shape: ActivationShape?) -> JSONValue {
        guard let shape else { return .text("?") }
        return .list(shape.dimensions.map { $0.map { .integer($0) } ?? .text("?") })
    }

    private static func parameter(_ parameter: NodeParameter) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("role", .text(parameter.role)), .init("tensor", .text(parameter.name)),
            .init("shape", shape(parameter.shape.map { ActivationShape($0) })),
        ]
        if parameter.isTransposed { members.append(.init("transposed", .boolean(true))) }
        members.append(.init("stored", .boolean(parameter.isStored)))
        return .object(members)
    }
}
