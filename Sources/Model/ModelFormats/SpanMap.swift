public import Tensors

/// A format of weight files that tensors are found in.
public enum WeightFormat: String, Hashable, Sendable, Codable {
    /// Hugging Face's safetensors.
    case safetensors
    /// One NumPy array.
    case npy
    /// A zip archive of NumPy arrays, stored without compression.
    case npz
}

/// A tensor of a weight file, and the bytes of the file that hold its elements.
public struct MappedTensor: Hashable, Sendable {
    /// Name, dtype, shape and order.
    public var description: TensorDescription
    /// Where its elements lie in the file.
    public var byteRange: Range<Int>

    /// Creates a mapped tensor.
    public init(description: TensorDescription, byteRange: Range<Int>) {
        self.description = description
        self.byteRange = byteRange
    }
}

/// A weight file as tensors and the bytes between them.
public struct SpanMap: Hashable, Sendable {
    /// The format that the file keeps to.
    public let format: WeightFormat
    /// The size of the file.
    public let byteCount: Int
    /// The tensors in the order in which they lie in the file; they do not overlap.
    public let tensors: [MappedTensor]

    /// Orders tensors.
    ///
    /// - Returns: Nil if two overlap or one lies outside the file.
    public init?(format: WeightFormat, byteCount: Int, tensors: [MappedTensor]) {
        self.format = format
        self.byteCount = byteCount
        self.tensors = tensors.enumerated().sorted { left, right in
            let starts = (left.element.byteRange.lowerBound, right.element.byteRange.lowerBound)
            let ends = (left.element.byteRange.upperBound, right.element.byteRange.upperBound)
            return (starts.0, ends.0, left.offset) < (starts.1, ends.1, right.offset)
        }.map(\.element)
        var end = 0
        for range in self.tensors.map(\.byteRange) {
            guard range.lowerBound >= end, range.upperBound <= byteCount else { return nil }
            end = range.upperBound
        }
    }

    /// The bytes that belong to no tensor, ascending.
    public var gaps: [Range<Int>] {
        var gaps: [Range<Int>] = []
        var end = 0
        for range in tensors.map(\.byteRange) {
            if range.lowerBound > end { gaps.append(end..<range.lowerBound) }
            end = range.upperBound
        }
        if end < byteCount { gaps.append(end..<byteCount) }
        return gaps
    }
}

/// What became of a file that might be a weight file.
public enum FileMapping: Hashable, Sendable {
    /// Its tensors are known.
    case mapped(SpanMap)
    /// It is kept as a whole; the reason is a sentence if users might expect otherwise.
    case keptWhole(reason: String?)
}
