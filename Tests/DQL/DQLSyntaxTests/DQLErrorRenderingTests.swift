import DQLSyntax
import Testing

struct DQLErrorRenderingTests {
    private func rendered(_ text: String, name: String? = "q") throws -> String {
        let error = try #require(throws: DQLError.self) { try Parser.parse(text) }
        return error.rendered(source: text, name: name)
    }

    @Test
    func theLineIsShownWithACaret() throws {
        #expect(
            try rendered("select m wher m.name = 1") == """
                q.dql:1:10: error: Expected 'from', 'where', 'order by', 'limit' or the end of the query, \
                found 'wher'.
                  select m wher m.name = 1
                           ^^^^
                  hint: did you mean 'where'?

                """
        )
    }

    @Test
    func linesAndColumnsCountFromOneInCharacters() throws {
        let text = try rendered("select m -- é\r\nwhere \"größe\" in m.tags x\r\n")
        #expect(text.hasPrefix("q.dql:2:25: error: "))
        #expect(text.contains("\n  where \"größe\" in m.tags x \n" + String(repeating: " ", count: 26) + "^\n"))
    }

    @Test
    func theEndOfTheTextIsAPlaceToo() throws {
        #expect(try rendered("select m where", name: nil).hasPrefix("query:1:15: error: "))
        #expect(try rendered("select m where\n").hasPrefix("q.dql:2:1: error: "))
        #expect(try rendered("").hasPrefix("q.dql:1:1: error: "))
    }

    @Test
    func longLinesAreCutAroundTheCaret() throws {
        let filler = String(repeating: "m.version = 1 and ", count: 1000)
        let lines = try rendered("select m where " + filler + "??? and " + filler).split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines[1].count < 130)
        let caret = try #require(lines[2].firstIndex(of: "^"))
        let offset = lines[2].distance(from: lines[2].startIndex, to: caret)
        #expect(lines[1].dropFirst(offset).first == "?")
    }

    @Test
    func whatATerminalWouldObeyIsNotShown() throws {
        let text = try rendered("select m \u{1B}[31m \u{202E}")
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x202E })
    }

    @Test
    func anErrorOfASavedQueryShowsThatQuery() {
        let origin = DQLError.Origin(name: "inner", text: Array("select x\nfrom y z".utf8))
        let error = DQLError(.syntax, "Wrong.", at: SourceRange(14, 15)).located(in: origin)
        #expect(
            error.rendered(source: "select m from \"inner\"", name: "outer")
                == "inner.dql:2:6: error: Wrong.\n  from y z\n       ^\n"
        )
    }

    @Test
    func aRangeBeyondTheTextIsItsEnd() {
        let error = DQLError(.syntax, "Wrong.", at: SourceRange(90, 99))
        #expect(error.rendered(source: "abc", name: nil).hasPrefix("query:1:4: error: Wrong."))
    }
}
