import TestSupport
import Testing

@testable import DQLSyntax

struct ParserTests {
    private func parse(_ text: String) throws(DQLError) -> SelectSyntax {
        try Parser.parse(Array(text.utf8))
    }

    @Test
    func theWholeLanguageIsRead() throws {
        let query = try parse(
            """
            -- a comment
            SELECT m.name, m["loss"] at 100 # another
            from "saved" m
            where m.name like "lenet%" and not (m.config.lr >= 1e-3 or m["loss"] is not missing)
              and m.version in (1, 2) and m.version not between 1 and 3 and "best" in m.tags
            order by m["loss"] desc, m.name asc limit 10
            """
        )
        #expect(query.variable == "m" && query.limit == 10)
        #expect(query.order.map(\.isDescending) == [true, false])
        guard case .columns(let columns) = query.selection else {
            Issue.record("no columns")
            return
        }
        #expect(columns.map(\.name) == ["m.name", "m[\"loss\"] at 100"])
        guard case .saved(name: "saved", _) = query.source else {
            Issue.record("no saved query")
            return
        }
    }

    @Test
    func precedenceIsNotThenAndThenOr() throws {
        let query = try parse("select m where m.a = 1 or not m.b = 2 and m.c = 3")
        guard case .or(_, .and(.not, _))? = query.condition else {
            Issue.record("\(String(describing: query.condition))")
            return
        }
    }

    @Test(arguments: [
        "select m", "select m1", "select *", "select count(m)", "select count(*) where m.version = 1",
        "select m from (select m where m.version > 1) where m.name = \"a\"", "select m from \"q\"",
        "select x from \"q\" x", "select m from versions m", "select m where m[\"a\"] <> -1.5",
        "select m order by max(m[\"loss\"])", "select m limit 0",
        "select m where m.message = \"\\\"\\\\\\n\\t\\'\"", "select m where m.a in [1]",
    ])
    func goodQueries(text: String) throws {
        _ = try parse(text)
    }

    @Test(arguments: [
        ("", 0, "'select'"), ("selct m", 0, "'select'"), ("select", 6, "a variable"),
        ("select m wher m.a = 1", 9, "the end of the query"),
        ("select m where", 14, "a value"), ("select m where m.a", 18, "a comparison"),
        ("select m where m.a = ", 21, "a value"), ("select m where (m.a = 1", 23, "')'"),
        ("select m where m.a = 'x'", 21, "double quotes"), ("select m where m.a = \"x", 21, "end"),
        ("select m limit x", 15, "a whole number"), ("select m order m.a", 15, "'by'"),
        ("select m where m[\"conv\"].next has POOL(\"MAX\")", 15, "later release"),
        ("select m where m[\"conv\"] has POOL(\"MAX\")", 15, "later release"),
        ("slice m2 from m1", 0, "later release"), ("construct m from x", 0, "later release"),
        ("select a, b", 8, "later release"), ("select s from snapshots s", 14, "later release"),
        ("select m from \"a\", \"b\"", 17, "later release"), ("select m where m = 1", 15, "fact"),
        ("select m where 1x = 2", 15, "no number"), ("select m where m.a § 1", 19, "begins with"),
        ("select m where \"a\\q\" = m.a", 17, "escapes"), ("select a from \"q\" b", 18, "named 'b'"),
    ])
    func mistakesAreFoundWhereTheyAre(text: String, offset: Int, words: String) {
        let error = #expect(throws: DQLError.self) { try parse(text) }
        #expect(error?.range.lowerBound == offset, "\(String(describing: error))")
        let whole = (error?.message ?? "") + (error?.hint ?? "")
        #expect(whole.contains(words), "\(whole)")
    }

    @Test
    func errorsShowLineColumnAndCaret() {
        let text = "select m\nwhere m.name lik \"a\""
        let error = #expect(throws: DQLError.self) { try parse(text) }
        let rendered = error?.rendered(in: Array(text.utf8), name: "best.dql") ?? ""
        let lines = rendered.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("best.dql:2:14: error: Expected a comparison"))
        #expect(lines[1] == "where m.name lik \"a\"")
        #expect(lines[2] == "             ^~~")
        #expect(lines[3] == "did you mean 'like'?")
    }

    @Test
    func hostileTextsEndInAnError() {
        let open = "select m where " + String(repeating: "(", count: 10_000)
        #expect(throws: DQLError.self) { try parse(open) }
        let not = "select m where " + String(repeating: "not ", count: 10_000)
        #expect(throws: DQLError.self) { try parse(not) }
        let nested = String(repeating: "select m from (", count: 10_000)
        #expect(throws: DQLError.self) { try parse(nested) }
        let long = Array(repeating: UInt8(ascii: "x"), count: 2 << 20)
        #expect(throws: DQLError.self) { try Parser.parse(long) }
        #expect(throws: DQLError.self) { try Parser.parse([0xFF, 0xFE, 0]) }
    }

    @Test
    func randomTextsNeverCrash() {
        var generator = SeededGenerator(seed: 1)
        let words = [
            "select", "m", "where", "(", ")", "[", "]", "\"", "and", "or", "not", ".", "a", "=", "1", "in",
            "like", "between", "limit", "order", "by", "from", ",", "min", "max", "count", "at", "is",
            "missing", "\n", "-", "--", "é",
        ]
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<20, using: &generator)
            let text = (0..<count).map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }
            do throws(DQLError) {
                _ = try parse(text.joined(separator: " "))
            } catch {
                _ = error.rendered(in: Array(text.joined(separator: " ").utf8), name: "x")
            }
        }
    }

    @Test
    func nearWordsAreSuggested() {
        #expect(Spelling.nearest(to: "nmae", among: ["name", "tags"]) == "name")
        #expect(Spelling.nearest(to: "xyz", among: ["name", "tags"]) == nil)
        #expect(Spelling.nearest(to: "LOSS", among: ["loss"]) == "loss")
    }
}
