/// A network laid out for questions: names as bytes, edges as arrays, attributes left encoded until
/// a template asks for them.
///
/// Queries go through thousands of networks and look at few layers of each, so loading one costs
/// some microseconds and no string. ``Network`` is the form for changes.
///
///     names     bytes of all names, and where each ends
///     kinds     per node an index into `words`, the table of operators, keys and texts
///     inputs    per node its producers in order          (start of node i: inputStarts[i])
///     readers   per node its consumers, ascending        (start of node i: readerStarts[i])
///     details   per node attributes, shapes, parameters  (start of node i: detailStarts[i])
public struct NetworkGraph: Sendable {
    /// The name that the file gives; may be empty.
    public let name: String
    /// Where the network was found.
    public let source: NetworkSource
    /// The number of nodes, inputs among them.
    public let nodeCount: Int

    let words: [String]
    let nameBytes: [UInt8]
    let nameStarts: [Int32]
    let kinds: [Int32]
    let inPlace: [Bool]
    let inputStarts: [Int32]
    let inputNodes: [Int32]
    let inputOutputs: [Int32]
    let readerStarts: [Int32]
    let readers: [Int32]
    let details: [UInt8]
    let detailStarts: [Int32]
    let outputs: [Int32]
    /// Per node, whether `.next` and `.prev` look through it.
    let isSeenThrough: [Bool]

    /// The parts that are stored; the rest follows from them.
    struct Parts {
        var name = ""
        var source = NetworkSource.derived
        var words: [String] = []
        var nameBytes: [UInt8] = []
        var nameStarts: [Int32] = [0]
        var kinds: [Int32] = []
        var inPlace: [Bool] = []
        var inputStarts: [Int32] = [0]
        var inputNodes: [Int32] = []
        var inputOutputs: [Int32] = []
        var details: [UInt8] = []
        var detailStarts: [Int32] = [0]
        var outputs: [Int32] = []
    }

    /// Completes the parts; producers must precede consumers.
    init(_ parts: Parts) {
        name = parts.name
        source = parts.source
        nodeCount = parts.kinds.count
        words = parts.words
        nameBytes = parts.nameBytes
        nameStarts = parts.nameStarts
        kinds = parts.kinds
        inPlace = parts.inPlace
        inputStarts = parts.inputStarts
        inputNodes = parts.inputNodes
        inputOutputs = parts.inputOutputs
        details = parts.details
        detailStarts = parts.detailStarts
        outputs = parts.outputs
        (readerStarts, readers) = Self.readers(parts)
        isSeenThrough = Self.seenThrough(parts, readerStarts)
    }

    /// Turns producers into consumers by counting; a consumer of two outputs is listed twice.
    private static func readers(_ parts: Parts) -> (starts: [Int32], readers: [Int32]) {
        let count = parts.kinds.count
        var starts = [Int32](repeating: 0, count: count + 1)
        for producer in parts.inputNodes { starts[Int(producer) + 1] += 1 }
        for node in 0..<count { starts[node + 1] += starts[node] }
        var next = starts
        var readers = [Int32](repeating: 0, count: parts.inputNodes.count)
        for node in 0..<count {
            for edge in Int(parts.inputStarts[node])..<Int(parts.inputStarts[node + 1]) {
                let producer = Int(parts.inputNodes[edge])
                readers[Int(next[producer])] = Int32(node)
                next[producer] += 1
            }
        }
        return (starts, readers)
    }

    private static func seenThrough(_ parts: Parts, _ readerStarts: [Int32]) -> [Bool] {
        let isElementWise = parts.words.map { Operator.elementWise.contains($0) }
        return parts.kinds.indices.map { node in
            if parts.inPlace[node] { return true }
            let start = Int(parts.inputStarts[node])
            guard isElementWise[Int(parts.kinds[node])],
                Int(parts.inputStarts[node + 1]) == start + 1
            else { return false }
            let producer = Int(parts.inputNodes[start])
            return readerStarts[producer + 1] - readerStarts[producer] == 1
        }
    }

    /// The name of a node.
    public func name(of node: Int) -> String {
        String(decoding: nameBytes[nameRange(of: node)], as: UTF8.self)
    }

    func nameRange(of node: Int) -> Range<Int> {
        Int(nameStarts[node])..<Int(nameStarts[node + 1])
    }

    /// What a node computes.
    public func kind(of node: Int) -> Operator {
        Operator(words[Int(kinds[node])])
    }

    /// The node of a name.
    public func node(named name: String) -> Int? {
        let bytes = Array(name.utf8)
        return (0..<nodeCount).first { nameBytes[nameRange(of: $0)].elementsEqual(bytes) }
    }

    /// The nodes that read an output of a node: one edge of the graph, nothing looked through.
    public func consumers(of node: Int) -> [Int] {
        unique(readers[Int(readerStarts[node])..<Int(readerStarts[node + 1])])
    }

    /// The nodes that a node reads, in order: one edge of the graph, nothing looked through.
    public func producers(of node: Int) -> [Int] {
        unique(inputNodes[Int(inputStarts[node])..<Int(inputStarts[node + 1])])
    }

    private func unique(_ nodes: ArraySlice<Int32>) -> [Int] {
        var seen: [Int] = []
        for node in nodes where !seen.contains(Int(node)) { seen.append(Int(node)) }
        return seen
    }

    /// Whether layers are connected; not where only names of tensors are known.
    public var hasGraph: Bool { source != .namesOnly }
}
