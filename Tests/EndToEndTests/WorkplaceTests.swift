import Testing

/// That what the other tests write can fail.
struct WorkplaceTests {
    @Test(arguments: [
        "! true\ntrue", "    ! true | true\ntrue", "f() {\n    ! true\n    true\n}\nf", "false\ntrue",
        "false | true",
    ])
    func aLineThatIsNotTrueEndsAScript(_ script: String) async throws {
        try await Workplace.use { place in
            let result = try await place.run(Workplace.strict(script))
            #expect(result.status != 0)
        }
    }

    @Test
    func theLineThatIsNotTrueIsNamed() async throws {
        try await Workplace.use { place in
            let result = try await place.run(Workplace.strict("true\n! true\ntrue"))
            #expect(result.errors == "line 2 is not true: false\n")
            let piped = try await place.run(Workplace.strict("true\necho a | grep -q b\ntrue"))
            #expect(piped.errors == "line 2 is not true: grep -q b\n")
        }
    }

    @Test
    func linesThatAreTrueDoNot() async throws {
        try await Workplace.use { place in
            try await place.check("! false\n! true | false\n! false || true\nif ! false; then true; fi")
        }
    }
}
