import Catalog
import Foundation
import Networks

/// Finds the networks of versions. None is kept: a catalog may have more of them than fit in memory.
struct NetworkStore {
    private let catalog: Catalog

    init(_ catalog: Catalog) {
        self.catalog = catalog
    }

    /// Calls a function with each network and the rows of the entities that have it; once for all
    /// versions that share one.
    func forEachGraph(
        of entities: [Entity],
        _ body: (NetworkGraph, _ rows: [Int]) throws -> Void
    ) throws {
        var rows: [VersionID: [Int]] = [:]
        for (row, entity) in entities.enumerated() {
            if let made = entity.network {
                try body(made.derived.network.graph, [row])
            } else {
                rows[entity.version.id, default: []].append(row)
            }
        }
        var sharing: [NetworkID: [Int]] = [:]
        try catalog.forEachNetworkID(of: rows.keys.sorted()) { version, network in
            sharing[network, default: []] += rows[version] ?? []
        }
        try catalog.forEachNetwork(of: Array(sharing.keys)) { network, bytes in
            guard let rows = sharing[network] else { return }
            try body(try NetworkGraph(decoding: bytes), rows)
        }
    }

    /// The network of an entity, in the form for changes; nil if nothing tells of one.
    func network(of entity: Entity) throws -> Network? {
        if let made = entity.network { return made.derived.network }
        guard let record = try catalog.network(of: entity.version.id) else { return nil }
        return try Network(try NetworkGraph(decoding: record.graph))
    }
}
