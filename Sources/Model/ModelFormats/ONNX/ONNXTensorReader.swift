import Tensors

/// Reads a `TensorProto` (onnx.proto3 of ONNX): where its elements lie, or what they are.
///
///     dims 1 · data_type 2 · float_data 4 · int32_data 5 · string_data 6 · int64_data 7 · name 8
///     raw_data 9 · double_data 10 · uint64_data 11 · external_data 13 · data_location 14
struct ONNXTensorReader {
    /// Where the elements of a tensor are.
    enum Elements {
        case mapped(MappedTensor)
        case external(ExternalTensor)
        /// Strings, or numbers that are too many to decode; the reason is for users.
        case left(reason: String?)
    }

    /// Tensors have a handful of dimensions.
    private static let dimensionCountMax = 1000

    private var dimensions: [Int] = []
    private var typeCode: UInt64 = 0
    private var name = ""
    /// `raw_data`, or packed floats, which are the same bytes.
    private var raw: [Range<Int>] = []
    private var decoded = DecodedNumbers()
    private var hasStrings = false
    private var location: [String: String] = [:]
    private var isExternal = false

    /// Reads a tensor.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - named: Makes the tensor's name of the one that the message gives.
    static func read(
        _ message: ProtobufMessage,
        named: (String) -> String
    ) throws -> Elements {
        var reader = ONNXTensorReader()
        // The type says how wide the numbers are, and may come behind them.
        try message.forEachField { field in
            if field.number == 2, case .varint(let code) = field.value { reader.typeCode = code }
        }
        try message.forEachField { try reader.take($0, of: message) }
        return try reader.elements(name: named(reader.name))
    }

    private mutating func take(
        _ field: ProtobufMessage.Field,
        of message: ProtobufMessage
    ) throws {
        switch (field.number, field.value) {
        case (1, .varint(let number)): try addDimensions([number])
        case (1, .bytes(let range)):
            try addDimensions(message.varints(range, countMax: Self.dimensionCountMax))
        case (8, .bytes(let range)): name = try message.text(range)
        // The last one counts, as for every field that is not repeated.
        case (9, .bytes(let range)): raw = [range]
        case (4, .bytes(let range)), (10, .bytes(let range)): raw.append(range)
        case (4, .fixed32(let range)), (10, .fixed64(let range)):
            decoded.append(try message.bytes(range))
        case (5, .varint(let number)), (7, .varint(let number)), (11, .varint(let number)):
            append([number])
        case (5, .bytes(let range)), (7, .bytes(let range)), (11, .bytes(let range)):
            // A number takes at most ten bytes, so this bounds the memory too.
            append(try message.varints(range, countMax: DecodedNumbers.byteCountMax))
        case (6, _): hasStrings = true
        case (13, .bytes(let range)): try addLocation(message.message(range))
        case (14, .varint(let number)): isExternal = number == 1
        default: break
        }
    }

    private mutating func addDimensions(_ numbers: [UInt64]) throws {
        for number in numbers {
            guard let dimension = Int(exactly: number), dimensions.count < Self.dimensionCountMax else {
                throw ModelFormatError("A tensor has an impossible shape.")
            }
            dimensions.append(dimension)
        }
    }

    private mutating func append(_ numbers: [UInt64]) {
        decoded.append(numbers, width: ONNXType.dtype(typeCode)?.block.byteCount ?? 1)
    }

    /// Key and value of `external_data`.
    private mutating func addLocation(_ entry: ProtobufMessage) throws {
        var (key, value) = ("", "")
        try entry.forEachField { field in
            guard case .bytes(let range) = field.value, range.count < 1 << 16 else { return }
            if field.number == 1 { key = try entry.text(range) }
            if field.number == 2 { value = try entry.text(range) }
        }
        location[key] = value
    }

    // MARK: - The answer

    private func elements(name: String) throws -> Elements {
        if hasStrings || typeCode == 8 { return .left(reason: nil) }
        let dtype = ONNXType.dtype(typeCode) ?? .opaque
        var description = TensorDescription(name: name, dtype: dtype, shape: dimensions)
        if isExternal { return try external(description) }
        if raw.isEmpty {
            guard !decoded.isTooLong else {
                return .left(reason: "the numbers of '\(name)' are packed too densely to be mapped.")
            }
            guard dtype != .opaque else { return .left(reason: nil) }
            // A tensor without a field of data is one without elements, or only declared.
            guard decoded.bytes.count == description.byteCount else {
                if decoded.bytes.isEmpty { return .left(reason: nil) }
                throw wrongSize(description, decoded.bytes.count)
            }
            return .mapped(MappedTensor(description: description, values: decoded.bytes))
        }
        guard raw.count == 1, decoded.bytes.isEmpty else {
            return .left(reason: "the numbers of '\(name)' lie in several pieces.")
        }
        if dtype == .opaque { description.shape = [raw[0].count] }
        guard description.byteCount == raw[0].count else { throw wrongSize(description, raw[0].count) }
        return .mapped(MappedTensor(description: description, byteRange: raw[0]))
    }

    private func external(_ description: TensorDescription) throws -> Elements {
        var description = description
        let offset = location["offset"].map { Int($0) ?? -1 } ?? 0
        let length = location["length"].map { Int($0) ?? -1 } ?? description.byteCount ?? -1
        if description.dtype == .opaque { description.shape = [max(0, length)] }
        guard let path = location["location"], offset >= 0, length >= 0 else {
            throw ModelFormatError("The place of the tensor '\(description.name)' is not told.")
        }
        guard description.byteCount == length else { throw wrongSize(description, length) }
        return .external(
            ExternalTensor(
                location: path,
                description: description,
                offset: offset,
                byteCount: length
            )
        )
    }

    private func wrongSize(_ tensor: TensorDescription, _ byteCount: Int) -> ModelFormatError {
        ModelFormatError(
            "The tensor '\(tensor.name)' has \(byteCount) bytes, and its shape "
                + "\(tensor.shape) needs \(tensor.byteCount.map(String.init) ?? "too many")."
        )
    }
}

/// The element types of ONNX (`TensorProto.DataType`).
enum ONNXType {
    static func dtype(_ code: UInt64) -> DType? {
        let types: [UInt64: DType] = [
            1: .f32, 2: .u8, 3: .i8, 4: .u16, 5: .i16, 6: .i32, 7: .i64, 9: .bool, 10: .f16, 11: .f64,
            12: .u32, 13: .u64, 14: .c64, 15: .c128, 16: .bf16, 17: .f8E4M3, 18: .f8E4M3FNUZ,
            19: .f8E5M2, 20: .f8E5M2FNUZ, 21: .u4, 22: .i4, 23: .f4, 24: .f8E8M0, 25: .u2, 26: .i2,
        ]
        return types[code]
    }
}
