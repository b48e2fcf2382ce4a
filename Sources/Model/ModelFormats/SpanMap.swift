public import Tensors

/// A run of bytes of a weight file that holds elements: of one tensor, or of several that share it.
///
/// Two names of one PyTorch storage, a row or a transpose of another tensor, and an expanded tensor
/// lie in the bytes of one storage; nearly always, though, a storage is one tensor.
public struct Storage: Hashable, Sendable {
    /// Where it lies in the file.
    public var byteRange: Range<Int>
    /// What its elements are.
    public var dtype: DType
    /// Whether the bytes of an element come most significant first.
    public var isBigEndian: Bool
    /// The part of the file that it belongs to, for those that hold more than a model: a training
    /// checkpoint keeps `model` and `optimizer`. Small storages are bundled part by part, so that the
    /// model alone, in another file, gives the same bundle.
    public var part: String

    /// Creates a storage.
    public init(byteRange: Range<Int>, dtype: DType, isBigEndian: Bool = false, part: String = "") {
        self.byteRange = byteRange
        self.dtype = dtype
        self.isBigEndian = isBigEndian && dtype.storageWidth > 1
        self.part = part
    }
}

/// A tensor of a weight file, and the bytes of the file that hold its elements.
public struct MappedTensor: Hashable, Sendable {
    /// Name, dtype, shape and order.
    public var description: TensorDescription
    /// Where its elements lie in the file, from the first to the last; within one storage.
    public var byteRange: Range<Int>
    /// Its elements, row-major and little-endian, where the file holds them only in an encoded form:
    /// as protobuf's variable-length integers, or with tags between them.
    public var values: [UInt8]?

    /// Creates a mapped tensor.
    public init(description: TensorDescription, byteRange: Range<Int>) {
        self.description = description
        self.byteRange = byteRange
    }

    /// Creates a tensor whose elements were decoded from the file.
    public init(description: TensorDescription, values: [UInt8]) {
        self.description = description
        byteRange = 0..<0
        self.values = values
    }
}

extension MappedTensor {
    /// The elements row-major and little-endian, and whether they lie in the file that way.
    ///
    /// - Parameter source: The file.
    public func elements(in source: any ByteSource) -> (bytes: any ByteSource, isPlain: Bool) {
        if let values { return (MemoryBytes(values), true) }
        guard description.strides == nil, !description.isBigEndian else {
            return (RowMajorBytes(description, in: source, at: byteRange.lowerBound), false)
        }
        return (PartOfSource(source: source, range: byteRange), true)
    }
}

/// A tensor whose bytes lie in another file, beside the one that describes it.
public struct ExternalTensor: Hashable, Sendable {
    /// The path of the other file, relative to the folder of this one.
    public var location: String
    /// Name, dtype, shape and order.
    public var description: TensorDescription
    /// The place of the first byte.
    public var offset: Int
    /// The number of bytes.
    public var byteCount: Int
}

/// A weight file as storages with tensors in them, and the bytes between.
public struct SpanMap: Hashable, Sendable {
    /// The format that the file keeps to.
    public let format: WeightFormat
    /// The size of the file.
    public let byteCount: Int
    /// The storages in the order in which they lie in the file; they do not overlap.
    public let storages: [Storage]
    /// The tensors in the order in which they lie in the file.
    public let tensors: [MappedTensor]
    /// Tensors that the file describes and another holds.
    public var externalTensors: [ExternalTensor] = []
    /// What users should know, in a sentence: tensors that could not be mapped.
    public var note: String?

    /// Maps a file whose every tensor has bytes of its own.
    ///
    /// - Returns: Nil if two overlap or one lies outside the file.
    public init?(format: WeightFormat, byteCount: Int, tensors: [MappedTensor]) {
        let storages = tensors.filter { $0.values == nil }.map {
            Storage(
                byteRange: $0.byteRange,
                dtype: $0.description.dtype,
                isBigEndian: $0.description.isBigEndian
            )
        }
        self.init(format: format, byteCount: byteCount, storages: storages, tensors: tensors)
    }

