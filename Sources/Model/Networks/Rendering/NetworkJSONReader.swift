extension NetworkJSON {
    /// Whether a text claims to be a network.
    public static func isNetwork(_ bytes: [UInt8]) -> Bool {
        (try? JSONParser.parse(bytes))?["format"]?.text == format
    }

    /// Reads a network.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``NetworkError`` that says where and what is wrong.
    public static func read(_ bytes: [UInt8]) throws(NetworkError) -> Network {
        let json = try JSONParser.parse(bytes)
        guard json["format"]?.text == format else {
            throw NetworkError(.badInput, "It lacks \"format\": \"\(format)\".")
        }
        guard let version = json["version"]?.integer, version == 1 else {
            throw NetworkError(
                .badInput,
                "Its format has version \(json["version"]?.rendered ?? "?"); this release reads 1."
            )
        }
        guard let layers = json["layers"]?.list else {
            throw NetworkError(.badInput, "It lacks \"layers\": a list of objects.")
        }
        var places: [String: Int] = [:]
        for (index, layer) in layers.enumerated() {
            guard let name = layer["name"]?.text, layer["operator"]?.text != nil else {
                throw NetworkError(
                    .badInput,
                    "Layer \(index + 1) lacks a \"name\" or an \"operator\"."
                )
            }
            places[name] = index
        }
        var nodes: [NetworkNode] = []
        for layer in layers { nodes.append(try node(layer, places)) }
        let source = json["source"]?.text.flatMap { NetworkSource(rawValue: $0) }
        let network = try Network(
            name: json["name"]?.text ?? "",
            source: source ?? .json,
            nodes: nodes,
            outputs: try outputs(json["outputs"], places)
        )
        return network.inferringShapes().network
    }

    private static func outputs(
        _ value: JSONValue?,
        _ places: [String: Int]
    ) throws(NetworkError) -> [Int]? {
        guard let names = value?.list else { return nil }
        var outputs: [Int] = []
        for name in names {
            guard let place = name.text.flatMap({ places[$0] }) else {
                throw NetworkError(.badInput, "The output \(name.rendered) is no layer.")
            }
            outputs.append(place)
        }
        return outputs
    }

    private static func node(
        _ layer: JSONValue,
        _ places: [String: Int]
    ) throws(NetworkError) -> NetworkNode {
        var node = NetworkNode(
            name: layer["name"]?.text ?? "",
            kind: Operator(layer["operator"]?.text ?? "")
        )
        for input in layer["inputs"]?.list ?? [] {
            let name = input.text ?? input["layer"]?.text
            guard let place = name.flatMap({ places[$0] }) else {
                throw NetworkError(
                    .badInput,
                    "Layer '\(node.name)' reads \(input.rendered), which is no layer.",
                    node: node.name
                )
            }
            node.inputs.append(NetworkInput(place, output: max(0, input["output"]?.integer ?? 0)))
        }
        if case .object(let members)? = layer["attributes"] {
            for member in members {
                node.attributes[member.name] = attribute(member.value).map {
                    member.name == "mode" ? OperatorWords.canonical($0) : $0
                }
            }
        }
        if let shapes = layer["shapes"]?.list, !shapes.isEmpty {
            node.outputShapes = shapes.map(shape)
        } else {
            node.outputShapes = [shape(layer["shape"])]
        }
        node.parameters = try (layer["parameters"]?.list ?? []).map(parameter)
        if node.parameters.isEmpty { node.addDefaultParameters() }
        node.isInPlace = layer["in_place"]?.boolean ?? false
        if let name = layer["initialiser"]?["name"]?.text {
            let seed = layer["initialiser"]?["seed"]?.integer ?? 0
            node.initialiser = NodeInitialiser(name: name, seed: UInt64(bitPattern: Int64(seed)))
        }
        return node
    }

    private static func attribute(_ value: JSONValue) -> AttributeValue? {
        switch value {
        case .null, .object: return nil
        case .boolean(let flag): return .boolean(flag)
        case .integer(let number): return .integer(number)
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .list(let values): return .list(values.compactMap(attribute))
        }
    }

    private static func shape(_ value: JSONValue?) -> ActivationShape? {
        value?.list.map { ActivationShape($0.map { $0.integer.flatMap { $0 >= 0 ? $0 : nil } }) }
    }

    private static func parameter(_ value: JSONValue) throws(NetworkError) -> NodeParameter {
        guard let role = value["role"]?.text, let tensor = value["tensor"]?.text else {
            throw NetworkError(.badInput, "A parameter lacks a \"role\" or a \"tensor\".")
        }
        let dimensions = shape(value["shape"])?.dimensions
        let isKnown = dimensions?.contains(nil) == false
        return NodeParameter(
            role: role,
            name: tensor,
            shape: isKnown ? dimensions?.compactMap { $0 } : nil,
            isTransposed: value["transposed"]?.boolean ?? false,
            isStored: value["stored"]?.boolean ?? false
        )
    }
}

extension NetworkNode {
    /// Gives a layer that learns the tensors of its operator, named as PyTorch would: `conv1.weight`.
    mutating func addDefaultParameters() {
        for role in kind.signature?.tensorRoles ?? []
        where role != "bias" || attributes["bias"]?.boolean != false {
            parameters.append(NodeParameter(role: role, name: "\(name).\(role)"))
        }
    }
}
