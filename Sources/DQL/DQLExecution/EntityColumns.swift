import Catalog
import DQLSyntax
import Networks

/// What is shown of whole versions, snapshots and networks: what each has, then a column for every
/// hyperparameter and measurement that one of the answer has.
struct EntityColumns {
    private let executor: Executor

    init(_ executor: Executor) {
        self.executor = executor
    }

    /// The table of some entities.
    func answer(_ entities: [Entity]) throws -> QueryAnswer {
        if entities.contains(where: { $0.network != nil }) { return answer(made: entities) }
        let isOfSnapshots = entities.contains { $0.snapshot != nil }
        let versions = Set(entities.map(\.version.id)).sorted()
        var hyperparameters: [String: [VersionID: DQLValue]] = [:]
        try executor.archive.catalog.forEachHyperparameter(
            named: nil, of: versions
        ) { version, name, json in
            hyperparameters[name, default: [:]][version] = DQLValue(json: json)
        }
        let measurements = try measurements(entities, versions, isOfSnapshots)
        let parents = try executor.loader.column(.parents, entities)
        let tags = try executor.loader.column(.tags, entities)

        var columns = ["name", "version"] + (isOfSnapshots ? ["snapshot"] : [])
        columns += ["created", "parents", "tags"]
        let keys = hyperparameters.keys.sorted()
        let metrics = measurements.keys.sorted()
        columns += keys.map { "config.\($0)" } + metrics.map { metric in
            columns.contains(metric) ? "measurements.\(metric)" : metric
        }
        var rows: [[DQLValue]] = []
        rows.reserveCapacity(entities.count)
        for (place, entity) in entities.enumerated() {
            try executor.clock.check(row: place)
            var row: [DQLValue] = [.text(entity.name), .text("v\(entity.version.number)")]
            if isOfSnapshots { row.append(entity.snapshot.map { .text($0.name) } ?? .missing) }
            row += [.text(TimeSpan.text(entity.version.creationTime)), parents[place], tags[place]]
            row += keys.map { hyperparameters[$0]?[entity.version.id] ?? .missing }
            row += metrics.map { measurements[$0]?[place] ?? .missing }
            rows.append(row)
        }
        return QueryAnswer(columns: AnswerBuilder.distinct(columns), rows: rows)
    }

    /// The measurements of each entity, by name and place.
    private func measurements(
        _ entities: [Entity],
        _ versions: [VersionID],
        _ isOfSnapshots: Bool
    ) throws -> [String: [Int: DQLValue]] {
        var places: [VersionID: [Int]] = [:]
        for (place, entity) in entities.enumerated() {
            places[entity.version.id, default: []].append(place)
        }
        var measurements: [String: [Int: DQLValue]] = [:]
        try executor.archive.catalog.forEachMeasurement(
            named: nil, of: versions, latestOnly: !isOfSnapshots
        ) { version, name, iteration, value in
            for place in places[version] ?? [] {
                if let snapshot = entities[place].snapshot, snapshot.iteration != iteration { continue }
                measurements[name, default: [:]][place] = .measured(value)
            }
        }
        return measurements
    }

    /// The table of networks that queries made.
    func answer(made entities: [Entity]) -> QueryAnswer {
        let rows = entities.compactMap { entity -> [DQLValue]? in
            guard let made = entity.network else { return nil }
            let network = made.derived.network
            return [
                .text(made.name), .text(made.version.reference),
                .integer(Int64(network.layers.count)),
                network.parameterCount.map { .integer(Int64($0)) } ?? .missing,
                .list(made.inserted.map(DQLValue.text)), .list(made.removed.map(DQLValue.text)),
                .text(made.derived.notes.joined(separator: " ")),
            ]
        }
        return QueryAnswer(
            columns: ["name", "source", "layers", "parameters", "inserted", "removed", "notes"],
            rows: rows
        )
    }
}