    /// Maps a file whose tensors may share storages.
    ///
    /// - Returns: Nil if two storages overlap, one lies outside the file, or a tensor outside them.
    public init?(
        format: WeightFormat,
        byteCount: Int,
        storages: [Storage],
        tensors: [MappedTensor]
    ) {
        self.format = format
        self.byteCount = byteCount
        self.storages = Self.ordered(storages, by: \.byteRange)
        self.tensors = Self.ordered(tensors, by: \.byteRange)
        var end = 0
        for range in self.storages.map(\.byteRange) {
            guard range.lowerBound >= end, range.upperBound <= byteCount else { return nil }
            end = range.upperBound
        }
        for tensor in self.tensors where tensor.values == nil && !tensor.byteRange.isEmpty {
            guard let index = storageIndex(of: tensor),
                tensor.byteRange.upperBound <= self.storages[index].byteRange.upperBound
            else { return nil }
        }
    }

    /// Maps a file of raw tensors that another file describes. They may overlap, since several models may
    /// use one such file: what overlaps becomes one storage, and a tensor that is described twice is one.
    ///
    /// - Returns: Nil if a tensor lies outside the file.
    public static func joining(
        _ tensors: [ExternalTensor],
        format: WeightFormat,
        byteCount: Int
    ) -> SpanMap? {
        var storages: [Storage] = []
        var mapped: [MappedTensor] = []
        var seen: Set<MappedTensor> = []
        for tensor in tensors.sorted(by: { $0.offset < $1.offset }) {
            guard tensor.offset <= byteCount, tensor.byteCount <= byteCount - tensor.offset else {
                return nil
            }
            let range = tensor.offset..<tensor.offset + tensor.byteCount
            let entry = MappedTensor(description: tensor.description, byteRange: range)
            guard seen.insert(entry).inserted else { continue }
            mapped.append(entry)
            if let last = storages.last, range.lowerBound < last.byteRange.upperBound {
                let end = max(range.upperBound, last.byteRange.upperBound)
                storages[storages.count - 1].byteRange = last.byteRange.lowerBound..<end
            } else if !range.isEmpty {
                storages.append(Storage(byteRange: range, dtype: tensor.description.dtype))
            }
        }
        return SpanMap(format: format, byteCount: byteCount, storages: storages, tensors: mapped)
    }

    /// The storage that holds a tensor; nil if the tensor has no bytes in the file.
    public func storageIndex(of tensor: MappedTensor) -> Int? {
        guard tensor.values == nil, !tensor.byteRange.isEmpty else { return nil }
        let start = tensor.byteRange.lowerBound
        var low = 0
        var high = storages.count
        while low < high {
            let middle = (low + high) / 2
            if storages[middle].byteRange.upperBound > start { high = middle } else { low = middle + 1 }
        }
        return low < storages.count && storages[low].byteRange.lowerBound <= start ? low : nil
    }

    /// The bytes that belong to no storage, ascending.
    public var gaps: [Range<Int>] {
        var gaps: [Range<Int>] = []
        var end = 0
        for range in storages.map(\.byteRange) {
            if range.lowerBound > end { gaps.append(end..<range.lowerBound) }
            end = range.upperBound
        }
        if end < byteCount { gaps.append(end..<byteCount) }
        return gaps
    }

    private static func ordered<Element>(
        _ elements: [Element],
        by range: (Element) -> Range<Int>
    ) -> [Element] {
        elements.enumerated().sorted { left, right in
            let (first, second) = (range(left.element), range(right.element))
            let starts = (first.lowerBound, second.lowerBound)
            let ends = (first.upperBound, second.upperBound)
            return (starts.0, ends.0, left.offset) < (starts.1, ends.1, right.offset)
        }.map(\.element)
    }
}

/// What became of a file that might be a weight file.
public enum FileMapping: Hashable, Sendable {
    /// Its tensors are known.
    case mapped(SpanMap)
    /// It is kept as a whole; the reason is a sentence if users might expect otherwise.
    case keptWhole(reason: String?)
}
