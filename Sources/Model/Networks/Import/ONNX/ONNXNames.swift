/// Where in the module tree of its author a node of an ONNX graph belongs.
struct ONNXScope: Hashable {
    /// The path of the module: `layer1.0.conv1`; empty for the model itself.
    var path = ""
    /// The module's class, if the exporter says it.
    var className = ""
    /// Whether an exporter said anything at all.
    var isKnown = false

    /// Reads what PyTorch's exporters leave behind.
    ///
    /// - The newer one writes metadata: `name_scopes` lists the paths down to the operation.
    /// - The older one names nodes `/layer1/layer1.0/conv1/Conv`; a part that begins with the one
    ///   before it, as `layer1.0` with `layer1`, repeats it.
    init(_ node: ONNXNode) {
        if let scopes = node.metadata["pkg.torch.onnx.name_scopes"] {
            path = Self.list(scopes).dropLast().last ?? ""
            let classes = Self.list(node.metadata["pkg.torch.onnx.class_hierarchy"] ?? "")
            className = classes.dropLast().last ?? ""
            isKnown = true
        } else if node.name.hasPrefix("/") {
            var parts: [Substring] = []
            for part in node.name.split(separator: "/").dropLast() {
                if let last = parts.last, part.hasPrefix(last + ".") { parts.removeLast() }
                parts.append(part)
            }
            path = parts.joined(separator: ".")
            isKnown = true
        }
    }

    /// A Python list of texts: `['', 'layers.0', 'linear']`.
    private static func list(_ text: String) -> [String] {
        text.split(separator: "'", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// Whether an exporter made a name up: `val_12`, `onnx::MatMul_211`, `/layers.0/Constant`.
    static func isAnonymous(_ name: String) -> Bool {
        name.hasPrefix("onnx::") || name.hasPrefix("/")
            || name.hasPrefix("val_") && name.dropFirst(4).allSatisfy(\.isNumber)
    }

    /// The layer that a tensor is named after: `fc` of `fc.weight`, `in_proj` of `in_proj_bias`.
    static func stem(of tensor: String) -> String? {
        for suffix in [
            ".weight", ".bias", "_weight", "_bias", ".running_mean", ".running_var", "/kernel",
            "/bias", ".W", ".B",
        ] where tensor.hasSuffix(suffix) && tensor.count > suffix.count {
            return String(tensor.dropLast(suffix.count))
        }
        return nil
    }
}

/// Names the layers of an ONNX graph.
struct ONNXNaming {
    /// What is known of a layer that is to be named.
    struct Subject {
        var scope: ONNXScope
        var kind: Operator
        /// The name of the node, if its tool gives names that mean something.
        var nodeName: String
        /// The names of its tensors that an author gave.
        var tensors: [String]
        /// Whether a normalisation was folded into it, whose scope it then bears.
        var isFolded: Bool
    }

    private let parentPaths: Set<String>
    private let kindsByPath: [String: Set<Operator>]
    private var names = FreeNames([String]())
    private var ordinals: [Operator: Int] = [:]

    init(_ subjects: [Subject], inputs: [String]) {
        var parents: Set<String> = []
        for subject in subjects {
            var path = subject.scope.path[...]
            while let dot = path.lastIndex(of: ".") {
                path = path[..<dot]
                parents.insert(String(path))
            }
        }
        parentPaths = parents
        kindsByPath = Dictionary(grouping: subjects, by: \.scope.path).mapValues {
            Set($0.map(\.kind))
        }
        for input in inputs { _ = names.take(input) }
    }

    /// The name of a layer; a module that is called again gets `_1`.
    mutating func name(of subject: Subject) -> String {
        let ordinal = ordinals[subject.kind, default: 0] + 1
        ordinals[subject.kind] = ordinal
        return names.take(wanted(subject, ordinal), from: 1)
    }

    private func wanted(_ subject: Subject, _ ordinal: Int) -> String {
        let path = subject.scope.path
        let stems = subject.tensors.compactMap { ONNXScope.stem(of: $0) }
        let label = subject.kind.name.lowercased()
        guard subject.scope.isKnown else {
            if let stem = stems.first { return stem }
            return subject.nodeName.isEmpty ? "\(label)\(ordinal)" : subject.nodeName
        }
        if subject.isFolded, let stem = stems.first { return stem }
        // A module of one kind of layer is that layer; else its functions are layers in it.
        if !path.isEmpty, !parentPaths.contains(path), kindsByPath[path]?.count == 1,
            subject.scope.className.hasSuffix("MultiheadAttention") == false || stems.isEmpty
        {
            return path
        }
        let own = stems.first.map { $0.split(separator: ".").last.map(String.init) ?? $0 } ?? label
        return path.isEmpty ? own : "\(path).\(own)"
    }
}
