import Catalog
import DQLSyntax

/// Makes table and links of the rows that are left: the last step from a text to a listing.
struct AnswerBuilder {
    private let query: BoundSelect
    private let rows: Executor.Rows
    private let executor: Executor

    init(_ query: BoundSelect, _ rows: Executor.Rows, _ executor: Executor) {
        self.query = query
        self.rows = rows
        self.executor = executor
    }

    /// Builds the answer, but for its explanation.
    func build() throws -> QueryAnswer {
        guard let stride = Optional(rows.tables.count), stride > 0 else {
            return QueryAnswer(columns: [], rows: [])
        }
        var answer: QueryAnswer
        switch query.output {
        case .count:
            return QueryAnswer(columns: ["count"], rows: [[.integer(Int64(rows.count))]])
        case .entities(let variable):
            answer = try EntityColumns(executor).answer(entities(of: variable))
        case .columns(let columns):
            try executor.load(columns.map(\.value), rows)
            answer = QueryAnswer(columns: Self.distinct(columns.map(\.heading)), rows: [])
            answer.rows.reserveCapacity(rows.count)
            for row in 0..<rows.count {
                try executor.clock.check(row: row)
                let values = rows.values(at: row)
                answer.rows.append(columns.map { shown($0.value, values) })
            }
        }
        answer.links = links()
        answer.networks = query.selected.flatMap { entities(of: $0).compactMap(\.network) }
        return answer
    }

    private func entities(of variable: Int) -> [Entity] {
        (0..<rows.count).map { row in
            rows.tables[variable].entities[rows.values(at: row).row(of: variable)]
        }
    }

    /// A value as an answer shows it.
    private func shown(_ value: BoundValue, _ values: Executor.Combination) -> DQLValue {
        let plain = values.value(value)
        guard case .attribute(let variable, let slot) = value else { return plain }
        let attribute = query.variables[variable].attributes[slot]
        switch (attribute, plain) {
        case (.version, .integer(let number)): return .text("v\(number)")
        case (.creationTime, .integer(let time)): return .text(TimeSpan.text(time))
        case (.reference, _):
            let entity = rows.tables[variable].entities[values.row(of: variable)]
            return .text(entity.snapshot.map { "\(entity.reference):\($0.name)" } ?? entity.reference)
        default: return plain
        }
    }

    /// The headings, with a number behind those that are there already.
    static func distinct(_ headings: [String]) -> [String] {
        var used: Set<String> = []
        return headings.map { heading in
            var name = heading
            var number = 2
            while !used.insert(name).inserted {
                name = "\(heading)~\(number)"
                number += 1
            }
            return name
        }
    }

    private func links() -> [QueryAnswer.Link] {
        // All ranks have the same width, so that `ls` lists them in their order.
        let width = max(2, String(rows.count).count)
        var seen: Set<String> = []
        var links: [QueryAnswer.Link] = []
        for row in 0..<rows.count {
            let values = rows.values(at: row)
            for variable in query.selected {
                let entity = rows.tables[variable].entities[values.row(of: variable)]
                guard entity.network == nil, seen.insert(entity.identity).inserted else { continue }
                var name = entity.listed
                if rows.isOrdered {
                    let rank = String(row + 1)
                    name = String(repeating: "0", count: width - rank.count) + rank + "-" + name
                }
                links.append(QueryAnswer.Link(name: name, path: entity.path))
            }
        }
        return links
    }
}

extension Entity {
    /// Where the version or snapshot lies below the root of a mount.
    fileprivate var path: String {
        let folder = "models/\(version.model)/v\(version.number)"
        return snapshot.map { "\(folder)/snapshots/\($0.name)" } ?? folder
    }
}
