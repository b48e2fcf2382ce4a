import DQLSyntax
import TestSupport
import Testing

struct LexerTests {
    private func kinds(_ text: String) throws -> [Token.Kind] {
        var lexer = try Lexer(Array(text.utf8))
        var kinds: [Token.Kind] = []
        while true {
            let token = try lexer.next()
            if token.kind == .end { return kinds }
            kinds.append(token.kind)
        }
    }

    @Test
    func keywordsAreReadInAnyCaseAndNamesAreNot() throws {
        #expect(
            try kinds("SELECT m Where") == [
                .keyword(.select, spelling: "SELECT"), .word("m"),
                .keyword(.where, spelling: "Where"),
            ]
        )
    }

    @Test(arguments: [
        ("1", Token.Kind.integer(1)), ("-1", .integer(-1)), ("+7", .integer(7)),
        ("0.5", .number(0.5)), (".5", .number(0.5)), ("-1e-3", .number(-0.001)),
        ("1E+2", .number(100)), ("5.", .number(5)),
        ("9223372036854775807", .integer(.max)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    ])
    func numbersKeepTheirKind(_ text: String, _ kind: Token.Kind) throws {
        #expect(try kinds(text) == [kind])
    }

    @Test(arguments: ["3x", "1e", "1e+", "1e999", "0x10", "1_000", "1.5.2e", "١"])
    func whatIsNoNumberIsRefused(_ text: String) {
        #expect(throws: DQLError.self) { try kinds(text) }
    }

    @Test
    func stringsResolveTheirEscapes() throws {
        #expect(try kinds(#""a\"b\'c\\d\ne\tf""#) == [.string("a\"b'c\\d\ne\tf")])
        #expect(try kinds("\"größe 漢字\"") == [.string("größe 漢字")])
    }

    @Test(arguments: ["\"open", "\"two\nlines\"", #""bad \q""#, #""end\"#])
    func brokenStringsAreRefused(_ text: String) {
        #expect(throws: DQLError.self) { try kinds(text) }
    }

    @Test
    func commentsAndBlanksAreSkipped() throws {
        #expect(try kinds("a -- b\n# c\r\n\td#e") == [.word("a"), .word("d")])
    }

    @Test
    func longSymbolsComeBeforeShortOnes() throws {
        #expect(
            try kinds("<= < >= > != =") == [
                .symbol(.lessOrEqual), .symbol(.less), .symbol(.greaterOrEqual), .symbol(.greater),
                .symbol(.notEqual), .symbol(.equal),
            ]
        )
    }

    @Test(arguments: [
        ("'a'", "double quotes"), ("==", "'='"), ("<>", "'!='"), ("!", "'!='"), ("&&", "'and'"),
        ("||", "'or'"), ("//", "comment"),
    ])
    func otherLanguagesSymbolsGetAHint(_ text: String, _ hint: String) throws {
        let error = try #require(throws: DQLError.self) { try kinds(text) }
        #expect(error.hint?.contains(hint) == true)
    }

    @Test
    func bytesThatAreNotUTF8AreNamedWithTheirPlace() throws {
        let error = try #require(throws: DQLError.self) {
            try Lexer(Array("select é".utf8) + [0x20, 0xFF, 0x20])
        }
        #expect(error.range == SourceRange(10, 11))
        #expect(error.message.contains("0xff"))
        #expect(throws: DQLError.self) { try Lexer([0xE2, 0x82]) }
    }

    @Test
    func aTextThatIsTooLongIsRefused() {
        #expect(throws: DQLError.self) {
            try Lexer([UInt8](repeating: 0x20, count: Lexer.byteCountMax + 1))
        }
    }
}
