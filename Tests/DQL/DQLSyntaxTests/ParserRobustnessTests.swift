import DQLSyntax
import TestSupport
import Testing

struct ParserRobustnessTests {
    @Test(arguments: [
        "select m where " + String(repeating: "(", count: 10_000),
        "select m where " + String(repeating: "not ", count: 10_000) + "m.a = 1",
        String(repeating: "select m from (", count: 10_000),
    ])
    func deepNestingIsAnError(_ text: String) throws {
        let error = try #require(throws: DQLError.self) { try Parser.parse(text) }
        #expect(error.message.contains("levels deep"))
    }

    @Test
    func aLongChainIsNotDeep() throws {
        let terms = Array(repeating: "m.version = 1", count: 5000)
        #expect(throws: Never.self) {
            try Parser.parse("select m where " + terms.joined(separator: " and "))
        }
    }

    @Test
    func aMebibyteOfRandomBytesIsAnError() {
        var generator = SeededGenerator(seed: 1)
        var bytes: [UInt8] = []
        while bytes.count < 1 << 20 {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        #expect(throws: DQLError.self) { try Parser.parse(bytes) }
        let text = bytes.map { 32 + $0 % 95 }
        #expect(throws: DQLError.self) { try Parser.parse(text) }
    }

    @Test
    func randomTokensNeverCrashAndErrorsCanBeShown() {
        let pieces = [
            "select", "m", "from", "where", "(", ")", "[", "]", ",", ".", "=", "<", "1", "\"a\"", "and",
            "or", "not", "in", "like", "between", "is", "missing", "order", "by", "limit", "count", "at",
            "has", "x", "-", "\n", "\t", "é", "\"", ";", "*", "m.name = \"a\"", "m[\"loss\"]",
        ]
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<20, using: &generator)
            let text = (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }
                .joined(separator: " ")
            do throws(DQLError) {
                // What parses prints to something that parses to the same.
                let printed = try Parser.parse("select m " + text).description
                #expect(try Parser.parse(printed).description == printed)
            } catch {
                #expect(error.rendered(source: text, name: "q").contains("error: "))
            }
        }
    }
}
