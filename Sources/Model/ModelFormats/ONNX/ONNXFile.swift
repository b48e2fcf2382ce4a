import Tensors

/// Finds the tensors of an ONNX model: initialisers, constants and sparse tensors of the graph, of its
/// subgraphs, of functions and of training graphs.
///
///     ModelProto      graph 7 · training_info 20 { initialization 1 · algorithm 2 } · functions 25
///     GraphProto      node 1 · initializer 5 · sparse_initializer 15
///     NodeProto       output 2 · name 3 · attribute 5          FunctionProto   node 7
///     AttributeProto  name 1 · t 5 · g 6 · tensors 10 · graphs 11 · sparse_tensor 22 · sparse_tensors 23
struct ONNXFile {
    /// Deeper subgraphs are no model.
    private static let depthMax = 50

    private var tensors: [MappedTensor] = []
    private var external: [ExternalTensor] = []
    private var left: [String] = []
    private var hasGraph = false

    static func map(_ source: any ByteSource) throws -> FileMapping {
        var file = ONNXFile()
        let model = ProtobufMessage(source, in: 0..<source.byteCount, subject: "The model")
        try model.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            switch field.number {
            case 7:
                file.hasGraph = true
                try file.readGraph(model.message(range), path: "", depth: 0)
            case 20: try file.readTraining(model.message(range))
            case 25: try file.readFunction(model.message(range))
            default: break
            }
        }
        guard file.hasGraph else { throw ModelFormatError("It holds no graph.") }
        let map = SpanMap(format: .onnx, byteCount: source.byteCount, tensors: file.tensors)
        guard var map else { throw ModelFormatError("Two of its tensors overlap.") }
        map.externalTensors = file.external
        map.note = file.left.first
        return .mapped(map)
    }

    private mutating func readTraining(_ message: ProtobufMessage) throws {
        try message.forEachField { field in
            guard case .bytes(let range) = field.value, field.number <= 2 else { return }
            try readGraph(message.message(range), path: "training/", depth: 1)
        }
    }

    private mutating func readFunction(_ message: ProtobufMessage) throws {
        var name = "function"
        try message.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            if field.number == 1 { name = try message.text(range) }
            if field.number == 7 {
                try readNode(message.message(range), path: name + "/", depth: 1)
            }
        }
    }

    private mutating func readGraph(
        _ message: ProtobufMessage,
        path: String,
        depth: Int
    ) throws {
        guard depth <= Self.depthMax else {
            throw ModelFormatError("Its graphs lie more than \(Self.depthMax) deep.")
        }
        try message.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            let part = message.message(range)
            switch field.number {
            case 1: try readNode(part, path: path, depth: depth)
            case 5: try add(part) { path + $0 }
            case 15: try readSparse(part) { path + $0 }
            default: break
            }
        }
    }

    private mutating func readNode(
        _ message: ProtobufMessage,
        path: String,
        depth: Int
    ) throws {
        var (name, output) = ("", "")
        var attributes: [Range<Int>] = []
        try message.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            switch field.number {
            case 2 where output.isEmpty: output = try message.text(range)
            case 3: name = try message.text(range)
            case 5: attributes.append(range)
            default: break
            }
        }
        // A constant is known by what it gives to others; names of nodes are often left out.
        let title = path + (output.isEmpty ? name : output)
        for range in attributes {
            try readAttribute(message.message(range), title: title, depth: depth)
        }
    }

    private mutating func readAttribute(
        _ message: ProtobufMessage,
        title: String,
        depth: Int
    ) throws {
        var name = ""
        var count = 0
        try message.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            let part = message.message(range)
            switch field.number {
            case 1: name = try message.text(range)
            case 5: try add(part) { _ in title }
            case 6, 11: try readGraph(part, path: "\(title)/\(name)/", depth: depth + 1)
            case 10:
                try add(part) { _ in "\(title)/\(name)/\(count)" }
                count += 1
            case 22, 23: try readSparse(part) { _ in title }
            default: break
            }
        }
    }

    /// A sparse tensor: `values 1`, which has the name, and `indices 2`.
    private mutating func readSparse(
        _ message: ProtobufMessage,
        named: (String) -> String
    ) throws {
        var values = ""
        try message.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            if field.number == 1 {
                try add(message.message(range)) { name in
                    values = named(name)
                    return values + "/values"
                }
            }
            if field.number == 2 { try add(message.message(range)) { _ in values + "/indices" } }
        }
    }

    private mutating func add(
        _ message: ProtobufMessage,
        named: (String) -> String
    ) throws {
        switch try ONNXTensorReader.read(message, named: named) {
        case .mapped(let tensor): tensors.append(tensor)
        case .external(let tensor): external.append(tensor)
        case .left(let reason): if let reason { left.append(reason) }
        }
    }
}
