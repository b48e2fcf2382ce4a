import DQLSyntax

/// Combines the rows of several variables: by hash where an equality says which belong together.
struct Join {
    private let plan: SelectPlan
    private let tables: [EntityTable]
    private let executor: Executor

    /// Combinations beyond it are not kept: sixteen million numbers of four bytes.
    private static let memberCountMax = 1 << 24

    init(_ plan: SelectPlan, _ tables: [EntityTable], _ executor: Executor) {
        self.plan = plan
        self.tables = tables
        self.executor = executor
    }

    /// An equality that leads from joined variables to one that is not joined yet.
    private struct Link {
        let known: BoundValue
        let new: BoundValue
        let text: String
    }

    /// The combinations for which everything holds.
    func rows() throws -> Executor.Rows {
        var joined: [Int] = []
        // A combination has a place for every variable; -1 where it is not joined yet.
        var combinations: [Int32] = []
        var isFirst = true
        while let (next, links) = nextVariable(joined) {
            if isFirst {
                for row in 0..<tables[next].count { append(row, as: next, to: nil, &combinations) }
            } else {
                combinations = try extended(combinations, by: next, links)
            }
            isFirst = false
            joined.append(next)
            combinations = try filtered(combinations, joined, last: next)
        }
        combinations = try ordered(combinations, joined)
        return Executor.Rows(
            tables: tables,
            combinations: combinations,
            isOrdered: tables.count == 1 && tables[0].isOrdered
        )
    }

    /// The smallest variable first, then those that an equality leads to.
    private func nextVariable(_ joined: [Int]) -> (variable: Int, links: [Link])? {
        let waiting = tables.indices.filter { !joined.contains($0) }
            .sorted { tables[$0].count < tables[$1].count }
        guard let smallest = waiting.first else { return nil }
        guard !joined.isEmpty else { return (smallest, []) }
        for variable in waiting {
            let links = links(to: variable, from: joined)
            if !links.isEmpty { return (variable, links) }
        }
        return (smallest, [])
    }

    private func links(to variable: Int, from joined: [Int]) -> [Link] {
        plan.joins.compactMap { conjunct in
            let sides: (BoundValue, BoundValue)
            switch conjunct.condition {
            case .comparison(let left, .equal, let right): sides = (left, right)
            case .contains(let list, let element): sides = (list, element)
            default: return nil
            }
            guard case .attribute(let first, _) = sides.0, case .attribute(let second, _) = sides.1
            else { return nil }
            if first == variable, joined.contains(second) {
                return Link(known: sides.1, new: sides.0, text: conjunct.text)
            }
            if second == variable, joined.contains(first) {
                return Link(known: sides.0, new: sides.1, text: conjunct.text)
            }
            return nil
        }
    }

    private func append(
        _ row: Int,
        as variable: Int,
        to combination: ArraySlice<Int32>?,
        _ combinations: inout [Int32]
    ) {
        let start = combinations.count
        if let combination {
            combinations += combination
        } else {
            combinations += repeatElement(-1, count: tables.count)
        }
        combinations[start + variable] = Int32(row)
    }

    private func extended(
        _ combinations: [Int32],
        by variable: Int,
        _ links: [Link]
    ) throws -> [Int32] {
        let stride = tables.count
        let count = combinations.count / stride
        var result: [Int32] = []
        guard let (link, places) = try mostSelective(links, variable) else {
            try checkProduct(count, variable)
            for row in 0..<count {
                try executor.clock.check(row: row)
                let combination = combinations[row * stride..<(row + 1) * stride]
                for other in 0..<tables[variable].count {
                    append(other, as: variable, to: combination, &result)
                }
            }
            executor.explanation.add(product: plan.query.variables[variable].name, rowCount: result.count / stride)
            return result
        }
        try executor.loader.loadValue(link.known, tables)
        for row in 0..<count {
            try executor.clock.check(row: row)
            let combination = combinations[row * stride..<(row + 1) * stride]
            let value = Executor.Combination(tables: tables, rows: combination).value(link.known)
            for other in Self.matches(value, places) {
                append(Int(other), as: variable, to: combination, &result)
            }
            try checkMemory(result)
        }
        executor.explanation.add(
            join: plan.query.variables[variable].name, text: link.text, rowCount: result.count / stride
        )
        return result
    }

