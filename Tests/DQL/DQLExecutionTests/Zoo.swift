import Catalog
import DQLExecution
import Foundation
import ParameterStore
import Tensors
import TestSupport

@testable import DQLExecution

/// A catalog with versions in it, and saved queries: what queries run on, without weights.
final class Zoo: Sendable {
    let directory: TemporaryDirectory
    let catalog: Catalog

    var facts: ArchiveFacts { ArchiveFacts(catalog: catalog, queriesPath: directory.path) }

    init() throws {
        directory = try TemporaryDirectory()
        try Catalog.create(at: directory.path("catalog.sqlite"))
        catalog = try Catalog(path: directory.path("catalog.sqlite"), readOnly: false)
    }

    /// What a test says of a version.
    struct Version {
        var model: String
        var time = "2026-01-01"
        var message = ""
        var config: [String: String] = [:]
        var measurements: [String: [(Int64, Double)]] = [:]
        var tags: [String] = []
        var parents: [VersionRecord] = []
        var snapshots: [Int64] = []
    }

    @discardableResult
    func add(_ version: Version) throws -> VersionRecord {
        let number = try catalog.nextNumber(of: version.model)
        var commit = CommitRecord(
            model: version.model,
            number: number,
            globalID: GlobalID(),
            creationTime: TimeSpan(version.time)?.start ?? 0,
            message: version.message
        )
        commit.tags = version.tags
        commit.parents = version.parents.map(\.globalID)
        commit.hyperparameters = version.config.map { ($0.key, $0.value) }
        commit.snapshots = version.snapshots.enumerated().map {
            SnapshotRecord(ordinal: $0.offset, iteration: $0.element, label: "", isNumbered: false)
        }
        for (name, series) in version.measurements {
            commit.measurements += series.map {
                MeasurementRecord(name: name, iteration: $0.0, value: $0.1)
            }
        }
        let id = try catalog.insert(commit)
        guard let record = try catalog.version(id) else { throw CocoaError(.fileNoSuchFile) }
        return record
    }

    func save(_ text: String, as name: String) throws {
        try directory.write(Array(text.utf8), to: "\(name).dql")
    }

    func answer(_ text: String, planner: Planner = Planner()) throws -> QueryAnswer {
        try DQLQuery(text, archive: facts).run(limits: .mount, planner: planner)
    }

    /// The names of the links, in order.
    func links(_ text: String) throws -> String {
        try answer(text).links.map(\.name).joined(separator: " ")
    }

    /// Four versions of two models, with what was logged of them.
    func addTrainingRuns() throws {
        let first = try add(
            Version(
                model: "a/b", time: "2025-12-31T23:59:59",
                config: ["lr": "0.1", "optimizer": "\"sgd\""],
                measurements: ["loss": [(0, 0.9), (100, 0.5)]], tags: ["best", "x"],
                snapshots: [0, 100]
            )
        )
        try add(
            Version(
                model: "a/b", config: ["lr": "1", "optimizer": "\"sgd\""],
                measurements: ["loss": [(0, 0.8), (100, .nan)]], parents: [first]
            )
        )
        let lenet = try add(Version(model: "lenet", time: "2026-06-01T10"))
        try add(
            Version(
                model: "lenet", time: "2026-06-02T10",
                config: ["lr": "\"auto\"", "optimizer": "\"sgd\""],
                measurements: ["loss": [(0, 0.2), (100, 0.3)]], parents: [lenet],
                snapshots: [100, 200]
            )
        )
    }
}
