import ModelFormats
import Tensors

/// What mappings say, as text.
enum MappingText {
    /// What a mapping says, a line a tensor: name, dtype, shape, strides and place.
    static func lines(_ mapping: FileMapping) -> [String] {
        guard case .mapped(let map) = mapping else {
            if case .keptWhole(let reason?) = mapping { return ["kept whole: \(reason)"] }
            return ["kept whole"]
        }
        let tensors = map.tensors.map { tensor in
            let range = tensor.byteRange
            let place = tensor.values.map { "\($0.count) values" } ?? "\(range.lowerBound)+\(range.count)"
            return line(tensor.description, place)
        }
        return tensors + map.externalTensors.map { tensor in
            line(tensor.description, "\(tensor.location) \(tensor.offset)+\(tensor.byteCount)")
        }
    }

    private static func line(_ tensor: TensorDescription, _ place: String) -> String {
        let dtype = (tensor.isBigEndian ? ">" : "") + tensor.dtype.rawValue
        let strides = tensor.strides.map { "\($0)" } ?? "-"
        return [tensor.name.debugDescription, dtype, "\(tensor.shape)", strides, place]
            .joined(separator: "\t")
    }
}
