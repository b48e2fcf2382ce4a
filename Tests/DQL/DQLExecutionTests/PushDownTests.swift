import Catalog
import DQLSyntax
import TestSupport
import Testing

@testable import DQLExecution

/// SQLite and the executor decide alike: whatever is pushed down gives the same rows.
struct PushDownTests {
    private static let atoms = [
        "m.name = \"lenet\"", "m.name like \"%e_\"", "m.name > \"b\"", "m.version >= 2",
        "m.version in (1, 3)", "m.version = \"v2\"", "m.creation_time < \"2026-06\"",
        "m.creation_time = \"2026\"", "m.creation_time != \"2026-06-01\"", "m.config.lr < 1",
        "m.config.lr = \"auto\"", "m.config.lr in (0.1, 1)", "m.config.optimizer like \"s%\"",
        "m.config.lr is missing", "m[\"loss\"] < 0.6", "m[\"loss\"] is missing",
        "m[\"loss\"] at 0 > 0.5", "min(m[\"loss\"]) <= 0.5", "max(m[\"loss\"]) = 0.9",
        "first(m[\"loss\"]) > 0.3", "m[\"loss\"] between 0.2 and 0.5", "\"best\" in m.tags",
        "m.tags != \"best\"", "m.tags in (\"x\", \"y\")", "m.message = \"\"", "m.iteration > 100",
        "m.finite", "m.parameters > 10", "m.bytes >= 0", "m.label = \"\"",
        "m.config.nesterov = true", "m.name = m.message", "m[\"loss\"] < m.version",
    ]

    @Test
    func pushedConditionsGiveTheSameRows() throws {
        let zoo = try Zoo()
        try zoo.addTrainingRuns()
        try zoo.add(
            .init(model: "Ünï*[x]?", message: "Ünï*[x]?", config: ["nesterov": "true", "lr": "null"], measurements: ["loss": [(5, .infinity)]])
        )
        var generator = SeededGenerator(seed: 7)
        var pushedCount = 0
        for _ in 0..<300 {
            let text = "select m where " + Self.condition(depth: 3, &generator)
            let table = Bool.random(using: &generator) ? text : text.replacing("select m", with: "select m from snapshots m")
            let pushed = try zoo.answer(table)
            let plain = try zoo.answer(table, planner: Planner(pushesDown: false))
            #expect(pushed.links == plain.links, "TEXT \(table)")
            #expect(pushed.rows == plain.rows, "\(table)")
            if pushed.explanation.contains("SQLite where") { pushedCount += 1 }
        }
        #expect(pushedCount > 100)
    }

    @Test(arguments: [
        "m[\"loss\"] desc", "m[\"loss\"], m.name desc", "min(m[\"loss\"])", "m.creation_time desc, m.version",
        "m.iteration", "m.config.lr desc", "m.tags", "m.finite",
    ])
    func pushedOrdersGiveTheSameOrder(order: String) throws {
        let zoo = try Zoo()
        try zoo.addTrainingRuns()
        for limit in ["", " limit 2", " limit 0"] {
            let text = "select m where m.version < 9 order by \(order)\(limit)"
            let plain = try zoo.answer(text, planner: Planner(pushesDown: false))
            #expect(try zoo.answer(text).links == plain.links, "\(text)")
        }
    }

    private static func condition(depth: Int, _ generator: inout SeededGenerator) -> String {
        switch depth == 0 ? 0 : Int.random(in: 0..<5, using: &generator) {
        case 1: "not (\(condition(depth: depth - 1, &generator)))"
        case 2:
            "(\(condition(depth: depth - 1, &generator)) and \(condition(depth: depth - 1, &generator)))"
        case 3:
            "(\(condition(depth: depth - 1, &generator)) or \(condition(depth: depth - 1, &generator)))"
        default: atoms.randomElement(using: &generator) ?? atoms[0]
        }
    }
}
