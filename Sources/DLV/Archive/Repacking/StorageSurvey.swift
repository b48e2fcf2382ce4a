import Catalog
import ParameterStore
import TensorCoding

/// What there is to plan: the contents that versions use, the snapshots that read them together, and
/// the pairs that may be deltas of one another.
struct StorageSurvey {
    /// The contents; the node of the one at place i is i + 1.
    private(set) var records: [ContentRecord] = []
    /// The nodes of the weights of every snapshot.
    private(set) var groups: [[Int]] = []
    /// The nodes that are like each node: neighbours in its run, its lineage, and look-alikes.
    private(set) var candidates: [Set<Int>] = []

    private var nodes: [ContentID: Int] = [:]

    /// Look-alikes besides the pairs that the history gives.
    private static let lookAlikeCountMax = 3

    /// Surveys an archive.
    ///
    /// - Parameters:
    ///   - archive: The archive.
    ///   - progress: Is called with the number of contents looked at and of all.
    init(_ archive: ModelArchive, progress: (Int, Int) -> Void) throws {
        let used = try archive.catalog.usedContents()
        records = try archive.catalog.contentRecords().filter { used.contains($0.id) }
        candidates = [Set<Int>](repeating: [], count: records.count + 1)
        for (index, record) in records.enumerated() { nodes[record.id] = index + 1 }
        groups = try archive.catalog.snapshotContents().map { group in
            group.compactMap { nodes[$0] }
        }.filter { !$0.isEmpty }
        for (index, record) in records.enumerated() {
            if let base = record.base.flatMap({ nodes[$0] }) { join(index + 1, base) }
        }
        try addHistory(of: archive.catalog)
        try addLookAlikes(archive.store, progress)
    }

    /// The node of a content; nil if no version uses it.
    func node(of content: ContentID) -> Int? { nodes[content] }

    /// The record of a node.
    func record(of node: Int) -> ContentRecord { records[node - 1] }

    private mutating func join(_ first: Int, _ second: Int) {
        let (one, other) = (record(of: first), record(of: second))
        guard first != second, one.byteCount == other.byteCount, one.kind == other.kind,
            one.kind != .bytes
        else { return }
        candidates[first].insert(second)
        candidates[second].insert(first)
    }

    /// The contents of one tensor in the snapshots of one version, in their order.
    private struct Line {
        var nodes: [Int] = []
    }

    private struct LineKey: Hashable {
        let version: VersionID
        let tensor: String
    }

    /// Joins neighbouring snapshots, and the ends of a version with the last snapshot of its parents.
    private mutating func addHistory(of catalog: Catalog) throws {
        var lines: [LineKey: Line] = [:]
        var tensors: [VersionID: [String]] = [:]
        for use in try catalog.contentUses() {
            guard let node = nodes[use.content] else { continue }
            let key = LineKey(version: use.version, tensor: use.tensor)
            if lines[key] == nil { tensors[use.version, default: []].append(use.tensor) }
            if let last = lines[key]?.nodes.last { join(last, node) }
            lines[key, default: Line()].nodes.append(node)
        }
        for edge in try catalog.lineageEdges() {
            for tensor in tensors[edge.version] ?? [] {
                let own = lines[LineKey(version: edge.version, tensor: tensor)]
                let parents = lines[LineKey(version: edge.parent, tensor: tensor)]
                guard let own = own?.nodes, let parent = parents?.nodes.last else { continue }
                for node in [own.first, own.last] { node.map { join($0, parent) } }
            }
        }
    }

    private mutating func addLookAlikes(
        _ store: ParameterStore,
        _ progress: (Int, Int) -> Void
    ) throws {
        var index = SketchIndex()
        for node in candidates.indices.dropFirst() {
            progress(node - 1, records.count)
            let record = record(of: node)
            guard let sketch = try WeightSketch(record, in: store) else { continue }
            let others = index.add(node, sketch, of: record, limit: Self.lookAlikeCountMax)
            for other in others { join(node, other) }
        }
        progress(records.count, records.count)
    }
}
