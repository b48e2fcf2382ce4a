import Catalog
import Networks
import Tensors

/// What is known of the tensors of some versions and snapshots.
struct WeightTable {
    private struct Place: Hashable {
        let version: VersionID
        let snapshot: Int?
    }

    private var tensors: [Place: [WeightTensorRecord]] = [:]

    /// Loads the tensors of the latest snapshots, or of those that the entities are.
    init(_ catalog: Catalog, _ entities: [Entity]) throws {
        let isOfSnapshots = entities.contains { $0.snapshot != nil }
        let versions = Set(entities.map(\.version.id)).sorted()
        try catalog.forEachWeightTensor(of: versions, latestOnly: !isOfSnapshots) { tensor in
            let place = Place(
                version: tensor.version, snapshot: isOfSnapshots ? tensor.snapshot : nil
            )
            tensors[place, default: []].append(tensor)
        }
    }

    /// A fact of some nodes, of those that have tensors.
    func value(
        of fact: NodeFact,
        _ nodes: [Int],
        _ graph: NetworkGraph,
        _ entity: Entity
    ) -> DQLValue {
        let place = Place(version: entity.version.id, snapshot: entity.snapshot?.ordinal)
        let layers = layers(nil, nodes, graph, tensors[place] ?? [])
        guard fact != .contents else { return Self.contents(layers) }
        return .list(layers.map { Self.value(of: fact, $0.tensors) })
    }

    /// A fact of every layer that a selection means: layers with tensors only.
    func value(
        of fact: NodeFact,
        _ selection: NodeSelection,
        _ nodes: [Int],
        _ graph: NetworkGraph,
        _ entity: Entity
    ) -> DQLValue {
        let place = Place(version: entity.version.id, snapshot: entity.snapshot?.ordinal)
        let known = tensors[place] ?? []
        let layers = layers(selection, nodes, graph, known)
        guard fact != .contents else { return Self.contents(layers) }
        return .list(layers.map { Self.value(of: fact, $0.tensors) })
    }

    private typealias Layer = (name: String, tensors: [WeightTensorRecord])

    private func layers(
        _ selection: NodeSelection?,
        _ nodes: [Int],
        _ graph: NetworkGraph,
        _ known: [WeightTensorRecord]
    ) -> [Layer] {
        var byName: [String: WeightTensorRecord] = [:]
        for tensor in known { byName[tensor.name] = tensor }
        var layers: [Layer] = []
        var used: Set<String> = []
        for node in nodes {
            let names = (try? graph.node(node).parameters.map(\.name)) ?? []
            let tensors = names.compactMap { byName[$0] }
            guard !tensors.isEmpty else { continue }
            used.formUnion(names)
            layers.append((graph.name(of: node), tensors))
        }
        // A tensor may be named itself: m["conv1.weight"].norm.
        if let selection, selection.steps.isEmpty {
            for tensor in known
            where !used.contains(tensor.name) && selection.pattern.matches(tensor.name) {
                layers.append((tensor.name, [tensor]))
            }
        }
        return layers
    }

    /// One text for all layers: equal exactly if the layers have the same names and bytes.
    private static func contents(_ layers: [Layer]) -> DQLValue {
        let parts = layers.sorted { $0.name < $1.name }.map { layer in
            layer.name + "=" + plain(value(of: .content, layer.tensors))
        }
        return parts.isEmpty ? .missing : .text(parts.joined(separator: ";"))
    }

    private static func plain(_ value: DQLValue) -> String { AnswerText.plain(value) }

    // MARK: One layer

    private static func value(of fact: NodeFact, _ tensors: [WeightTensorRecord]) -> DQLValue {
        switch fact {
        case .shape: return .text(tensors.map { shape($0) }.joined(separator: " "))
        case .dtypes:
            return .text(Set(tensors.map(\.dtype)).sorted().joined(separator: ","))
        default: break
        }
        let facts = tensors.compactMap(\.facts)
        guard facts.count == tensors.count else { return .missing }
        let finite = facts.filter { !$0.minimum.isNaN }
        switch fact {
        case .content: return .text(zip(tensors, facts).map(content).joined(separator: ","))
        case .parameters: return .integer(facts.map(\.elementCount).reduce(0, +))
        case .byteCount:
            return .integer(zip(tensors, facts).map { byteCount($0, $1) }.reduce(0, +))
        case .minimum: return .measured(finite.map(\.minimum).min())
        case .maximum: return .measured(finite.map(\.maximum).max())
        case .mean: return mean(facts)
        case .norm: return .number(facts.map { $0.norm * $0.norm }.reduce(0, +).squareRoot())
        case .zeros: return .integer(facts.map(\.zeroCount).reduce(0, +))
        case .nans: return .integer(facts.map(\.nanCount).reduce(0, +))
        case .infinities: return .integer(facts.map(\.infinityCount).reduce(0, +))
        case .isFinite:
            return .boolean(facts.allSatisfy { $0.nanCount == 0 && $0.infinityCount == 0 })
        default: return .missing
        }
    }

    private static func shape(_ tensor: WeightTensorRecord) -> String {
        "[" + tensor.shape.map(String.init).joined(separator: ",") + "]"
    }

    private static func content(_ tensor: WeightTensorRecord, _ facts: TensorFacts) -> String {
        facts.hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + shape(tensor)
    }

    private static func byteCount(_ tensor: WeightTensorRecord, _ facts: TensorFacts) -> Int64 {
        let bits = Int64(DType(rawValue: tensor.dtype)?.bitWidth ?? 0)
        return (facts.elementCount * bits + 7) / 8
    }

    private static func mean(_ facts: [TensorFacts]) -> DQLValue {
        var sum = 0.0
        var count = 0.0
        for fact in facts where !fact.mean.isNaN {
            let finite = Double(fact.elementCount - fact.nanCount - fact.infinityCount)
            sum += fact.mean * finite
            count += finite
        }
        return count == 0 ? .missing : .number(sum / count)
    }
}
