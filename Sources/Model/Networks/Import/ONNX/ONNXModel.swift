import Tensors

/// A tensor of an ONNX model: its name and shape, and its values if they are few integers.
struct ONNXTensor {
    var name = ""
    var dimensions: [Int] = []
    var integers: [Int]?
}

/// An attribute of an ONNX node.
enum ONNXAttribute {
    case integer(Int)
    case number(Double)
    case text(String)
    case integers([Int])
    case numbers([Double])
    case tensor(ONNXTensor)
    case other
}

/// A node of an ONNX graph.
struct ONNXNode {
    var name = ""
    var type = ""
    var domain = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: ONNXAttribute] = [:]
    /// PyTorch's exporter says here which module a node belongs to.
    var metadata: [String: String] = [:]

    func integers(_ name: String) -> [Int]? {
        if case .integers(let values)? = attributes[name] { values } else { nil }
    }

    func integer(_ name: String) -> Int? {
        if case .integer(let value)? = attributes[name] { value } else { nil }
    }

    func number(_ name: String) -> Double? {
        if case .number(let value)? = attributes[name] { value } else { nil }
    }

    func text(_ name: String) -> String? {
        if case .text(let value)? = attributes[name] { value } else { nil }
    }
}

/// What an ONNX file says of its graph (onnx.proto: ModelProto 7, GraphProto, NodeProto).
struct ONNXModel {
    var name = ""
    var nodes: [ONNXNode] = []
    var initialisers: [String: ONNXTensor] = [:]
    var inputs: [String] = []
    var outputs: [String] = []
    var shapes: [String: ActivationShape] = [:]

    /// Reads the graph; the bytes of weights are skipped.
    ///
    /// - Returns: Nil if the message holds no graph.
    static func read(_ source: any ByteSource) throws -> ONNXModel? {
        var model: ONNXModel?
        try ProtobufFields.forEach(source) { field in
            guard field.number == 7, let range = field.range else { return }
            var graph = ONNXModel()
            try ProtobufFields.forEach(source, in: range) { try graph.add($0, source) }
            model = graph
        }
        return model
    }

    /// Takes in a field of the graph (GraphProto).
    private mutating func add(_ field: ProtobufField, _ source: any ByteSource) throws {
        guard let range = field.range else { return }
        switch field.number {
        case 1:
            guard nodes.count < Network.nodeCountMax else {
                throw NetworkError(.badInput, "A graph of so many nodes is too large.")
            }
            nodes.append(try ONNXNode(ONNXFields(source, range)))
        case 2 where range.count < 1 << 16:
            name = String(decoding: try source.bytes(in: range), as: UTF8.self)
        case 5:
            let tensor = try ONNXTensor(source, range)
            initialisers[tensor.name] = tensor
        case 11: inputs.append(try readValue(ONNXFields(source, range)))
        case 12: outputs.append(try readValue(ONNXFields(source, range)))
        case 13: _ = try readValue(ONNXFields(source, range))
        default: break
        }
    }

    /// Remembers the shape of a value, and returns its name (ValueInfoProto).
    private mutating func readValue(_ fields: ONNXFields) throws -> String {
        let name = try fields.texts(1).last ?? ""
        let type = try fields.messages(2).last?.messages(1).last
        guard let shape = try type?.messages(2).last else { return name }
        shapes[name] = ActivationShape(
            try shape.messages(1).map { dimension in
                try dimension.integers(1).last.flatMap { $0 > 0 ? $0 : nil }
            }
        )
        return name
    }
}

extension ONNXNode {
    init(_ fields: ONNXFields) throws {
        inputs = try fields.texts(1)
        outputs = try fields.texts(2)
        name = try fields.texts(3).last ?? ""
        type = try fields.texts(4).last ?? ""
        domain = try fields.texts(7).last ?? ""
        for attribute in try fields.messages(5) {
            guard let name = try attribute.texts(1).last else { continue }
            attributes[name] = try ONNXAttribute(attribute)
        }
        for entry in try fields.messages(9) {
            guard let key = try entry.texts(1).last else { continue }
            metadata[key] = try entry.texts(2).last ?? ""
        }
    }
}

extension ONNXAttribute {
    /// AttributeProto: f 2, i 3, s 4, t 5, floats 7, ints 8, type 20.
    init(_ fields: ONNXFields) throws {
        let type = try fields.integers(20).last
        if let tensor = try fields.messages(5).last {
            self = .tensor(try ONNXTensor(tensor))
        } else if let text = try fields.texts(4).last {
            self = .text(text)
        } else if type == 7 {
            self = .integers(try fields.integers(8))
        } else if type == 6 {
            self = .numbers(fields.numbers(7))
        } else if let number = fields.numbers(2).last, type == 1 || type == nil {
            self = .number(number)
        } else if let integer = try fields.integers(3).last {
            self = .integer(integer)
        } else {
            let integers = try fields.integers(8)
            self = integers.isEmpty ? .other : .integers(integers)
        }
    }
}

extension ONNXTensor {
    /// More values than the shape of a reshape has.
    private static let byteCountMax = 512

    /// Reads a tensor, but not the bytes of weights.
    ///
    /// TensorProto: dims 1, data_type 2, int64_data 7, name 8, raw_data 9.
    init(_ source: any ByteSource, _ range: Range<Int>) throws {
        guard range.count > Self.byteCountMax else {
            try self.init(ONNXFields(source, range))
            return
        }
        self.init()
        try ProtobufFields.forEach(source, in: range) { field in
            switch (field.number, field.range) {
            case (1, nil): dimensions.append(Int(bitPattern: UInt(field.bits)))
            case (1, let range?) where range.count < 1 << 10:
                dimensions += ONNXFields.integers(in: try source.bytes(in: range))
            case (8, let range?) where range.count < 1 << 16:
                name = String(decoding: try source.bytes(in: range), as: UTF8.self)
            default: break
            }
        }
    }

    init(_ fields: ONNXFields) throws {
        name = try fields.texts(8).last ?? ""
        dimensions = try fields.integers(1)
        integers = try Self.integers(fields, raw: fields.raw(9))
    }

    private static func integers(_ fields: ONNXFields, raw: [UInt8]) throws -> [Int]? {
        switch try fields.integers(2).last {
        case 7 where !raw.isEmpty && raw.count % 8 == 0:
            return stride(from: 0, to: raw.count, by: 8).map { start in
                Int(
                    truncatingIfNeeded: (0..<8).reduce(UInt64(0)) { bits, index in
                        bits | UInt64(raw[start + index]) << UInt64(index * 8)
                    }
                )
            }
        case 7: return try fields.integers(7)
        default: return nil
        }
    }
}
