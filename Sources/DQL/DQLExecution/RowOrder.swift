import DQLSyntax

/// Sorts rows by `order by`.
struct RowOrder {
    private let terms: [(value: BoundValue, isDescending: Bool)]
    private let clock: QueryClock

    init(_ terms: [(value: BoundValue, isDescending: Bool)], _ clock: QueryClock) {
        self.terms = terms
        self.clock = clock
    }

    private struct Entry {
        let row: Int
        let keys: [DQLValue]
    }

    /// The rows in order; equal ones stay in the order they came in.
    func sorted(_ rows: Executor.Rows) throws(DQLError) -> Executor.Rows {
        var entries: [Entry] = []
        entries.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            try clock.check(row: row)
            let values = rows.values(at: row)
            entries.append(Entry(row: row, keys: terms.map { values.value($0.value) }))
        }
        entries.sort(by: precedes)
        let stride = rows.tables.count
        var sorted = rows
        sorted.combinations = entries.flatMap { entry in
            rows.combinations[entry.row * stride..<(entry.row + 1) * stride]
        }
        sorted.isOrdered = true
        return sorted
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        for (index, term) in terms.enumerated() {
            let (first, second) = (left.keys[index], right.keys[index])
            // Missing values come last whatever the direction: they are neither small nor great.
            if first.isMissing != second.isMissing { return second.isMissing }
            switch Self.order(first, second) {
            case .same: continue
            case .ascending: return !term.isDescending
            case .descending: return term.isDescending
            }
        }
        return left.row < right.row
    }

    /// The order of any two values: those of different kinds are ordered by kind.
    private static func order(_ left: DQLValue, _ right: DQLValue) -> ValueOrder {
        if case .list(let first) = left, case .list(let second) = right {
            for (left, right) in zip(first, second) {
                let order = order(left, right)
                if order != .same { return order }
            }
            return ValueOrder(first.count, second.count)
        }
        return ValueOrder.of(left, right)
            ?? ValueOrder(left.kind?.rawValue ?? 0, right.kind?.rawValue ?? 0)
    }
}
