import DQLSyntax
import Synchronization
import Testing

@testable import DQLExecution

/// Versions and saved queries in memory.
struct MemorySource: VersionSource {
    var facts: [VersionFacts]
    var saved: [String: String] = [:]

    func versions(matching filter: VersionFilter) -> [VersionFacts] {
        facts.filter { filter.model == nil || $0.model == filter.model }
    }

    func savedQuery(named name: String) -> [UInt8]? {
        saved[name].map { Array($0.utf8) }
    }

    func savedQueryNames() -> [String] { saved.keys.sorted() }
}

struct QueryTests {
    private var source: MemorySource {
        func version(
            _ model: String,
            _ number: Int,
            _ time: String,
            lr: DQLValue?,
            losses: [Double],
            tags: [String] = []
        ) -> VersionFacts {
            var facts = VersionFacts(
                model: model,
                number: number,
                globalID: "id\(number)",
                creationTime: time,
                message: "message \(number)"
            )
            facts.tags = tags
            facts.parents = number > 1 ? ["\(model)@v\(number - 1)"] : []
            facts.hyperparameters = lr.map { ["lr": $0, "optimizer": .text("sgd")] } ?? [:]
            facts.measurements["loss"] = losses.enumerated().map {
                .init(iteration: Int64($0.offset * 100), value: $0.element)
            }
            return facts
        }
        return MemorySource(facts: [
            version("a/b", 1, "2025-12-31T23:59:59Z", lr: .number(0.1), losses: [0.9, 0.5], tags: ["best", "x"]),
            version("a/b", 2, "2026-01-01T00:00:00Z", lr: .integer(1), losses: [0.8, .nan]),
            version("lenet", 1, "2026-06-01T10:00:00Z", lr: nil, losses: []),
            version("lenet", 2, "2026-06-02T10:00:00Z", lr: .text("auto"), losses: [0.2, 0.3]),
        ])
    }

    private func answer(_ text: String, _ source: MemorySource? = nil) throws -> QueryAnswer {
        let source = source ?? self.source
        return try DQLQuery(compiling: Array(text.utf8), source: source)
            .run(source: source, limits: .mount)
    }

    @Test(arguments: [
        ("select m", "a+b@v1 a+b@v2 lenet@v1 lenet@v2"),
        ("select m where m.name = \"lenet\"", "lenet@v1 lenet@v2"),
        ("select m where m.name like \"%/_\"", "a+b@v1 a+b@v2"),
        ("select m where m.name like \"LENET\"", ""),
        ("select m where not m.name like \"a%\"", "lenet@v1 lenet@v2"),
        ("select m where m.version >= 2 and m.name < \"b\"", "a+b@v2"),
        ("select m where m.version in (2, 7)", "a+b@v2 lenet@v2"),
        ("select m where m.version between 1 and 1", "a+b@v1 lenet@v1"),
        ("select m where m.name in (\"lenet\")", "lenet@v1 lenet@v2"),
        ("select m where m.creation_time > \"2026\"", ""),
        ("select m where m.creation_time >= \"2026\"", "a+b@v2 lenet@v1 lenet@v2"),
        ("select m where m.creation_time = \"2026-06\"", "lenet@v1 lenet@v2"),
        ("select m where \"2026-06-01\" < m.creation_time", "lenet@v2"),
        ("select m where m.creation_time <= \"2026-01-01\"", "a+b@v1 a+b@v2"),
        ("select m where m.creation_time in (\"2025\", \"2026-06-02\")", "a+b@v1 lenet@v2"),
        ("select m where m.creation_time like \"2025%\"", "a+b@v1"),
        ("select m where m.config.lr < 1", "a+b@v1"),
        ("select m where m.config.lr = 1.0", "a+b@v2"),
        ("select m where m.config.lr = \"auto\"", "lenet@v2"),
        ("select m where m.config.lr is missing", "lenet@v1"),
        // Three-valued logic: what is missing is neither smaller nor not smaller.
        ("select m where not m.config.lr < 1", "a+b@v2"),
        ("select m where m.config.lr < 1 or m.version = 1", "a+b@v1 lenet@v1"),
        ("select m where m[\"loss\"] < 1", "a+b@v1 lenet@v2"),
        ("select m where m[\"loss\"] is missing", "a+b@v2 lenet@v1"),
        ("select m where m[\"loss\"] at 0 > 0.5", "a+b@v1 a+b@v2"),
        ("select m where min(m[\"loss\"]) < 0.6", "a+b@v1 lenet@v2"),
        ("select m where max(m[\"loss\"]) > 0.85", "a+b@v1"),
        ("select m where \"best\" in m.tags", "a+b@v1"),
        ("select m where m.tags = \"x\"", "a+b@v1"),
        ("select m where m.tags like \"b%\"", "a+b@v1"),
        ("select m where \"lenet@v1\" in m.parents", "lenet@v2"),
        ("select m order by m[\"loss\"]", "01-lenet@v2 02-a+b@v1 03-a+b@v2 04-lenet@v1"),
        ("select m order by m[\"loss\"] desc limit 2", "01-a+b@v1 02-lenet@v2"),
        ("select m order by m.name desc, m.version", "01-lenet@v1 02-lenet@v2 03-a+b@v1 04-a+b@v2"),
        ("select m limit 1", "a+b@v1"),
        ("select m from (select m where m.version = 2) where m.name = \"lenet\"", "lenet@v2"),
        ("select m from \"second\" where m.name like \"a%\"", "a+b@v2"),
    ])
    func queriesGiveTheirVersions(text: String, links: String) throws {
        var source = self.source
        source.saved["second"] = "select m where m.version = 2"
        #expect(try answer(text, source).links.map(\.name).joined(separator: " ") == links)
    }

