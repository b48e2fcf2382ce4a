import Catalog
import DQLSyntax

/// Runs a query: the fifth step from a text to a listing.
final class Executor {
    let archive: ArchiveFacts
    let clock: QueryClock
    let planner: Planner
    let loader: ColumnLoader
    var explanation = Explanation()

    init(_ archive: ArchiveFacts, _ clock: QueryClock, planner: Planner = Planner()) {
        self.archive = archive
        self.clock = clock
        self.planner = planner
        loader = ColumnLoader(archive.catalog, clock)
    }

    /// What a `select` finds: combinations of rows of its variables, in their order.
    struct Rows {
        var tables: [EntityTable]
        /// For each row of the answer a row of each table, one behind the other.
        var combinations: [Int32]
        var isOrdered: Bool

        var count: Int { tables.isEmpty ? 0 : combinations.count / tables.count }

        /// The values of one combination.
        func values(at row: Int) -> Combination {
            Combination(tables: tables, rows: combinations[row * tables.count..<(row + 1) * tables.count])
        }
    }

    /// A row of each table.
    struct Combination: RowValues {
        let tables: [EntityTable]
        let rows: ArraySlice<Int32>

        func row(of variable: Int) -> Int { Int(rows[rows.startIndex + variable]) }

        func value(variable: Int, slot: Int) -> DQLValue {
            tables[variable].value(slot: slot, row: row(of: variable))
        }
    }

    /// Runs a `select`.
    ///
    /// - Parameter isOutermost: Whether its rows are the answer, so that one too many is enough to
    ///   refuse it.
    func rows(of query: BoundSelect, isOutermost: Bool = false) throws -> Rows {
        var plan = planner.plan(query)
        if isOutermost, plan.isOrderedBySQLite, query.limit == nil {
            plan.variables[0].selection?.limit = min(clock.limits.rowCount, .max - 1) + 1
        }
        var tables: [EntityTable] = []
        for index in query.variables.indices {
            tables.append(try table(index, of: plan))
        }
        var rows = try Join(plan, tables, self).rows()
        guard !plan.isOrderedBySQLite else {
            rows.isOrdered = !query.ordering.isEmpty
            return rows
        }
        if !query.ordering.isEmpty {
            try load(query.ordering.map(\.value), rows)
            rows = try RowOrder(query.ordering, clock).sorted(rows)
            explanation.add(ordering: query.syntax.ordering)
        }
        try removeDuplicates(&rows, of: query)
        if let limit = query.limit, rows.count > limit {
            rows.combinations = Array(rows.combinations.prefix(limit * tables.count))
        }
        if let limit = query.limit { explanation.add(limit: limit, rowCount: rows.count) }
        return rows
    }

    /// How many rows a `select` has, if SQLite can count them.
    func count(of query: BoundSelect) throws -> Int? {
        let plan = planner.plan(query)
        guard plan.isOrderedBySQLite, let selection = plan.variables[0].selection else { return nil }
        let count = try archive.catalog.count(selection)
        let conditions = plan.variables[0].pushed
        explanation.add(selection, of: query.variables[0].name, conditions, rowCount: count)
        return count
    }

    /// Finds the rows of a variable and those that its conditions leave.
    private func table(_ index: Int, of plan: SelectPlan) throws -> EntityTable {
        let variable = plan.query.variables[index]
        let steps = plan.variables[index]
        let table: EntityTable
        switch variable.source {
        case .table:
            let selection = steps.selection ?? VersionSelection(.versions)
            let found = try archive.catalog.select(selection)
            table = EntityTable(
                variable,
                found.map { Entity(version: $0.version, snapshot: $0.snapshot, network: nil) },
                isOrdered: !selection.order.isEmpty
            )
            explanation.add(selection, of: variable.name, steps.pushed, rowCount: table.count)
        case .query(let query, let name):
            explanation.begin(variable.name, savedName: name)
            let (entities, isOrdered) = try entities(of: query)
            explanation.end(rowCount: entities.count)
            table = EntityTable(variable, entities, isOrdered: isOrdered)
        }
        for conjunct in steps.filters {
            try filter(table, by: conjunct, variable: index)
        }
        return table
    }

    private func filter(_ table: EntityTable, by conjunct: Conjunct, variable: Int) throws {
        try loader.load(conjunct.slots[variable] ?? [], of: table)
        var kept: [Int] = []
        for row in 0..<table.count {
            try clock.check(row: row)
            if conjunct.condition.truth(for: TableRow(table: table, variable: variable, row: row)) == true {
                kept.append(row)
            }
        }
        table.keep(kept)
        explanation.add(filter: conjunct.text, rowCount: kept.count)
    }

    /// What a query gives to one that selects from it.
    func entities(of query: BoundQuery) throws -> (entities: [Entity], isOrdered: Bool) {
        switch query {
        case .select(let select):
            let rows = try rows(of: select)
            let variable = select.selected.first ?? 0
            var seen: Set<String> = []
            var entities: [Entity] = []
            for row in 0..<rows.count {
                let entity = rows.tables[variable].entities[rows.values(at: row).row(of: variable)]
                if seen.insert(entity.identity).inserted { entities.append(entity) }
            }
            return (entities, rows.isOrdered)
        case .derive(let derivation):
            let made = try Deriver(derivation, self).run()
            return (made.entities, false)
        case .evaluate: return ([], false)
        }
    }

    /// Loads what some values look at.
    func load(_ values: [BoundValue], _ rows: Rows) throws {
        var slots: [Int: Set<Int>] = [:]
        for value in values { value.collectSlots(into: &slots) }
        for (variable, slots) in slots { try loader.load(slots, of: rows.tables[variable]) }
    }

    /// Where a join finds a version several times, and nothing but versions is shown, once is enough.
    private func removeDuplicates(_ rows: inout Rows, of query: BoundSelect) throws {
        let stride = rows.tables.count
        guard case .entities = query.output, stride > 1 else { return }
        var seen: Set<[Int32]> = []
        var kept: [Int32] = []
        for row in 0..<rows.count {
            try clock.check(row: row)
            let combination = rows.combinations[row * stride..<(row + 1) * stride]
            let key = query.selected.map { combination[combination.startIndex + $0] }
            if seen.insert(key).inserted { kept += combination }
        }
        rows.combinations = kept
    }
}

/// A row of one table.
struct TableRow: RowValues {
    let table: EntityTable
    let variable: Int
    let row: Int

    func value(variable: Int, slot: Int) -> DQLValue {
        table.value(slot: slot, row: row)
    }
}
