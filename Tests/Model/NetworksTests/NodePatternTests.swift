import Networks
import Testing

struct NodePatternTests {
    @Test(arguments: [
        ("conv1", "conv1", true), ("conv1", "conv11", false), ("conv1", "Conv1", false),
        ("conv*", "conv1_2", true), ("conv*", "conv", true), ("conv*", "deconv1", false),
        ("conv?", "conv1", true), ("conv?", "conv", false), ("conv?", "conv12", false),
        ("conv[1,3,5]", "conv3", true), ("conv[1,3,5]", "conv2", false),
        ("conv[1,3,5]", "conv,", true), ("conv[2-4]_[^1]", "conv3_2", true),
        ("conv[2-4]_[^1]", "conv3_1", false), ("*", "anything/at all", true),
        ("*1x1", "inception_3a/1x1", true), ("inception_3a/*", "inception_3a/pool_proj", true),
        ("layers.[0-9]+.attn", "layers.11.attn", true),
        ("layers.[0-9]+.attn", "layers..attn", false),
        ("layers.*attn", "layers.0.attn", true), ("a.?b", "ab", true), ("a.?b", "axb", true),
        ("a.?b", "axxb", false), ("(conv|fc)[12]", "fc2", true), ("(conv|fc)[12]", "fc3", false),
        ("(ab)*", "ababab", true), ("(ab)*", "aba", false), ("(ab)+", "", false),
        ("a\\*b", "a*b", true), ("a\\*b", "axb", false), ("a+b", "a+b", true),
        ("conv_?", "conv_é", true), ("conv_?", "conv_日", true), ("[^a]", "日", true),
        ("x-*", "x-1", true), ("[]]", "]", true), ("[a-]", "-", true),
    ])
    func matchesWholeNames(pattern: String, name: String, isExpected: Bool) throws {
        #expect(try NodePattern(pattern).matches(name) == isExpected)
    }

    @Test func capturesWhatTheWildcardBeforeMatched() throws {
        let pattern = try NodePattern("conv*($1)")
        #expect(pattern.captures(in: "conv3_2") == [1: "3_2"])
        #expect(pattern.captures(in: "pool3") == nil)
        let two = try NodePattern("layer[0-9]+($1).*($2)")
        #expect(two.captures(in: "layer12.conv") == [1: "12", 2: ".conv"])
        #expect(two.captureNumbers == [1, 2])
        #expect(try NodePattern("(a|bc)($1)x").captures(in: "bcx") == [1: "bc"])
        #expect(try NodePattern("conv?($1)").captures(in: "convé") == [1: "é"])
    }

    @Test func substitutesCaptures() {
        #expect(CaptureText.substituting([1: "3", 2: "b"], in: "relu$1_$2$$") == "relu3_b$")
        #expect(CaptureText.substituting([:], in: "cost$") == "cost$")
        #expect(CaptureText.references(in: "a$1b$2") == [1, 2])
    }

    @Test(arguments: [
        ("", 0), ("conv[1", 4), ("(conv", 0), ("conv)", 4), ("conv($1)", 4), ("c*($1)x*($1)", 8),
        ("conv\\", 4), ("[5-1]", 3), ("[é]", 1),
    ])
    func saysWhereAPatternIsWrong(pattern: String, offset: Int) throws {
        let error = try #require(throws: NetworkError.self) { try NodePattern(pattern) }
        #expect(error.code == .badPattern)
        #expect(error.offset == offset)
    }

    @Test func boundsPatternsThatWouldBacktrack() throws {
        let name = String(repeating: "a", count: 20_000)
        let nested = try NodePattern("(((a*)*)*)*b")
        #expect(!nested.matches(name))
        let wide = try NodePattern(String(repeating: "a.?", count: 120) + "b")
        #expect(!wide.matches(name))
        #expect(try NodePattern(String(repeating: "*a", count: 100) + "b").matches(name) == false)
        #expect(throws: NetworkError.self) { try NodePattern(String(repeating: "(", count: 300)) }
        #expect(throws: NetworkError.self) {
            try NodePattern(String(repeating: "(", count: 10_000))
        }
    }

    /// The table and the simulation must agree; the wide pattern has no table.
    @Test func patternsWithoutATableMatchToo() throws {
        let wide = try NodePattern("(a|b)*a" + String(repeating: "(a|b)", count: 12))
        #expect(wide.matches("bba" + String(repeating: "b", count: 12)))
        #expect(!wide.matches("bbbbbbbbbbbbbbbbbb"))
    }
}
