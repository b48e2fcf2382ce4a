import Testing

@testable import DQLExecution

struct LikePatternTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("%", "", true), ("%", "anything", true),
        ("a%", "abc", true), ("a%", "ba", false), ("%c", "abc", true), ("%b%", "abc", true),
        ("a_c", "abc", true), ("a_c", "ac", false), ("_", "é", true), ("__", "é", false),
        ("%ab", "aab", true), ("a%b%c", "a-b-b-c", true), ("a%b%c", "a-c-b", false),
        ("%%%", "x", true), ("100\\%", "100%", true), ("100\\%", "1000", false),
        ("a\\_b", "a_b", true), ("a\\_b", "axb", false), ("a\\", "a\\", true),
        ("A%", "abc", false), ("a.c", "abc", false), ("[a]", "a", false),
    ])
    func wholeTextsMatch(_ pattern: String, _ text: String, _ isMatch: Bool) {
        #expect(LikePattern(pattern).matches(text) == isMatch)
    }

    @Test
    func fewWildcardsAreSQLitesToo() {
        #expect(LikePattern("a%_[*\\%?").glob == "a*?[[][*]%[?]")
        #expect(LikePattern("%a%b%c%").glob == nil)
    }

    @Test
    func manyWildcardsAreNotManyTries() {
        let pattern = LikePattern(String(repeating: "%a", count: 50) + "%b")
        #expect(!pattern.matches(String(repeating: "a", count: 5000)))
    }
}
