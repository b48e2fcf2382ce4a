import ModelFormats
import TensorCoding
import Tensors

/// Which storages of a file become one content together.
struct StorageBundling {
    /// Storages that are one content, in the order in which they lie in it.
    struct Bundle {
        var kind: ElementKind
        /// The name of the tensor that it begins with; the like of it in another snapshot has the same.
        var name: String
        /// Indices of the span map's storages.
        var storages: [Int]
        /// The rows of its tensors, for the coder to tell weights apart by what they connect.
        var layout: RowLayout
    }

    private struct Key: Hashable {
        let kind: ElementKind
        let part: String
    }

    private(set) var bundles: [Bundle] = []

    /// Bundles the small storages of a file; each large one stands alone.
    init(_ map: SpanMap) {
        let first = Self.firstTensors(of: map)
        let names = first.map { $0?.name ?? "" }
        var small: [Key: [Int]] = [:]
        var order: [Key] = []
        for (index, storage) in map.storages.enumerated() where !storage.byteRange.isEmpty {
            let kind = ElementKind(storage)
            guard storage.byteRange.count < FileEncoder.bundleLimit else {
                add([index], kind, of: map, first)
                continue
            }
            let key = Key(kind: kind, part: storage.part)
            if small[key] == nil { order.append(key) }
            small[key, default: []].append(index)
        }
        for key in order {
            // Names compare by their bytes; the order of the file decides between equal ones.
            let sorted = (small[key] ?? []).sorted { left, right in
                names[left] == names[right]
                    ? left < right
                    : names[left].utf8.lexicographicallyPrecedes(names[right].utf8)
            }
            add(sorted, key.kind, of: map, first)
        }
    }

    private mutating func add(
        _ storages: [Int],
        _ kind: ElementKind,
        of map: SpanMap,
        _ first: [TensorDescription?]
    ) {
        var layout = RowLayout()
        for index in storages {
            let count = map.storages[index].byteRange.count / kind.width
            var shape = first[index]?.shape ?? []
            if first[index]?.isFortranOrder == true { shape.reverse() }
            // Complex elements are two numbers, and a storage may hold more than its tensor.
            layout.append(shape: checkedProduct(shape) == count ? shape : [count])
        }
        let name = first[storages[0]]?.name ?? ""
        bundles.append(Bundle(kind: kind, name: name, storages: storages, layout: layout))
    }

    /// The first tensor in every storage; nil for those that no tensor refers to.
    private static func firstTensors(of map: SpanMap) -> [TensorDescription?] {
        var tensors = [TensorDescription?](repeating: nil, count: map.storages.count)
        for tensor in map.tensors.reversed() {
            guard let storage = map.storageIndex(of: tensor) else { continue }
            tensors[storage] = tensor.description
        }
        return tensors
    }
}

extension ElementKind {
    /// The kind whose byte planes suit a dtype.
    init(_ dtype: DType) {
        switch (dtype.storageWidth, dtype.isFloatingPoint) {
        case (2, true): self = dtype == .bf16 ? .bfloat16 : .float16
        case (4, true): self = .float32
        case (8, true): self = .float64
        default: self = .integer(ofWidth: dtype.storageWidth)
        }
    }

    /// The kind whose byte planes suit a storage. Big-endian floats count as integers: their planes are
    /// apart too, but the first of an element is not its lowest, as the kinds of floats promise.
    init(_ storage: Storage) {
        self = storage.isBigEndian
            ? .integer(ofWidth: storage.dtype.storageWidth) : ElementKind(storage.dtype)
    }

    private static func integer(ofWidth width: Int) -> ElementKind {
        switch width {
        case 2: .integer16
        case 4: .integer32
        case 8: .integer64
        default: .integer8
        }
    }
}