    @Test
    func tablesShowAllFactsOrChosenOnes() throws {
        let all = try answer("select m where m.version = 1")
        #expect(all.columns == [
            "name", "version", "created", "parents", "tags", "config.lr", "config.optimizer", "loss",
        ])
        #expect(all.tsv.split(separator: "\n")[1] == "a/b\tv1\t2025-12-31T23:59:59Z\t\tbest,x\t0.1\tsgd\t0.5")
        let chosen = try answer("select m.name, m[\"loss\"] where m.version = 2")
        #expect(chosen.tsv == "m.name\tm[\"loss\"]\na/b\t\nlenet\t0.3\n")
        #expect(chosen.json.contains(#"{"m.name": "a/b", "m[\"loss\"]": null}"#))
        #expect(try answer("select count(m) where m.version = 2").tsv == "count\n2\n")
        #expect(try answer("select m where m.version = 9").json == "[]\n")
    }

    @Test(arguments: [
        ("select m where m.nam = \"a\"", "name"), ("select m where m.config.l < 1", "lr"),
        ("select m where m[\"los\"] < 1", "loss"), ("select m where m.name = 1", "quotes"),
        ("select m where m.version = \"1\"", "quotes"), ("select m where m.creation_time > \"yesterday\"", "UTC"),
        ("select m where x.name = \"a\"", "variable"), ("select m from \"secnd\"", "second"),
        ("select m where m.config = 1", "config.lr"), ("select m where m.tags < \"a\"", "larger"),
        ("select m where m.version like \"1\"", "texts"), ("select m where 1 in m.name", "list"),
    ])
    func mistakesAreErrorsWithAHint(text: String, hint: String) {
        var source = self.source
        source.saved["second"] = "select m"
        let error = #expect(throws: DQLError.self) { try answer(text, source) }
        let whole = (error?.message ?? "") + (error?.hint ?? "")
        #expect(whole.contains(hint), "\(whole)")
    }

    @Test
    func queriesThatSelectFromThemselvesAreRefused() {
        var source = self.source
        source.saved = ["a": "select m from \"b\"", "b": "select m from \"a\"", "broken": "selct"]
        let error = #expect(throws: DQLError.self) {
            try DQLQuery(compiling: Array("select m from \"b\"".utf8), named: "a", source: source)
        }
        #expect(error?.message.contains("itself") == true)
        let broken = #expect(throws: DQLError.self) { try answer("select m from \"broken\"", source) }
        #expect(broken?.message.contains("broken") == true && broken?.range == 14..<22)
    }

    @Test
    func dependenciesAreAllQueriesReached() throws {
        var source = self.source
        source.saved = ["a": "select m from \"b\"", "b": "select m"]
        let query = try DQLQuery(compiling: Array("select m from \"a\"".utf8), source: source)
        #expect(query.dependencies.keys.sorted() == ["a", "b"])
    }

    @Test
    func limitsAndCancellationEndAQuery() throws {
        let query = try DQLQuery(compiling: Array("select m where m.version > 0".utf8), source: source)
        #expect(throws: QueryFailure.self) {
            try query.run(source: source, limits: .init(duration: .seconds(60), rowCount: 3))
        }
        #expect(throws: QueryFailure.self) {
            try query.run(source: source, limits: .mount) { true }
        }
        #expect(throws: QueryFailure.self) {
            try query.run(source: source, limits: .init(duration: .zero, rowCount: 10))
        }
    }

    @Test
    func anEmptyArchiveKnowsNoNamesAndMindsNone() throws {
        #expect(try answer("select m where m[\"loss\"] < 1", MemorySource(facts: [])).rows.isEmpty)
    }

    @Test
    func patternsMatchInTimeThatIsBounded() {
        let pattern = LikePattern(String(repeating: "%a", count: 50) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2000)))
        #expect(LikePattern("a%_c").matches("axxc"))
        #expect(!LikePattern("a_").matches("a"))
        #expect(LikePattern("").matches("") && LikePattern("%").matches(""))
    }
}
