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
        var reader = ProtobufReader(source)
        var model: ONNXModel?
        while let field = try reader.next() {
            guard field.number == 7, let range = field.range else { continue }
            var graph = ONNXModel()
            try graph.readGraph(source, range)
            model = graph
        }
        return model
    }

    private mutating func readGraph(_ source: any ByteSource, _ range: Range<Int>) throws {
        var reader = ProtobufReader(source, in: range)
        while let field = try reader.next() {
            guard let range = field.range else { continue }
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

/// A small message, loaded as a whole.
struct ONNXFields {
    private let bytes: MemoryBytes
    private var fields: [ProtobufField] = []

    /// More than a node or a description of a value has.
    private static let byteCountMax = 64 << 20

    init(_ source: any ByteSource, _ range: Range<Int>) throws {
        guard range.count <= Self.byteCountMax else {
            throw ProtobufReader.broken("a node is larger than any")
        }
        bytes = MemoryBytes(try source.bytes(in: range))
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() { fields.append(field) }
    }

    func texts(_ number: Int) throws -> [String] {
        fields.filter { $0.number == number }.compactMap { field in
            field.range.map { String(decoding: bytes.bytes[$0], as: UTF8.self) }
        }
    }

    func raw(_ number: Int) -> [UInt8] {
        fields.last { $0.number == number }?.range.map { Array(bytes.bytes[$0]) } ?? []
    }

    func messages(_ number: Int) throws -> [ONNXFields] {
        try fields.filter { $0.number == number }.compactMap { field in
            try field.range.map { try ONNXFields(bytes, $0) }
        }
    }

    /// Integers, packed or one by one.
    func integers(_ number: Int) throws -> [Int] {
        fields.filter { $0.number == number }.flatMap { field in
            field.range.map { Self.integers(in: bytes.bytes[$0]) }
                ?? [Int(bitPattern: UInt(field.bits))]
        }
    }

    /// The integers of a packed list.
    static func integers(in bytes: some Sequence<UInt8>) -> [Int] {
        var values: [Int] = []
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes {
            value |= shift < 64 ? UInt64(byte & 0x7F) << shift : 0
            shift += 7
            if byte < 0x80 {
                values.append(Int(bitPattern: UInt(value)))
                (value, shift) = (0, 0)
            }
        }
        return values
    }

    /// Single-precision numbers, packed or one by one.
    func numbers(_ number: Int) -> [Double] {
        fields.filter { $0.number == number }.flatMap { field -> [Double] in
            guard let range = field.range else {
                return [Double(Float(bitPattern: UInt32(truncatingIfNeeded: field.bits)))]
            }
            return stride(from: range.lowerBound, to: range.upperBound - 3, by: 4).map { start in
                let bits = (0..<4).reduce(UInt32(0)) { bits, index in
                    bits | UInt32(bytes.bytes[start + index]) << UInt32(index * 8)
                }
                return Double(Float(bitPattern: bits))
            }
        }
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
        var reader = ProtobufReader(source, in: range)
        while let field = try reader.next() {
            switch (field.number, field.range) {
            case (1, nil): dimensions.append(Int(bitPattern: UInt(field.bits)))
            case (1, let range?):
                // A packed list reads like the only field of a message.
                let bytes = try source.bytes(
                    in: range.lowerBound..<min(range.upperBound, range.lowerBound + 100)
                )
                let message = MemoryBytes([0x0A, UInt8(bytes.count)] + bytes)
                dimensions += try ONNXFields(message, 0..<message.byteCount).integers(1)
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
