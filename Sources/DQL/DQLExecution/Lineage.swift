import Catalog

/// The parents of all versions, read once a query that asks of them.
final class Lineage {
    private let catalog: Catalog
    private var parents: [VersionID: [VersionRecord]] = [:]
    private var children: [VersionID: [VersionRecord]] = [:]
    private var isLoaded = false

    init(_ catalog: Catalog) {
        self.catalog = catalog
    }

    /// The references that an attribute of the lineage holds.
    func column(_ attribute: Attribute, _ entities: [Entity]) throws -> [DQLValue] {
        try load()
        var known: [VersionID: DQLValue] = [:]
        return entities.map { entity in
            let id = entity.version.id
            if let value = known[id] { return value }
            let versions: [VersionRecord] =
                switch attribute {
                case .parents: parents[id] ?? []
                case .children: children[id] ?? []
                case .ancestors: reached(from: id, by: parents)
                default: reached(from: id, by: children)
                }
            let value = DQLValue.list(versions.map { .text($0.reference) })
            known[id] = value
            return value
        }
    }

    private func load() throws {
        guard !isLoaded else { return }
        isLoaded = true
        try catalog.forEachLineageStep { child, parent in
            parents[child.id, default: []].append(parent)
            children[parent.id, default: []].append(child)
        }
        // The order of names and numbers, as everywhere.
        for id in children.keys {
            children[id]?.sort { ($0.model, $0.number) < ($1.model, $1.number) }
        }
    }

    private func reached(
        from id: VersionID,
        by steps: [VersionID: [VersionRecord]]
    ) -> [VersionRecord] {
        var seen: Set<VersionID> = [id]
        var found: [VersionRecord] = []
        var waiting = steps[id] ?? []
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            guard seen.insert(next.id).inserted else { continue }
            found.append(next)
            waiting += steps[next.id] ?? []
        }
        return found
    }
}
