public import Tensors

/// Writes headers of safetensors files as the reference writer lays them out.
public enum SafetensorsHeader {
    /// A header with the order of the tensors behind it.
    public struct Layout: Hashable, Sendable {
        /// Eight bytes of length, and the JSON, padded with spaces to a multiple of eight.
        public let header: [UInt8]
        /// The tensors in the order in which their bytes follow, as indices of those given.
        public let order: [Int]
    }

    /// Whether a tensor can be part of a safetensors file: all but complex numbers of 128 bits.
    public static func isRepresentable(_ tensor: TensorDescription) -> Bool {
        tensor.dtype != .c128 && tensor.byteCount != nil
    }

    /// A tensor as a safetensors file shows it: row-major and little-endian, and bytes where the format
    /// has no name for its dtype. A row of blocks becomes a row of bytes, as gguf-py shows it.
    ///
    /// - Parameter tensor: Must be representable.
    public static func shown(_ tensor: TensorDescription) -> TensorDescription {
        let rank = DType.allCases.firstIndex(of: tensor.dtype) ?? 0
        let isNamed = rank <= (DType.allCases.firstIndex(of: .bool) ?? 0)
        let isWhole = (tensor.elementCount ?? 0) % tensor.dtype.block.elementCount == 0
        guard !isNamed || !isWhole else {
            return TensorDescription(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape)
        }
        let dtype: DType = tensor.dtype == .void16 ? .u16 : .u8
        return TensorDescription(name: tensor.name, dtype: dtype, shape: byteShape(of: tensor))
    }

    /// The shape of a tensor's bytes, for dtypes whose elements are not addressable: the last dimension
    /// counts bytes if its blocks are full, else all bytes are one row.
    public static func byteShape(of tensor: TensorDescription) -> [Int] {
        let block = tensor.dtype.block
        guard !tensor.dtype.isAddressable else { return tensor.shape }
        guard tensor.dtype.bitWidth == 0, let last = tensor.shape.last, last % block.elementCount == 0
        else { return [tensor.byteCount ?? 0] }
        return tensor.shape.dropLast() + [last / block.elementCount * block.byteCount]
    }

    /// Lays tensors out: those of the dtype named first in the format's list first, then by name.
    ///
    /// - Parameter tensors: Must be representable, of different names.
    public static func layout(of tensors: [TensorDescription]) -> Layout {
        let tensors = tensors.map(shown)
        var ranks: [DType: Int] = [:]
        for (rank, dtype) in DType.allCases.enumerated() { ranks[dtype] = rank }
        let order = tensors.indices.sorted { left, right in
            let dtypes = (ranks[tensors[left].dtype] ?? 0, ranks[tensors[right].dtype] ?? 0)
            guard dtypes.0 == dtypes.1 else { return dtypes.0 < dtypes.1 }
            // Rust compares strings by their bytes.
            return tensors[left].name.utf8.lexicographicallyPrecedes(tensors[right].name.utf8)
        }
        var text = #"{"__metadata__":{"format":"pt"}"#
        var start = 0
        for tensor in order.map({ tensors[$0] }) {
            let end = start + (tensor.byteCount ?? 0)
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            text += ",\(JSONString.quoted(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\","
            text += "\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}"
            start = end
        }
        var json = Array((text + "}").utf8)
        json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
        return Layout(header: length + json, order: order)
    }
}