    /// The equality with the most values to tell rows apart by, and which rows have each.
    private func mostSelective(
        _ links: [Link],
        _ variable: Int
    ) throws -> (link: Link, places: [DQLValue: [Int32]])? {
        var best: (link: Link, places: [DQLValue: [Int32]])?
        for link in links {
            let places = try index(of: link.new, variable)
            if let best, best.places.count >= places.count { continue }
            best = (link, places)
        }
        return best
    }

    /// Which rows have a value; a list counts for each of its elements.
    private func index(of value: BoundValue, _ variable: Int) throws -> [DQLValue: [Int32]] {
        try executor.loader.loadValue(value, tables)
        var places: [DQLValue: [Int32]] = [:]
        guard case .attribute(_, let slot) = value else { return places }
        for row in 0..<tables[variable].count {
            try executor.clock.check(row: row)
            for element in tables[variable].value(slot: slot, row: row).elements {
                places[element, default: []].append(Int32(row))
            }
        }
        return places
    }

    private static func matches(_ value: DQLValue, _ places: [DQLValue: [Int32]]) -> [Int32] {
        let elements = value.elements
        guard elements.count != 1 else { return places[elements[0]] ?? [] }
        // Two elements may lead to the same row.
        return Set(elements.flatMap { places[$0] ?? [] }).sorted()
    }

    /// Takes out what a condition on the joined variables refuses.
    private func filtered(
        _ combinations: [Int32],
        _ joined: [Int],
        last: Int
    ) throws -> [Int32] {
        let ready = plan.joins.filter { conjunct in
            conjunct.variables.contains(last) && conjunct.variables.isSubset(of: joined)
        }
        let constants = joined.count == 1 ? plan.constants : []
        let conditions = ready + constants
        guard !conditions.isEmpty else { return combinations }
        for conjunct in ready {
            for (variable, slots) in conjunct.slots {
                try executor.loader.load(slots, of: tables[variable])
            }
        }
        let stride = tables.count
        var kept: [Int32] = []
        for row in 0..<combinations.count / stride {
            try executor.clock.check(row: row)
            let rows = combinations[row * stride..<(row + 1) * stride]
            let combination = Executor.Combination(tables: tables, rows: rows)
            if conditions.allSatisfy({ $0.condition.truth(for: combination) == true }) { kept += rows }
        }
        let text = conditions.map(\.text).joined(separator: " and ")
        executor.explanation.add(filter: text, rowCount: kept.count / stride)
        return kept
    }

    /// The order of the variables as they are written, whatever order they were joined in.
    private func ordered(_ combinations: [Int32], _ joined: [Int]) throws -> [Int32] {
        let stride = tables.count
        guard stride > 1 else { return combinations }
        try checkMemory(combinations)
        let rows = (0..<combinations.count / stride).sorted { left, right in
            combinations[left * stride..<(left + 1) * stride]
                .lexicographicallyPrecedes(combinations[right * stride..<(right + 1) * stride])
        }
        return rows.flatMap { combinations[$0 * stride..<($0 + 1) * stride] }
    }

    // MARK: Limits

    private func checkProduct(_ count: Int, _ variable: Int) throws(DQLError) {
        let limit = executor.clock.limits.combinationCount
        let (product, overflow) = count.multipliedReportingOverflow(by: tables[variable].count)
        guard overflow || product > limit else { return }
        let name = plan.query.variables[variable].name
        throw DQLError(
            .limit,
            "'\(name)' would be combined with everything: \(count) × \(tables[variable].count) "
                + "combinations, and at most \(limit) are tried where no equality says which belong "
                + "together. Join them, as in \(name).parent = …, or narrow them with 'where'.",
            hint: executor.clock.limits.advice
        )
    }

    private func checkMemory(_ combinations: [Int32]) throws(DQLError) {
        guard combinations.count > Self.memberCountMax else { return }
        throw DQLError(
            .limit,
            "The join has more than \(Self.memberCountMax / tables.count) combinations. "
                + "Narrow it with 'where'.",
            hint: executor.clock.limits.advice
        )
    }
}

extension DQLValue {
    /// What an equality compares: the elements of a list, or the value; nothing if it is missing.
    fileprivate var elements: [DQLValue] {
        switch self {
        case .missing: []
        case .list(let values): values.map(\.canonical)
        default: isMissing ? [] : [canonical]
        }
    }
}

extension ColumnLoader {
    /// Loads what a value looks at.
    func loadValue(_ value: BoundValue, _ tables: [EntityTable]) throws {
        guard case .attribute(let variable, let slot) = value else { return }
        try load([slot], of: tables[variable])
    }
}
