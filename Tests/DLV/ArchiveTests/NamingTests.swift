import Testing

@testable import Archive

struct NamingTests {
    @Test(arguments: ["lenet", "google/bert", "A.b_c-1", "v", "vx3", "latest2", "a/b/c"])
    func goodModelNames(name: String) throws {
        try ModelName.check(name)
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a//b", "..", "a/../b", ".a", "a/.b", "latest", "a/latest", "v3", "a/v12",
        "a b", "a@b", "a:b", "ü", String(repeating: "x", count: 101), "a\n", "a\0b",
    ])
    func badModelNames(name: String) {
        #expect(throws: ArchiveError.self) { try ModelName.check(name) }
    }

    @Test
    func tagsHaveNoSlash() throws {
        try ModelName.checkTag("best-1")
        #expect(throws: ArchiveError.self) { try ModelName.checkTag("a/b") }
        #expect(throws: ArchiveError.self) { try ModelName.checkTag("v1") }
    }

    @Test
    func referencesAreRead() throws {
        #expect(try Reference("lenet").selection == .newest)
        #expect(try Reference("lenet@latest").selection == .newest)
        #expect(try Reference("a/b@v3").selection == .number(3))
        #expect(try Reference("a/b@best").selection == .tag("best"))
        let snapshot = try Reference("lenet@v3:10000-ema")
        #expect(snapshot.snapshot == "10000-ema" && snapshot.model == "lenet")
        #expect(try Reference("lenet:7").snapshot == "7")
        #expect(try Reference("a/b@v3:1").description == "a/b@v3:1")
        for text in ["", "@v1", "a@", "a@v1:", "a@v1:x", "a@b/c", "a:"] {
            #expect(throws: ArchiveError.self, "\(text)") { try Reference(text) }
        }
    }

    @Test
    func layersAreFoldersAndOddCharactersAreEscaped() {
        let paths = LayerNaming.paths(of: [
            "conv1.weight", "a.b.c", "encoder/kernel", "alone", "", "..", "x y", "a/b.c", ".hidden",
        ]).map(\.path)
        #expect(paths == [
            "conv1/weight.npy", "a.b/c.npy", "encoder/kernel.npy", "alone.npy", "%.npy",
            "%2E/%.npy", "x%20y.npy", "a%2Fb/c.npy", "%/hidden.npy",
        ])
    }

    @Test
    func everyTensorHasAPathOfItsOwn() {
        let long = String(repeating: "n", count: 400)
        let names = [
            "a.b", "a.b", "a/b", "index.tsv.x", "x.npy.y", "x", long, long + "2", "\(long).\(long)",
            "w.npy", "w",
        ]
        let paths = LayerNaming.paths(of: names)
        #expect(Set(paths.map(\.path)).count == names.count)
        for path in paths {
            #expect(path.fileName.utf8.count <= 255 && (path.layer?.utf8.count ?? 1) <= 255)
            #expect(path.path != "index.tsv" && !path.path.hasPrefix("index.tsv/"))
        }
        // No file has the path of a folder.
        let folders = Set(paths.compactMap(\.layer))
        #expect(paths.allSatisfy { $0.layer != nil || !folders.contains($0.fileName) })
    }

    @Test
    func jsonIsEscapedAndKeepsItsOrder() {
        let text = JSONText.object([
            .init("b", .string("\"\\\n\u{1}é")), .init("a", .array([.integer(1), .number(0.5), .null])),
            .init("n", .number(.nan)), .init("e", .object([])),
        ])
        #expect(
            text.rendered() == """
                {
                  "b": "\\"\\\\\\n\\u0001é",
                  "a": [
                    1,
                    0.5,
                    null
                  ],
                  "n": null,
                  "e": {}
                }

                """
        )
    }

    @Test
    func valuesOfTheCommandLineAreTyped() {
        #expect(JSONText.fromCommandLine("3") == .integer(3))
        #expect(JSONText.fromCommandLine("1e-4") == .number(1e-4))
        #expect(JSONText.fromCommandLine("true") == .boolean(true))
        #expect(JSONText.fromCommandLine("nan") == .string("nan"))
        #expect(JSONText.fromCommandLine("inf") == .string("inf"))
        #expect(JSONText.fromCommandLine("sgd") == .string("sgd"))
        #expect(JSONText.fromCommandLine("[1,2]") == .raw("[1,2]"))
        #expect(JSONText.fromCommandLine("[1,") == .string("[1,"))
    }
}
