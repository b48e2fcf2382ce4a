import DQLSyntax
import Testing

struct ParserTests {
    /// Queries in the form they are printed in.
    static let printed = [
        "select m",
        "select m where m.name like \"alexnet_%\"",
        "select m from \"best\"",
        "select m from \"best\" m where m.version = 3",
        "select m from versions m",
        "select m from (select x from \"a\" where x.version > 1 limit 3) m order by m.name",
        "select m.name, m[\"loss\"], m[\"loss\"] at 100, m.config.lr",
        "select count",
        "select count(m) where m.tags = \"best\"",
        "select m where m.config.optimizer.name = \"adam\" and m.config[\"weight-decay\"] < 0.1",
        "select m where m.version in (1, 2, 3) or m.creation_time between \"2015\" and \"2016-02\"",
        "select m where not (m.version = 1 or m.version = 2) and \"best\" in m.tags",
        "select m where not m.parents is missing",
        "select m where m.config.nesterov = true and 0.1 <= m[\"loss\"]",
        "select m where m.config.where.at = -1e-05 order by m[\"loss\"] desc, m.name limit 0",
        "select m where (m.a = 1 and m.b = 2) and m.c = \"q\\\"\\\\\\n\\t\"",
        "select m1, m2 from versions m1, \"best\" m2 where m1.parent = m2 and m1[\"conv1\"] = m2[\"conv1\"]",
        "select s from snapshots s where s[\"accuracy\"] > 0.99",
        "select m.name as model, min(m[\"loss\"]) as best order by min(m[\"loss\"]) limit 3",
        "select count(m[\"conv*\"]), m.name where count(m[\"fc*\"]) >= 2",
        "select m where not m.finite or m[\"conv.*\"].norm > 10",
        "select m where m[\"conv[1,3,5]\"].next has POOL(\"MAX\")",
        "select m where not m[\"a\"].next.prev has CONV(kernel=[3, 3], stride=1)",
        "select m where m.nodes has ATTENTION",
        "slice m2 from versions m1 where m1.name like \"a%\" mutate m2.input = m1[\"conv1\"] and m2.output = m1[\"fc7\"]",
        "construct m2 from versions m1 where m1[\"conv*($1)\"].next has POOL(\"AVG\") mutate m1[\"conv*($1)\"].insert = RELU(\"relu$1\")",
        "construct m2 from \"a\" m1 mutate m1[\"a\"].delete and m1[\"b\"].delete = m1[\"c\"]",
        "evaluate m from \"query3\" where m.parameters < 1000 with config = \"p\" vary config.base_lr in [0.1, 0.01] and config.net[\"conv*\"].lr auto keep top(5, m[\"loss\"], 100) and threshold(m[\"accuracy\"] > 0.5, 10) and budget(60.0)",
        "explain select m from (slice a from versions b mutate a.input = b[\"x\"])",
    ]

    @Test(arguments: printed)
    func printingWhatWasParsedGivesTheTextAgain(_ text: String) throws {
        #expect(try Parser.parse(text).description == text)
    }

    @Test(arguments: [
        ("SELECT m WHERE m.version IS NOT MISSING", "select m where not m.version is missing"),
        ("select m where m.version not in [1]", "select m where not m.version in (1)"),
        ("select m where \"a\" not in m.tags;", "select m where not \"a\" in m.tags"),
        ("select m where ((m.a = 1))", "select m where m.a = 1"),
        ("select m from m where m.a not between 1 and 2 and m.b = 1",
            "select m from versions m where not m.a between 1 and 2 and m.b = 1"),
        ("select m where m.a = 1 or m.b = 2 and not m.c = 3",
            "select m where m.a = 1 or (m.b = 2 and not m.c = 3)"),
        ("select count(*) from models -- all\n", "select count from versions"),
        ("select m order by m.a asc, m.b DESC", "select m order by m.a, m.b desc"),
    ])
    func otherSpellingsMeanTheSame(_ text: String, _ printed: String) throws {
        #expect(try Parser.parse(text).description == printed)
    }

