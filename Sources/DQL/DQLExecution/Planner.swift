import Catalog
import DQLSyntax

/// A part of `where`: all of them must hold.
struct Conjunct {
    let condition: BoundCondition
    /// As it was written.
    let text: String
    /// What it looks at: slots by variable.
    let slots: [Int: Set<Int>]
    /// How much that costs.
    let cost: Int

    /// The variables that it is about.
    var variables: Set<Int> { Set(slots.keys) }
}

/// How the rows of a variable are found.
struct VariablePlan {
    /// The statement, if the rows are in the catalog.
    var selection: VersionSelection?
    /// What SQLite decides.
    var pushed: [Conjunct] = []
    /// What is decided here, cheapest first.
    var filters: [Conjunct] = []
}

/// What is done for a `select`.
struct SelectPlan {
    let query: BoundSelect
    var variables: [VariablePlan]
    /// What is about several variables.
    var joins: [Conjunct] = []
    /// What is about none.
    var constants: [Conjunct] = []
    /// Whether SQLite orders and cuts too, so that nothing is left to do here.
    var isOrderedBySQLite = false
}

/// Decides who does what: the fourth step from a text to a listing.
struct Planner {
    /// Whether SQLite gets what it can decide; otherwise everything is decided here, in tests.
    var pushesDown = true

    /// Plans a `select`.
    func plan(_ query: BoundSelect) -> SelectPlan {
        var plan = SelectPlan(
            query: query,
            variables: query.variables.map { variable in
                guard case .table(let table) = variable.source else { return VariablePlan() }
                return VariablePlan(selection: VersionSelection(table))
            }
        )
        for conjunct in conjuncts(of: query) {
            switch conjunct.variables.count {
            case 0: plan.constants.append(conjunct)
            case 1: place(conjunct, of: conjunct.variables.first ?? 0, query, &plan)
            default: plan.joins.append(conjunct)
            }
        }
        for index in plan.variables.indices {
            plan.variables[index].filters.sort { $0.cost < $1.cost }
            let conditions = plan.variables[index].pushed.compactMap {
                pushed($0.condition, query.variables[index])
            }
            if !conditions.isEmpty {
                plan.variables[index].selection?.condition = .all(conditions)
            }
        }
        pushOrder(&plan)
        return plan
    }

    private func place(
        _ conjunct: Conjunct,
        of variable: Int,
        _ query: BoundSelect,
        _ plan: inout SelectPlan
    ) {
        let isPushed =
            pushesDown && plan.variables[variable].selection != nil
            && pushed(conjunct.condition, query.variables[variable]) != nil
        if isPushed {
            plan.variables[variable].pushed.append(conjunct)
        } else {
            plan.variables[variable].filters.append(conjunct)
        }
    }

    private func pushed(
        _ condition: BoundCondition,
        _ variable: BoundVariable
    ) -> VersionCondition? {
        PushDown(variable).condition(condition)
    }

    /// Lets SQLite order and cut if nothing is decided after it.
    private func pushOrder(_ plan: inout SelectPlan) {
        guard pushesDown, plan.variables.count == 1, plan.variables[0].selection != nil,
            plan.variables[0].filters.isEmpty, plan.constants.isEmpty
        else { return }
        var terms: [VersionSelection.Term] = []
        for (value, isDescending) in plan.query.ordering {
            guard let value = PushDown(plan.query.variables[0]).orderValue(value) else { return }
            terms.append(.init(value, isDescending: isDescending))
        }
        plan.variables[0].selection?.order = terms
        plan.variables[0].selection?.limit = plan.query.limit
        plan.isOrderedBySQLite = true
    }

    private func conjuncts(of query: BoundSelect) -> [Conjunct] {
        guard let condition = query.condition else { return [] }
        var parts = [condition]
        var texts = [query.syntax.condition?.description ?? ""]
        if case .all(let operands) = condition {
            parts = operands
            if case .all(let written) = query.syntax.condition, written.count == parts.count {
                texts = written.map(\.description)
            } else {
                texts = Array(repeating: texts[0], count: parts.count)
            }
        }
        return zip(parts, texts).map { part, text in
            var slots: [Int: Set<Int>] = [:]
            part.collectSlots(into: &slots)
            let costs = slots.flatMap { variable, slots in
                slots.map { query.variables[variable].attributes[$0].cost }
            }
            return Conjunct(condition: part, text: text, slots: slots, cost: costs.max() ?? 0)
        }
    }
}

extension BoundValue {
    /// Adds the slot that it looks at.
    func collectSlots(into slots: inout [Int: Set<Int>]) {
        if case .attribute(let variable, let slot) = self { slots[variable, default: []].insert(slot) }
    }
}

extension BoundCondition {
    /// Adds every slot that it looks at.
    func collectSlots(into slots: inout [Int: Set<Int>]) {
        switch self {
        case .all(let operands), .any(let operands):
            for operand in operands { operand.collectSlots(into: &slots) }
        case .not(let operand): operand.collectSlots(into: &slots)
        case .comparison(let left, _, let right), .contains(let left, let right):
            left.collectSlots(into: &slots)
            right.collectSlots(into: &slots)
        case .time(let value, _, _), .like(let value, _), .timeLike(let value, _), .isOneOf(let value, _),
            .isMissing(let value), .holds(let value):
            value.collectSlots(into: &slots)
        }
    }
}
