import Foundation
import TensorCoding

/// A safetensors file in memory, as far as a benchmark needs it.
struct WeightFile {
    struct Tensor {
        let name: String
        let kind: ElementKind
        let shape: [Int]
        let range: Range<Int>
    }

    let tensors: [Tensor]
    let bytes: UnsafeMutableRawBufferPointer

    init(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let headerCount = Int(data.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let header = try JSONSerialization.jsonObject(with: data[8..<8 + headerCount])
        var tensors: [Tensor] = []
        for (name, value) in header as? [String: [String: Any]] ?? [:] where name != "__metadata__" {
            guard let shape = value["shape"] as? [Int], let dtype = value["dtype"] as? String,
                let offsets = value["data_offsets"] as? [Int], let kind = Self.kind(dtype)
            else { continue }
            let range = offsets[0]..<offsets[1]
            tensors.append(Tensor(name: name, kind: kind, shape: shape, range: range))
        }
        self.tensors = tensors.sorted { $0.range.lowerBound < $1.range.lowerBound }
        let body = data[(8 + headerCount)...]
        bytes = .allocate(byteCount: max(64, body.count), alignment: 64)
        bytes.copyBytes(from: body)
    }

    private static func kind(_ dtype: String) -> ElementKind? {
        switch dtype {
        case "F64": .float64
        case "F32": .float32
        case "F16": .float16
        case "BF16": .bfloat16
        case "I64", "U64": .integer64
        case "I32", "U32": .integer32
        case "I16", "U16": .integer16
        default: .integer8
        }
    }
}