    @Test(arguments: [
        ("select m wher m.name = 1", 9, "did you mean 'where'?"),
        ("selec m", 0, "did you mean 'select'?"),
        ("select m from \"best\" wher m.version = 1", 21, "did you mean 'where'?"),
        ("select m where m.name lik \"a\"", 22, "did you mean 'like'?"),
        ("select m where m.name = missing", 24, "write 'is missing'"),
        ("select m order by m.name des", 25, "did you mean 'desc'?"),
        ("select *", 7, "'select m' selects whole versions"),
        ("select m from modles m", 14, "did you mean 'models'?"),
        ("select m from best b", 14, "write a saved query in double quotes: from \"best\""),
        ("  ", 2, "'select m' selects every version"),
    ])
    func errorsHaveAPlaceAndAHint(_ text: String, _ offset: Int, _ hint: String) throws {
        let error = try #require(throws: DQLError.self) { try Parser.parse(text) }
        #expect(error.range?.start == offset)
        #expect(error.hint == hint)
        #expect(error.message.hasSuffix("."))
    }

    /// The four queries of the ModelHub paper (ICDE 2017, section III-B), as they are printed there.
    static let published = [
        """
        select m1
        where m1.name like "alexnet_%" and m1.creation_time > "2015-11-22"
          and m1["conv[1,3,5]"].next has POOL("MAX")
        """,
        """
        slice m2 from m1
        where m1.name like "alexnet-origin%"
        mutate m2.input = m1["conv1"] and m2.output = m1["fc7"]
        """,
        """
        construct m2 from m1
        where m1.name like "alexnet-avgv1%" and m1["conv*($1)"].next has POOL("AVG")
        mutate m1["conv*($1)"].insert = RELU("relu$1")
        """,
        """
        evaluate m from "query3"
        with config = "path to config"
        vary config.base_lr in [0.1, 0.01, 0.001]
         and config.net["conv*"].lr auto
         and config.input_data in ["path1", "path2"]
        keep top(5, m["loss"], 100)
        """,
    ]

    @Test(arguments: published)
    func thePublishedQueriesAreReadAsPrinted(_ text: String) throws {
        let printed = try Parser.parse(text).description
        #expect(try Parser.parse(printed).description == printed)
    }

    @Test(arguments: [
        ("slice m2 from m1", "mutate"), ("slice m2 from m1, m3 mutate m2.input = m1[\"a\"]", "one source"),
        ("construct m from m1 mutate m1[\"a\"].insrt = RELU", "insert"),
        ("construct m from m1 mutate m1", ".insert"),
        ("evaluate m", "with"), ("evaluate m with config = 3", "path"),
        ("evaluate m with config = \"c\" vary lr in [1]", "config.base_lr"),
        ("evaluate m with config = \"c\" vary config.lr", "auto"),
        ("evaluate m with config = \"c\" keep tpo(1)", "top"),
        ("evaluate m with config = \"c\" keep top(5, m[\"loss\"])", "','"),
        ("select m where m has POOL", "selector"), ("select m where m[\"a\"] has 3", "POOL"),
    ])
    func mistakesInOtherQueriesAreExplained(_ text: String, _ word: String) throws {
        let error = try #require(throws: DQLError.self) { try Parser.parse(text) }
        #expect((error.message + (error.hint ?? "")).contains(word), "\(error)")
    }

    @Test(arguments: [
        "select", "select m,", "select m from", "select m where", "select m where m",
        "select m where m.name =", "select m where m.name = = 1", "select m where (m.name = 1",
        "select m where m.name = 1)", "select m limit", "select m limit -1", "select m limit 1.5",
        "select m limit 1 limit 2", "select m order m.name", "select m where m.version in ()",
        "select m where m.version in (1,)", "select m where 1 is missing", "select m.", "select m[1]",
        "select m; select m", "select m[\"loss\"] at \"x\"", "select count, m.name",
        "select m.name, count", "select m from (select m", "select m order by m.name where m.a = 1",
        "select m where 1 like \"a\"", "select m where m.a between 1 or 2", "where m.name = 1", "(",
        "select m where \"a\" in (1)", "select m where m.a not = 1", "\u{0}", "select m where not",
    ])
    func brokenQueriesAreRefused(_ text: String) throws {
        let error = try #require(throws: DQLError.self) { try Parser.parse(text) }
        #expect(error.code == .syntax)
        #expect(!error.message.isEmpty)
    }
}
