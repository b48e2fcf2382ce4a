import Catalog
import DQLSyntax
import Foundation
import TestSupport
import Testing

@testable import DQLExecution

struct QueryTests {
    private let zoo: Zoo

    init() throws {
        zoo = try Zoo()
        try zoo.addTrainingRuns()
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
        try zoo.save("select m where m.version = 2", as: "second")
        #expect(try zoo.answer(text).links.map(\.name).joined(separator: " ") == links)
    }

    @Test
    func tablesShowAllFactsOrChosenOnes() throws {
        let all = try zoo.answer("select m where m.version = 1")
        #expect(all.columns == [
            "name", "version", "created", "parents", "tags", "config.lr", "config.optimizer", "loss",
        ])
        #expect(tsv(all).split(separator: "\n")[1] == "a/b\tv1\t2025-12-31T23:59:59Z\t\tbest,x\t0.1\tsgd\t0.5")
        let chosen = try zoo.answer("select m.name, m[\"loss\"] where m.version = 2")
        #expect(tsv(chosen) == "m.name\tm[\"loss\"]\na/b\t\nlenet\t0.3\n")
        #expect(json(chosen).contains(#"{"m.name": "a/b", "m[\"loss\"]": null}"#))
        #expect(try tsv(zoo.answer("select count(m) where m.version = 2")) == "count\n2\n")
        #expect(try json(zoo.answer("select m where m.version = 9")) == "[]\n")
    }

    private func tsv(_ answer: QueryAnswer) -> String { String(decoding: answer.tsv(), as: UTF8.self) }

    private func json(_ answer: QueryAnswer) -> String { String(decoding: answer.json(), as: UTF8.self) }

    @Test(arguments: [
        ("select m where m.nam = \"a\"", "name"), ("select m where m.config.l < 1", "lr"),
        ("select m where m[\"los\"] < 1", "loss"), ("select m where m.name = 1", "cannot be compared"),
        ("select m where m.version = \"1\"", "cannot be compared"),
        ("select m where m.creation_time > \"yesterday\"", "UTC"),
        ("select m where x.name = \"a\"", "variable"), ("select m from \"secnd\"", "second"),
        ("select m where m.config = 1", "config.lr"), ("select m where m.tags < \"a\"", "order"),
        ("select m where m.version like \"1\"", "needs a text"),
        ("select m where 1 in m.name", "is no list"),
        ("select m where m.name = lenet", "double quotes"),
        ("select m where m.name = null", "is missing"),
        ("select m where m.config.lr = true", "holds numbers, such as 0.1 in a/b@v1"),
        ("select m where m.finite > true", "no order"), ("select m where m.name", "no truth value"),
        ("select m where 1 = 1", "must stand on one side"),
        ("select mean(m[\"loss\"])", "min"), ("select min(m.name)", "of a measurement"),
        ("select m where m[\"conv*\"].next", "has"), ("select m where m[\"conv*\"].nxt.norm > 1", "next"),
        ("select m where m[\"conv*\"].nrom > 1", "norm"),
        ("select m where m[\"conv[\"].next has RELU", "conv["),
        ("select m where m[\"a\"] has RLU", "RELU"), ("select m where m[\"a\"] has RELU(\"r$1\")", "captures"),
        ("select m where m.name at 3 = \"a\"", "iteration"), ("select m, x from \"second\" y", "variable"),
        ("select a, b from \"second\", \"second\" c", "variable"),
        ("select m from (select count)", "answers a number"),
        ("select m from (select a, b where a.parent = b)", "several variables"),
        ("slice n from m mutate n.input = m[\"a\"]", "needs an output"),
        ("slice n from m mutate m[\"a\"].delete", "construct"),
        ("construct n from m mutate n.input = m[\"a\"]", "slice"),
        ("slice n from m mutate x.input = m[\"a\"] and n.output = m[\"b\"]", "did you mean 'n'"),
        ("select m from (evaluate x with config = \"c\")", "committed"),
        ("evaluate x with config = \"c\" vary config.zzz auto", "'auto' knows"),
        ("evaluate x with config = \"c\" vary config.lr in [1, \"a\"]", "different kinds"),
        ("evaluate x with config = \"c\" keep top(0, x[\"loss\"], 1)", "Nothing would be kept"),
        ("evaluate x with config = \"c\" keep top(3, y[\"loss\"], 1)", "variable"),
        ("evaluate x with config = \"c\"", "does not train"),
    ])
    func mistakesAreErrorsWithAHint(text: String, hint: String) throws {
        try zoo.save("select m", as: "second")
        let error = try #require(throws: DQLError.self) { try zoo.answer(text) }
        let whole = error.message + " " + (error.hint ?? "")
        #expect(whole.contains(hint), "\(whole)")
    }

    @Test
    func queriesThatSelectFromThemselvesAreRefused() throws {
        try zoo.save("select m from \"b\"", as: "a")
        try zoo.save("select m from \"a\"", as: "b")
        try zoo.save("selct", as: "broken")
        let error = try #require(throws: DQLError.self) {
            try DQLQuery("select m from \"b\"", name: "a", archive: zoo.facts)
        }
        #expect(error.message.contains("itself: 'a' from 'b' from 'a'"))
        let direct = try #require(throws: DQLError.self) {
            try DQLQuery("select m from \"c\"", name: "c", archive: zoo.facts)
        }
        #expect(direct.message.contains("itself"))
        let broken = try #require(throws: DQLError.self) { try zoo.answer("select m from \"broken\"") }
        #expect(broken.rendered(source: "select m from \"broken\"", name: "q").contains("broken.dql:1:1"))
    }

    @Test
    func dependenciesAreAllQueriesReached() throws {
        try zoo.save("select m from \"b.dql\"", as: "a")
        try zoo.save("select m", as: "b")
        let text = "select m from (select x from \"a\")"
        #expect(try DQLQuery(text, archive: zoo.facts).dependencies.keys.sorted() == ["a", "b"])
        let reached = try DQLQuery.reachedQueries(from: Array(text.utf8), archive: zoo.facts)
        #expect(reached.keys.sorted() == ["a", "b"])
    }

    @Test
    func queriesAreReadFromFilesOnlyWhereThatIsAllowed() throws {
        let path = try zoo.directory.write(Array("select m where m.version = 2".utf8), to: "dir/two.dql")
        let text = "select m from \"\(path)\""
        #expect(throws: DQLError.self) { try zoo.answer(text) }
        let facts = ArchiveFacts(catalog: zoo.catalog, queriesPath: zoo.directory.path, readsFiles: true)
        #expect(try DQLQuery(text, archive: facts).run(limits: .mount).links.count == 2)
    }

    @Test
    func limitsAndCancellationEndAQuery() throws {
        let query = try DQLQuery("select m where m.version > 0", archive: zoo.facts)
        var limits = QueryLimits(seconds: 60, rowCount: 3, advice: "try harder")
        let error = try #require(throws: DQLError.self) { try query.run(limits: limits) }
        #expect(error.code == .limit && error.hint == "try harder")
        #expect(throws: DQLError.self) { try query.run(limits: .mount) { true } }
        limits.seconds = 0
        #expect(throws: DQLError.self) { try query.run(limits: limits) }
    }

    @Test
    func anEmptyArchiveKnowsNoNamesAndMindsNone() throws {
        #expect(try Zoo().answer("select m where m[\"loss\"] < 1").rows.isEmpty)
    }
}
