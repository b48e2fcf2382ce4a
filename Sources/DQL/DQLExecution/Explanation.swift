import Catalog
import DQLSyntax

/// Tells how a query came by its answer: who did what, and how many rows each step left.
struct Explanation {
    private(set) var text = ""
    private var depth = 0

    mutating func add(
        _ selection: VersionSelection,
        of variable: String,
        _ conditions: [Conjunct],
        rowCount: Int
    ) {
        let what = selection.table == .versions ? "versions" : "snapshots"
        var line = "\(variable): \(what) by SQLite"
        if !conditions.isEmpty {
            line += " where " + conditions.map(\.text).joined(separator: " and ")
        }
        if !selection.order.isEmpty { line += ", ordered" }
        if let limit = selection.limit { line += ", at most \(limit)" }
        add(line, rowCount)
        add("  \(Catalog.statement(of: selection))")
    }

    mutating func begin(_ variable: String, savedName: String?) {
        add("\(variable): from \(savedName.map { "\"\($0)\"" } ?? "a query in parentheses")")
        depth += 1
    }

    mutating func end(rowCount: Int) {
        add("gives", rowCount)
        depth -= 1
    }

    mutating func add(filter text: String, rowCount: Int) {
        add("where \(text)", rowCount)
    }

    mutating func add(join variable: String, text: String, rowCount: Int) {
        add("join \(variable) by \(text)", rowCount)
    }

    mutating func add(product variable: String, rowCount: Int) {
        add("combine with every \(variable)", rowCount)
    }

    mutating func add(ordering: [OrderTerm]) {
        add("order by \(ordering.map(\.description).joined(separator: ", "))")
    }

    mutating func add(limit: Int, rowCount: Int) {
        add("limit \(limit)", rowCount)
    }

    mutating func add(note: String) {
        add("note: \(note)")
    }

    mutating func add(_ line: String, _ rowCount: Int? = nil) {
        let indentation = String(repeating: "  ", count: depth)
        text += indentation + line + (rowCount.map { ": \($0) rows" } ?? "") + "\n"
    }
}
