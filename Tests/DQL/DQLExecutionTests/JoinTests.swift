import Catalog
import DQLSyntax
import Testing

@testable import DQLExecution

struct JoinTests {
    private let zoo: Zoo

    init() throws {
        zoo = try Zoo()
        try zoo.addTrainingRuns()
    }

    @Test(arguments: [
        ("select m1, m2 where m1.parent = m2", "a+b@v2 a+b@v1 lenet@v2 lenet@v1"),
        ("select m1 from versions m1, versions m2 where m1.parent = m2", "a+b@v2 lenet@v2"),
        ("select m2 from versions m1, versions m2 where m2 in m1.parents", "a+b@v1 lenet@v1"),
        ("select m from versions m, versions p where m.parent = p and m[\"loss\"] > p[\"loss\"]", ""),
        ("select m from versions m, versions p where m.ancestor = p and p.tags = \"best\"", "a+b@v2"),
        ("select p from versions m, versions p where p.child = m and m.name = \"lenet\"", "lenet@v1"),
        ("select m where m.descendants is missing", "a+b@v2 lenet@v2"),
        ("select m where \"lenet@v1\" in m.ancestors", "lenet@v2"),
        ("select a from versions a, versions b where a != b and a.name = b.name and a.version < b.version",
            "a+b@v1 lenet@v1"),
        ("select a from versions a, versions b where a.config.optimizer = b.config.optimizer and a != b",
            "a+b@v1 a+b@v2 lenet@v2"),
        ("select s from snapshots s", "a+b@v1+0 a+b@v1+100 lenet@v2+100 lenet@v2+200"),
        ("select s from snapshots s where s[\"loss\"] < 0.6", "a+b@v1+100 lenet@v2+100"),
        ("select s from snapshots s where s[\"loss\"] is missing", "lenet@v2+200"),
        ("select s from snapshots s where s[\"loss\"] at 0 = 0.9 and s.iteration = 100", "a+b@v1+100"),
        ("select s from snapshots s order by s[\"loss\"] limit 2", "01-lenet@v2+100 02-a+b@v1+100"),
        ("select s from snapshots s, \"best\" m where s = m", "a+b@v1+0 a+b@v1+100"),
        ("select m where m.iteration = 200", "lenet@v2"),
    ])
    func rowsBelongTogether(text: String, links: String) throws {
        try zoo.save("select m where m.tags = \"best\"", as: "best")
        #expect(try zoo.links(text) == links)
    }

    @Test
    func rowsOfAJoinAreShownWithTheirReferences() throws {
        let answer = try zoo.answer("select m1, m2, m1[\"loss\"] as loss where m1.parent = m2")
        #expect(String(decoding: answer.tsv(), as: UTF8.self) == """
            m1\tm2\tloss
            a/b@v2\ta/b@v1\t
            lenet@v2\tlenet@v1\t0.3

            """)
    }

    @Test
    func aSmallProductIsFineAndALargeOneIsRefused() throws {
        #expect(try zoo.answer("select count from versions a, versions b").rows == [[.integer(16)]])
        let query = try DQLQuery("select a, b where a.name < b.name", archive: zoo.facts)
        let limits = QueryLimits(seconds: 9, rowCount: 99, combinationCount: 15, advice: "more")
        let error = try #require(throws: DQLError.self) { try query.run(limits: limits) }
        #expect(error.code == .limit)
        #expect(error.message.contains("4 × 4 combinations") && error.hint == "more")
    }

    @Test
    func explanationsSayWhoDidWhat() throws {
        let text = try zoo.answer(
            "select m1 from versions m1, versions m2 where m1.parent = m2 and m1.version = 2 and m1.ancestors is missing"
        ).explanation
        #expect(text.contains("m1: versions by SQLite where m1.version = 2: 2 rows"))
        #expect(text.contains("where m1.ancestors is missing: 0 rows"))
        #expect(text.contains("join"))
        let plan = try zoo.answer("explain select m where m.version = 1")
        #expect(plan.columns == ["plan"] && plan.links.isEmpty)
        #expect(plan.rows.count >= 3)
    }
}
