import Tensors

/// A storage that a checkpoint's pickle refers to.
struct TorchStorage: Hashable {
    /// The name of the record that holds its bytes.
    let key: String
    let dtype: DType
    /// The number of its elements, and of its bytes.
    let elementCount: Int
    let byteCount: Int
    /// Where the part that was pickled begins, in elements: files of old versions have views of storages.
    let viewOffset: Int

    /// Reads a persistent id: `('storage', class, key, location, count[, view])`.
    init?(_ reference: Pickle.Reference, in pickle: Pickle) {
        guard case .persistent(let id) = pickle.nodes[reference].value,
            let parts = pickle.elements(id), parts.count >= 5,
            pickle.text(parts[0]) == "storage",
            case .global(_, let name) = pickle.nodes[parts[1]].value,
            let dtype = TorchType.dtype(ofStorage: name),
            let key = pickle.text(parts[2]), Self.isKey(key),
            let count = pickle.integer(parts[4]), count >= 0
        else { return nil }
        let (size, overflow) = count.multipliedReportingOverflow(by: dtype.block.byteCount)
        guard !overflow else { return nil }
        var viewOffset = 0
        if parts.count > 5, let view = pickle.elements(parts[5]), view.count == 3 {
            guard let offset = pickle.integer(view[1]), offset >= 0 else { return nil }
            viewOffset = offset
        }
        self.key = key
        self.dtype = dtype
        elementCount = count
        byteCount = size
        self.viewOffset = viewOffset
    }

    /// Whether a key is the plain name that PyTorch gives: no path leads out of the archive.
    private static func isKey(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count < 100 && key != ".." && key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}

/// Finds the tensors in a checkpoint's pickle: what it rebuilds with PyTorch's functions, named by the
/// keys on the way to it.
struct TorchTensors {
    /// A tensor as a view of a storage.
    struct View {
        var description: TensorDescription
        let storage: TorchStorage
        /// The place of its first element in the storage, in elements.
        let offset: Int
        /// The part of the checkpoint that it belongs to: `model` of `model/conv1.weight`. A plain state
        /// dictionary, and a module, have no parts.
        var part = ""
    }

    /// Deeper objects are no checkpoint.
    private static let depthMax = 200

    private let pickle: Pickle
    private var visited: Set<Pickle.Reference> = []
    private(set) var views: [View] = []

    /// Walks a pickle.
    ///
    /// - Throws: ``ModelFormatError`` if a tensor's parts are not what they should be.
    init(_ pickle: Pickle) throws {
        self.pickle = pickle
        try visit(pickle.root, path: "", depth: 0)
    }

    /// Every storage that the pickle refers to, by its key.
    static func storages(of pickle: Pickle) throws -> [String: TorchStorage] {
        var storages: [String: TorchStorage] = [:]
        for index in pickle.nodes.indices {
            guard case .persistent = pickle.nodes[index].value else { continue }
            guard let storage = TorchStorage(index, in: pickle) else {
                throw ModelFormatError("The pickle refers to something that is no storage.")
            }
            storages[storage.key] = storages[storage.key] ?? storage
        }
        return storages
    }

    private mutating func visit(
        _ reference: Pickle.Reference,
        path: String,
        depth: Int
    ) throws {
        guard depth < Self.depthMax else {
            throw ModelFormatError("The pickle's objects lie more than \(Self.depthMax) deep.")
        }
        let node = pickle.nodes[reference]
        if case .call(let function, let arguments) = node.value {
            let name = pickle.globalName(function) ?? ""
            // Two names of one tensor are two tensors; any other object is visited once.
            if try visitTensor(name, pickle.nodes[arguments].elements, path, depth) { return }
        }
        guard visited.insert(reference).inserted else { return }
        for (index, element) in node.elements.enumerated() {
            try visit(element, path: Self.join(path, "\(index)"), depth: depth + 1)
        }
        for (index, entry) in node.entries.enumerated() {
            let key = pickle.text(entry.key) ?? pickle.integer(entry.key).map(String.init) ?? "#\(index)"
            try visit(entry.value, path: Self.join(path, key), depth: depth + 1)
        }
        if let state = node.state { try visit(state, path: path, depth: depth + 1) }
        if case .call(_, let arguments) = node.value {
            try visit(arguments, path: path, depth: depth + 1)
        }
    }

    /// Handles a call of one of the functions in torch/_utils.py that make tensors.
    private mutating func visitTensor(
        _ name: String,
        _ arguments: [Pickle.Reference],
        _ path: String,
        _ depth: Int
    ) throws -> Bool {
        switch name {
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
            "torch._utils._rebuild_tensor_v3", "torch._utils._rebuild_qtensor":
            views.append(try view(name, arguments, path))
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            guard let tensor = arguments.first else { return false }
            try visit(tensor, path: path, depth: depth + 1)
        case "torch._tensor._rebuild_from_type_v2":
            // `(function, type, arguments, state)`: a subclass of a tensor.
            guard arguments.count > 2, let function = pickle.globalName(arguments[0]) else {
                return false
            }
            let inner = pickle.nodes[arguments[2]].elements
            return try visitTensor(function, inner, path, depth + 1)
        default: return false
        }
        return true
    }

    private func view(
        _ function: String,
        _ arguments: [Pickle.Reference],
        _ path: String
    ) throws -> View {
        guard arguments.count >= 4, let storage = TorchStorage(arguments[0], in: pickle),
            let offset = pickle.integer(arguments[1]), offset >= 0,
            let shape = pickle.integers(arguments[2]), let strides = pickle.integers(arguments[3]),
            shape.count == strides.count, strides.allSatisfy({ $0 >= 0 })
        else { throw ModelFormatError("The tensor '\(path)' is not described as PyTorch does.") }
        var dtype = storage.dtype
        if function.hasSuffix("_v3"), arguments.count > 6 {
            guard case .global("torch", let name) = pickle.nodes[arguments[6]].value,
                let named = TorchType.dtype(named: name)
            else { throw ModelFormatError("The tensor '\(path)' has an unknown dtype.") }
            dtype = named
        }
        return View(
            description: Self.description(path, dtype, shape, strides),
            storage: storage,
            offset: storage.viewOffset + offset,
            part: part(of: path)
        )
    }

    private func part(of path: String) -> String {
        guard !pickle.nodes[pickle.root].entries.isEmpty, let slash = path.firstIndex(of: "/") else {
            return ""
        }
        return String(path[..<slash])
    }

    /// PyTorch counts pairs of four-bit floats, one a byte; the dtype counts the floats.
    private static func description(
        _ name: String,
        _ dtype: DType,
        _ shape: [Int],
        _ strides: [Int]
    ) -> TensorDescription {
        var description = TensorDescription(
            name: name,
            dtype: dtype.isAddressable ? dtype : .u8,
            shape: shape,
            strides: strides
        )
        if !dtype.isAddressable, description.strides == nil, let last = shape.last {
            description.shape = shape.dropLast() + [last * 2]
            description.dtype = dtype
        }
        return description
    }

    private static func join(_ path: String, _ key: String) -> String {
        path.isEmpty ? key : path + "/" + key
    }
}
