import Tensors

/// A `BlobProto`: num, channels, height, width 1 to 4 · data 5 · diff 6 · shape 7 { dim 1 } ·
/// double_data 8 · double_diff 9.
struct CaffeBlob {
    /// The numbers of one field.
    struct Numbers {
        var dtype = DType.f32
        /// Runs of packed numbers: one, unless a strange writer cut them.
        var packed: [Range<Int>] = []
        /// Numbers that each have a tag of their own.
        var decoded = DecodedNumbers()

        var isEmpty: Bool { packed.isEmpty && decoded.bytes.isEmpty && !decoded.isTooLong }

        /// The tensor; nil if there are no numbers, or in several pieces.
        func elements(named name: String, shape: [Int]) throws -> MappedTensor? {
            let description = TensorDescription(name: name, dtype: dtype, shape: shape)
            let byteCount: Int
            var tensor: MappedTensor?
            if let range = packed.first, packed.count == 1, decoded.bytes.isEmpty {
                byteCount = range.count
                tensor = MappedTensor(description: description, byteRange: range)
            } else if packed.isEmpty, !decoded.bytes.isEmpty, !decoded.isTooLong {
                byteCount = decoded.bytes.count
                tensor = MappedTensor(description: description, values: decoded.bytes)
            } else {
                return nil
            }
            guard description.byteCount == byteCount else {
                throw ModelFormatError(
                    "The blob '\(name)' has \(byteCount) bytes, and its shape \(shape) needs "
                        + "\(description.byteCount.map(String.init) ?? "too many")."
                )
            }
            return tensor
        }
    }

    private(set) var shape: [Int] = []
    private(set) var data = Numbers()
    private(set) var difference = Numbers()

    init(_ message: ProtobufMessage) throws {
        var legacy: [Int: Int] = [:]
        var numbers: [Int: Numbers] = [:]
        var isShaped = false
        var dimensions: [Int] = []
        try message.forEachField { field in
            switch (field.number, field.value) {
            case (1...4, .varint(let number)):
                legacy[field.number] = try Self.dimension(number)
            case (5, .bytes(let range)), (6, .bytes(let range)), (8, .bytes(let range)),
                (9, .bytes(let range)):
                numbers[field.number, default: Numbers()].packed.append(range)
            case (5, .fixed32(let range)), (6, .fixed32(let range)), (8, .fixed64(let range)),
                (9, .fixed64(let range)):
                numbers[field.number, default: Numbers()].decoded.append(try message.bytes(range))
            case (7, .bytes(let range)):
                isShaped = true
                dimensions = try Self.dimensions(message.message(range))
            default: break
            }
        }
        // Before shapes there were always four dimensions.
        shape = isShaped ? dimensions : (1...4).map { legacy[$0] ?? 0 }
        data = Self.chosen(numbers[5], numbers[8])
        difference = Self.chosen(numbers[6], numbers[9])
    }

    private static func chosen(_ single: Numbers?, _ double: Numbers?) -> Numbers {
        guard var double, !double.isEmpty else { return single ?? Numbers() }
        double.dtype = .f64
        return double
    }

    private static func dimensions(_ message: ProtobufMessage) throws -> [Int] {
        var dimensions: [Int] = []
        try message.forEachField { field in
            switch (field.number, field.value) {
            case (1, .varint(let number)): dimensions.append(try dimension(number))
            case (1, .bytes(let range)):
                dimensions += try message.varints(range, countMax: 1000).map(dimension)
            default: break
            }
            guard dimensions.count <= 1000 else {
                throw ModelFormatError("A blob has an impossible shape.")
            }
        }
        return dimensions
    }

    private static func dimension(_ number: UInt64) throws -> Int {
        guard let dimension = Int(exactly: number) else {
            throw ModelFormatError("A blob has an impossible shape.")
        }
        return dimension
    }
}

/// What the blobs of a layer are; Caffe itself only numbers them.
enum CaffeBlobNames {
    /// The name of a blob: `weight`, or its number for layers that are not known.
    static func name(ofBlob index: Int, type: String) -> String {
        let names =
            switch type.lowercased() {
            case "convolution", "deconvolution", "innerproduct", "embed", "scale", "conv",
                "inner_product":
                ["weight", "bias"]
            case "batchnorm": ["mean", "variance", "scale_factor"]
            case "bias": ["bias"]
            case "prelu": ["weight"]
            default: [String]()
            }
        return index < names.count ? names[index] : "\(index)"
    }

    /// The layers with blobs among the numbers of `V1LayerParameter.LayerType`.
    static func type(_ code: UInt64) -> String {
        switch code {
        case 4: "Convolution"
        case 14: "InnerProduct"
        case 39: "Deconvolution"
        default: ""
        }
    }
}
