import DQLSyntax
import Testing

struct NameSuggestionTests {
    @Test(arguments: [
        ("nam", "name"), ("NAME", "name"), ("creation_tiem", "creation_time"), ("verson", "version"),
        ("los", "loss"), ("lss", "loss"), ("acuracy", "accuracy"),
        ("lsos", "loss"), ("nmae", "name"),
    ])
    func aSlipFindsTheName(_ slip: String, _ name: String) {
        let names = ["accuracy", "creation_time", "loss", "name", "version"]
        #expect(NameSuggestion.nearest(to: slip, among: names) == name)
    }

    @Test(arguments: ["", "x", "wholly_different"])
    func whatIsFarFromEverythingFindsNothing(_ name: String) {
        #expect(NameSuggestion.nearest(to: name, among: ["a", "lr", "momentum"]) == nil)
    }

    @Test
    func equallyNearNamesGiveTheFirstInOrder() {
        #expect(NameSuggestion.nearest(to: "lx", among: ["lz", "la", "lr"]) == "la")
    }
}
