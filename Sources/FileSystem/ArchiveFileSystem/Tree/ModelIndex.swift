import Catalog
import Synchronization

/// The folders below `models/` as they are at one count of changes.
struct ModelIndex: Sendable {
    /// The catalog's count of changes that it belongs to.
    let generation: Int64
    /// The names in each folder, in order; the key of `models/` itself is empty.
    let children: [String: [String]]
    /// When the newest version in or below a folder was made, in nanoseconds since 1970.
    let times: [String: Int64]

    init(generation: Int64, models: [(name: String, newestTime: Int64)]) {
        var children: [String: Set<String>] = [:]
        var times: [String: Int64] = [:]
        for model in models {
            var folder = ""
            for part in model.name.split(separator: "/").map(String.init) {
                children[folder, default: []].insert(part)
                folder = folder.isEmpty ? part : "\(folder)/\(part)"
                times[folder] = max(times[folder] ?? 0, model.newestTime * 1_000_000)
            }
        }
        self.generation = generation
        self.children = children.mapValues { $0.sorted() }
        self.times = times
    }

    /// Whether a path is that of a model, or leads to one.
    func holds(_ path: String) -> Bool { times[path] != nil }
}

/// The index of the folders, made again when the archive has changed.
final class ModelIndices: Sendable {
    private let catalog: Catalog
    private let newest = Mutex<ModelIndex?>(nil)

    init(catalog: Catalog) {
        self.catalog = catalog
    }

    /// The index as the catalog is now.
    func current() throws -> ModelIndex {
        let generation = try catalog.generation()
        if let known = newest.withLock({ $0 }), known.generation == generation { return known }
        // A commit may come in between: the index is then newer than its number, and is made once more.
        let index = ModelIndex(generation: generation, models: try catalog.newestTimes())
        newest.withLock { $0 = index }
        return index
    }
}
