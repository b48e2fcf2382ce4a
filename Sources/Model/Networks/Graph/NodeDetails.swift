/// A table of words that many nodes share; each is stored once per network.
struct WordTable {
    private(set) var words: [String] = []
    private var places: [String: Int] = [:]

    mutating func place(of word: String) -> Int {
        if let place = places[word] { return place }
        places[word] = words.count
        words.append(word)
        return words.count - 1
    }
}

/// Encodes what only some questions ask of a node: attributes, shapes, parameters.
enum NodeDetails {
    static func write(
        _ node: NetworkNode,
        _ words: inout WordTable,
        to writer: inout NetworkBytesWriter
    ) {
        writer.write(node.attributes.count)
        for (key, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
            writer.write(words.place(of: key))
            write(value, &words, to: &writer)
        }
        writer.write(node.outputShapes.count)
        for shape in node.outputShapes { write(shape?.dimensions, to: &writer) }
        writer.write(node.parameters.count)
        for parameter in node.parameters {
            // Most tensors are named after their layer: the shared word is then `.weight`.
            let isNamedAfterNode = parameter.name.hasPrefix(node.name)
            let name =
                isNamedAfterNode
                ? String(parameter.name.dropFirst(node.name.count)) : parameter.name
            let flags =
                (parameter.isTransposed ? 1 : 0) + (isNamedAfterNode ? 2 : 0)
                + (parameter.isStored ? 4 : 0)
            writer.write(flags)
            writer.write(words.place(of: parameter.role))
            writer.write(words.place(of: name))
            write(parameter.shape, to: &writer)
        }
        writer.write(node.initialiser == nil ? 0 : 1)
        if let initialiser = node.initialiser {
            writer.write(words.place(of: initialiser.name))
            writer.write(fixed: initialiser.seed)
        }
    }

    private static func write(
        _ value: AttributeValue,
        _ words: inout WordTable,
        to writer: inout NetworkBytesWriter
    ) {
        switch value {
        case .integer(let number):
            writer.write(0)
            writer.writeSigned(number)
        case .number(let number):
            writer.write(1)
            writer.write(fixed: number.bitPattern)
        case .text(let text):
            writer.write(2)
            writer.write(words.place(of: text))
        case .boolean(let flag): writer.write(flag ? 4 : 3)
        case .list(let values):
            writer.write(5)
            writer.write(values.count)
            for value in values { write(value, &words, to: &writer) }
        }
    }

    /// 0 for nothing, else one more than the rank and, per dimension, 0 or one more than it.
    private static func write(_ dimensions: [Int?]?, to writer: inout NetworkBytesWriter) {
        writer.write(dimensions.map { $0.count + 1 } ?? 0)
        for dimension in dimensions ?? [] { writer.write(dimension.map { $0 + 1 } ?? 0) }
    }

    static func attributes(
        _ words: [String],
        from reader: inout NetworkBytesReader
    ) throws(NetworkError) -> [String: AttributeValue] {
        var attributes: [String: AttributeValue] = [:]
        for _ in 0..<(try reader.count()) {
            let key = try word(words, from: &reader)
            attributes[key] = try value(words, from: &reader, depth: 0)
        }
        return attributes
    }

    /// Fills a node from what follows its attributes.
    static func read(
        into node: inout NetworkNode,
        _ words: [String],
        from reader: inout NetworkBytesReader
    ) throws(NetworkError) {
        node.attributes = try attributes(words, from: &reader)
        var shapes: [ActivationShape?] = []
        for _ in 0..<(try reader.count()) {
            shapes.append(try dimensions(from: &reader).map { ActivationShape($0) })
        }
        node.outputShapes = shapes.isEmpty ? [nil] : shapes
        for _ in 0..<(try reader.count()) {
            let flags = try reader.number()
            let role = try word(words, from: &reader)
            let name = try word(words, from: &reader)
            node.parameters.append(
                NodeParameter(
                    role: role,
                    name: flags & 2 == 0 ? name : node.name + name,
                    shape: try dimensions(from: &reader)?.compactMap { $0 },
                    isTransposed: flags & 1 != 0,
                    isStored: flags & 4 != 0
                )
            )
        }
        guard try reader.number() == 1 else { return }
        node.initialiser = NodeInitialiser(
            name: try word(words, from: &reader),
            seed: try reader.fixed()
        )
    }

    private static func word(
        _ words: [String],
        from reader: inout NetworkBytesReader
    ) throws(NetworkError) -> String {
        let place = try reader.number()
        guard words.indices.contains(place) else { throw NetworkBytesReader.broken }
        return words[place]
    }

    private static func value(
        _ words: [String],
        from reader: inout NetworkBytesReader,
        depth: Int
    ) throws(NetworkError) -> AttributeValue {
        switch try reader.number() {
        case 0: return .integer(try reader.signed())
        case 1: return .number(Double(bitPattern: try reader.fixed()))
        case 2: return .text(try word(words, from: &reader))
        case 3: return .boolean(false)
        case 4: return .boolean(true)
        case 5 where depth < 16:
            var values: [AttributeValue] = []
            for _ in 0..<(try reader.count()) {
                values.append(try value(words, from: &reader, depth: depth + 1))
            }
            return .list(values)
        default: throw NetworkBytesReader.broken
        }
    }

    private static func dimensions(
        from reader: inout NetworkBytesReader
    ) throws(NetworkError) -> [Int?]? {
        let count = try reader.count()
        guard count > 0 else { return nil }
        var dimensions: [Int?] = []
        for _ in 1..<count {
            let dimension = try reader.number()
            guard dimension >= 0 else { throw NetworkBytesReader.broken }
            dimensions.append(dimension == 0 ? nil : dimension - 1)
        }
        return dimensions
    }
}
