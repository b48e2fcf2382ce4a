import Catalog
import TestSupport
import Testing

@testable import Archive

struct CommitRulesTests {
    @Test(arguments: [
        ("lenet_iter_10000.caffemodel", 10000), ("checkpoint-500/model.safetensors", 500),
        ("run/step=1000.safetensors", 1000), ("epoch_3.npz", 3), ("epoch=3-loss=0.25.npz", 3),
        ("global_step250/weights.npz", 250), ("ckpt-7.safetensors", 7), ("EPOCH12.npy", 12),
    ])
    func trainersWordsTellTheIteration(path: String, iteration: Int64) {
        let match = IterationPattern.match(path)
        #expect(match?.iteration == iteration && match?.isExplicit == true)
    }

    @Test
    func otherNumbersTellNothingByThemselves() {
        #expect(IterationPattern.match("base_03.safetensors")?.isExplicit == false)
        #expect(IterationPattern.match("base_03.safetensors")?.iteration == 3)
        #expect(IterationPattern.match("model-00001-of-00002.safetensors") == nil)
        #expect(IterationPattern.match("llama7b.safetensors") == nil)
        #expect(IterationPattern.match("lenet5.safetensors") == nil)
        #expect(IterationPattern.match("stepwise.npz") == nil)
        #expect(IterationPattern.match("iter_99999999999999999999.npz") == nil)
    }

    private func snapshots(
        _ paths: [String],
        named: [CommitRequest.SnapshotAssignment] = []
    ) throws -> [String] {
        let assignment = try SnapshotAssigner.assign(
            files: paths.map { ($0, "/src/" + $0) },
            isMember: paths.map { !$0.hasSuffix(".txt") },
            named: named
        )
        return zip(paths, assignment.ordinals).map { path, ordinal in
            guard let ordinal else { return "\(path) -" }
            let snapshot = assignment.snapshots[ordinal]
            return "\(path) \(snapshot.name)\(snapshot.isNumbered ? "?" : "")"
        }
    }

    @Test
    func aSeriesMakesSnapshots() throws {
        #expect(try snapshots(["base_10.st", "base_2.st", "notes.txt"]) == [
            "base_10.st 10", "base_2.st 2", "notes.txt -",
        ])
    }

    @Test
    func oneFileIsOneNumberedSnapshot() throws {
        #expect(try snapshots(["base_03.st"]) == ["base_03.st 0?"])
        #expect(try snapshots(["model-00001-of-00002.st", "model-00002-of-00002.st"]) == [
            "model-00001-of-00002.st 0?", "model-00002-of-00002.st 0?",
        ])
    }

    @Test
    func theFinalModelFollowsItsCheckpoints() throws {
        #expect(try snapshots(["checkpoint-500/model.st", "model.st"]) == [
            "checkpoint-500/model.st 500", "model.st 501?",
        ])
    }

    @Test
    func twoSeriesAreToldApartByTheirStems() throws {
        #expect(try snapshots(["base_1.st", "base_2.st", "ema_1.st", "ema_2.st"]) == [
            "base_1.st 1-base", "base_2.st 2-base", "ema_1.st 1-ema", "ema_2.st 2-ema",
        ])
    }

    @Test
    func whatTheUserSaysComesFirst() throws {
        let named = [
            CommitRequest.SnapshotAssignment(iteration: 7, label: "x", path: "/src/base_1.st"),
            CommitRequest.SnapshotAssignment(iteration: 9, path: "/src/folder"),
        ]
        #expect(try snapshots(["base_1.st", "folder/a.st"], named: named) == [
            "base_1.st 7-x", "folder/a.st 9",
        ])
        #expect(throws: ArchiveError.self) { try snapshots(["other.st"], named: named) }
    }

    @Test
    func rolesFollowTheNames() {
        let rules = RoleRules(weightsPattern: nil)
        #expect(rules.role(of: "a/model.safetensors", isMapped: true) == .weights)
        #expect(rules.role(of: "a/optimizer.npz", isMapped: true) == .optimizer)
        #expect(rules.role(of: "optimal.npz", isMapped: true) == .weights)
        #expect(rules.role(of: "rng_state.npz", isMapped: true) == .auxiliary)
        #expect(rules.role(of: "config.json", isMapped: false) == .auxiliary)
        let own = RoleRules(weightsPattern: "ema*.npz")
        #expect(own.role(of: "x/ema_1.npz", isMapped: true) == .weights)
        #expect(own.role(of: "model.npz", isMapped: true) == .auxiliary)
    }

    @Test(arguments: [
        ("log.csv", "step,loss,note\n10,0.5,\"a, b\"\n20,nan,x\n"),
        ("log.tsv", "step\tloss\tnote\n10\t0.5\ta\n20\tNaN\tx\n"),
        ("log.jsonl", "{\"step\": 10, \"loss\": 0.5}\n{\"loss\": \"nan\", \"step\": 20}\n"),
        ("log.json", "[{\"step\": 10, \"loss\": 0.5}, {\"step\": 20, \"loss\": \"nan\"}]"),
    ])
    func logsOfEveryFormGiveTheSame(name: String, text: String) throws {
        let directory = try TemporaryDirectory()
        let entries = try MeasurementLog.read(try directory.write(Array(text.utf8), to: name))
        #expect(entries.map(\.name) == ["loss", "loss"])
        #expect(entries.map(\.iteration) == [10, 20])
        #expect(entries[0].value == 0.5 && entries[1].value.isNaN)
    }

    @Test(arguments: ["a,b\n1\n", "step,loss\nx,1\n", "{\"a\": 1}\n{]\n", "[1, 2]", "step\n1e300\n"])
    func brokenLogsAreNamedWithTheirLine(text: String) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(Array(text.utf8), to: "log")
        let error = #expect(throws: ArchiveError.self) { try MeasurementLog.read(path) }
        #expect(error?.message.contains(path) == true)
    }
}
