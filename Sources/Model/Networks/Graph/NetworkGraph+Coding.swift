extension NetworkGraph {
    /// The format of encoded networks.
    private static let formatVersion: UInt8 = 1

    /// Lays a network out for questions.
    public init(_ network: Network) {
        var parts = Parts()
        parts.name = network.name
        parts.source = network.source
        parts.outputs = network.outputs.map { Int32($0) }
        var words = WordTable()
        for node in network.nodes { parts.kinds.append(Int32(words.place(of: node.kind.name))) }
        var details = NetworkBytesWriter()
        for node in network.nodes {
            parts.nameBytes.append(contentsOf: node.name.utf8)
            parts.nameStarts.append(Int32(parts.nameBytes.count))
            parts.inPlace.append(node.isInPlace)
            for input in node.inputs {
                parts.inputNodes.append(Int32(input.node))
                parts.inputOutputs.append(Int32(input.output))
            }
            parts.inputStarts.append(Int32(parts.inputNodes.count))
            NodeDetails.write(node, &words, to: &details)
            parts.detailStarts.append(Int32(details.bytes.count))
        }
        parts.words = words.words
        parts.details = details.bytes
        self.init(parts)
    }

    /// The network as bytes for the catalog; equal networks give equal bytes.
    ///
    ///     version 1 | name | source | words | nodes: kind, in place, length of name | names
    ///     | per node: inputs (distance back, output) | outputs | lengths of details | details
    ///
    /// Numbers are LEB128.
    public func encoded() -> [UInt8] {
        var writer = NetworkBytesWriter()
        writer.write(raw: [Self.formatVersion])
        writer.write(name)
        writer.write(source.rawValue)
        writer.write(words.count)
        for word in words { writer.write(word) }
        writer.write(nodeCount)
        for node in 0..<nodeCount {
            writer.write(Int(kinds[node]) << 1 | (inPlace[node] ? 1 : 0))
            writer.write(nameRange(of: node).count)
        }
        writer.write(raw: nameBytes)
        for node in 0..<nodeCount {
            let edges = Int(inputStarts[node])..<Int(inputStarts[node + 1])
            writer.write(edges.count)
            for edge in edges {
                // Most inputs are the layer before and its first output: one byte then.
                let distance = node - Int(inputNodes[edge])
                writer.write(distance << 1 | (inputOutputs[edge] == 0 ? 0 : 1))
                if inputOutputs[edge] != 0 { writer.write(Int(inputOutputs[edge])) }
            }
        }
        writer.write(outputs.count)
        for output in outputs { writer.write(Int(output)) }
        for node in 0..<nodeCount {
            writer.write(Int(detailStarts[node + 1] - detailStarts[node]))
        }
        writer.write(raw: details)
        return writer.bytes
    }

    /// Loads an encoded network.
    ///
    /// - Throws: ``NetworkError`` if the bytes are damaged, or of a newer release.
    public init(decoding bytes: [UInt8]) throws(NetworkError) {
        guard bytes.count < Int(Int32.max) else { throw NetworkBytesReader.broken }
        var reader = NetworkBytesReader(bytes)
        let version = try reader.byte()
        guard version == Self.formatVersion else {
            throw NetworkError(
                .badInput,
                "A stored network has format \(version); this release reads format "
                    + "\(Self.formatVersion)."
            )
        }
        var parts = Parts()
        parts.name = try reader.text()
        guard let source = NetworkSource(rawValue: try reader.text()) else {
            throw NetworkBytesReader.broken
        }
        parts.source = source
        for _ in 0..<(try reader.count()) { parts.words.append(try reader.text()) }
        try Self.readNodes(into: &parts, from: &reader)
        let count = parts.kinds.count
        for _ in 0..<(try reader.count()) {
            let output = try reader.number()
            guard (0..<count).contains(output) else { throw NetworkBytesReader.broken }
            parts.outputs.append(Int32(output))
        }
        var end = 0
        for _ in 0..<count {
            end += try Self.bounded(reader.number(), by: bytes.count)
            parts.detailStarts.append(Int32(try Self.bounded(end, by: bytes.count)))
        }
        parts.details = Array(try reader.raw(end))
        self.init(parts)
    }

    private static func readNodes(
        into parts: inout Parts,
        from reader: inout NetworkBytesReader
    ) throws(NetworkError) {
        let count = try reader.count()
        parts.kinds.reserveCapacity(count)
        parts.inPlace.reserveCapacity(count)
        parts.nameStarts.reserveCapacity(count + 1)
        parts.inputStarts.reserveCapacity(count + 1)
        parts.inputNodes.reserveCapacity(count * 2)
        parts.inputOutputs.reserveCapacity(count * 2)
        parts.detailStarts.reserveCapacity(count + 1)
        var end = 0
        for _ in 0..<count {
            let kind = try reader.number()
            guard parts.words.indices.contains(kind >> 1), kind >> 1 <= Int(Int32.max) else {
                throw NetworkBytesReader.broken
            }
            parts.kinds.append(Int32(kind >> 1))
            parts.inPlace.append(kind & 1 == 1)
            end = try bounded(
                end + bounded(reader.number(), by: Int(Int32.max)),
                by: Int(Int32.max)
            )
            parts.nameStarts.append(Int32(end))
        }
        parts.nameBytes = Array(try reader.raw(end))
        for node in 0..<count {
            for _ in 0..<(try reader.count()) {
                let edge = try reader.number()
                guard edge >= 0, edge >> 1 >= 1, edge >> 1 <= node else {
                    throw NetworkBytesReader.broken
                }
                parts.inputNodes.append(Int32(node - (edge >> 1)))
                let output = edge & 1 == 0 ? 0 : try bounded(reader.number(), by: Int(Int32.max))
                parts.inputOutputs.append(Int32(output))
            }
            parts.inputStarts.append(Int32(parts.inputNodes.count))
        }
    }

    private static func bounded(_ value: Int, by limit: Int) throws(NetworkError) -> Int {
        guard value >= 0, value <= limit else { throw NetworkBytesReader.broken }
        return value
    }

    /// The attributes of a node.
    ///
    /// - Throws: ``NetworkError`` if the stored network is damaged.
    public func attributes(of node: Int) throws(NetworkError) -> [String: AttributeValue] {
        var reader = detailsReader(of: node)
        return try NodeDetails.attributes(words, from: &reader)
    }

    private func detailsReader(of node: Int) -> NetworkBytesReader {
        NetworkBytesReader(
            details,
            in: Int(detailStarts[node])..<Int(detailStarts[node + 1])
        )
    }

    /// A node with all that is known of it.
    ///
    /// - Throws: ``NetworkError`` if the stored network is damaged.
    public func node(_ index: Int) throws(NetworkError) -> NetworkNode {
        var node = NetworkNode(name: name(of: index), kind: kind(of: index))
        node.isInPlace = inPlace[index]
        for edge in Int(inputStarts[index])..<Int(inputStarts[index + 1]) {
            node.inputs.append(
                NetworkInput(Int(inputNodes[edge]), output: Int(inputOutputs[edge]))
            )
        }
        var reader = detailsReader(of: index)
        try NodeDetails.read(into: &node, words, from: &reader)
        return node
    }
}

extension Network {
    /// The network laid out for questions.
    public var graph: NetworkGraph { NetworkGraph(self) }

    /// The whole of a network that is laid out for questions.
    ///
    /// - Throws: ``NetworkError`` if the stored network is damaged.
    public init(_ graph: NetworkGraph) throws(NetworkError) {
        var nodes: [NetworkNode] = []
        nodes.reserveCapacity(graph.nodeCount)
        for index in 0..<graph.nodeCount { nodes.append(try graph.node(index)) }
        try self.init(
            name: graph.name,
            source: graph.source,
            nodes: nodes,
            outputs: graph.outputs.map { Int($0) }
        )
    }
}
