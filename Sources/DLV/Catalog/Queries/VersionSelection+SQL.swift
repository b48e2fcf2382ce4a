import GRDB

/// Writes the SQL of a selection; constants and names are arguments, never text.
struct VersionSQL {
    private let table: VersionSelection.Table
    private(set) var arguments: [(any DatabaseValueConvertible)?] = []

    init(_ table: VersionSelection.Table) {
        self.table = table
    }

    /// The statement, with the columns of ``VersionRecord`` and then those of ``SnapshotRecord``.
    static func statement(
        _ selection: VersionSelection
    ) -> (sql: String, arguments: StatementArguments) {
        var writer = VersionSQL(selection.table)
        var columns = "v.id, globalID, v.model, m.name, number, creationTime, message, removalTime"
        var tables = Self.versions(selection.condition)
        if selection.table == .snapshots {
            columns += ", s.ordinal, s.iteration, s.label, s.isNumbered"
            tables += " JOIN snapshot s ON s.version = v.id"
        }
        var sql = "SELECT \(columns) FROM \(tables) WHERE removalTime IS NULL"
        if let condition = selection.condition { sql += " AND \(writer.text(condition))" }
        var order: [String] = []
        for term in selection.order {
            order.append(
                writer.text(term.value) + (term.isDescending ? " DESC" : "") + " NULLS LAST"
            )
        }
        order += ["m.name COLLATE BINARY", "number"]
        if selection.table == .snapshots { order.append("s.ordinal") }
        sql += " ORDER BY " + order.joined(separator: ", ")
        if let limit = selection.limit {
            sql += " LIMIT ?"
            writer.arguments.append(limit)
        }
        return (sql, StatementArguments(writer.arguments))
    }

    /// Versions with their models. Where a condition is about names, models come first: there are few
    /// of them, and SQLite, which does not know that, would look at every version.
    private static func versions(_ condition: VersionCondition?) -> String {
        isAboutNames(condition)
            ? "model m CROSS JOIN version v ON v.model = m.id"
            : "version v JOIN model m ON m.id = v.model"
    }

    private static func isAboutNames(_ condition: VersionCondition?) -> Bool {
        switch condition {
        case .all(let operands)?: operands.contains { isAboutNames($0) }
        case .comparison(.name, _, _)?, .comparison(_, _, .name)?, .isOneOf(.name, _)?,
            .matches(.name, _)?:
            true
        default: false
        }
    }

    /// The statement that counts the rows.
    static func countStatement(
        _ selection: VersionSelection
    ) -> (sql: String, arguments: StatementArguments) {
        var writer = VersionSQL(selection.table)
        let limit = selection.limit
        var tables = Self.versions(selection.condition)
        if selection.table == .snapshots { tables += " JOIN snapshot s ON s.version = v.id" }
        var sql = "FROM \(tables) WHERE removalTime IS NULL"
        if let condition = selection.condition { sql += " AND \(writer.text(condition))" }
        guard let limit else {
            return ("SELECT count(*) \(sql)", StatementArguments(writer.arguments))
        }
        return (
            "SELECT count(*) FROM (SELECT 1 \(sql) LIMIT ?)",
            StatementArguments(writer.arguments + [limit])
        )
    }

    private mutating func argument(_ value: (any DatabaseValueConvertible)?) -> String {
        arguments.append(value)
        return "?"
    }

    private mutating func text(_ condition: VersionCondition) -> String {
        switch condition {
        case .all(let operands): return joined(operands, by: " AND ", empty: "1")
        case .any(let operands): return joined(operands, by: " OR ", empty: "0")
        case .not(let operand): return "NOT " + text(operand)
        case .comparison(let left, let comparison, let right):
            let left = text(left)
            return "(\(left) \(comparison.rawValue) \(text(right)))"
        case .isOneOf(let value, let constants):
            let value = text(value)
            let list = constants.map { text($0) }.joined(separator: ", ")
            return "(\(value) IN (\(list)))"
        case .matches(let value, let glob):
            let value = text(value)
            return "(\(value) GLOB \(argument(glob)))"
        case .isMissing(let value): return "(\(text(value)) IS NULL)"
        case .hasTag(let tag):
            return "EXISTS (SELECT 1 FROM tag WHERE version = v.id AND name = \(argument(tag)))"
        }
    }

    private mutating func joined(
        _ operands: [VersionCondition],
        by separator: String,
        empty: String
    ) -> String {
        guard !operands.isEmpty else { return empty }
        return "(" + operands.map { text($0) }.joined(separator: separator) + ")"
    }

    private mutating func text(_ value: VersionValue) -> String {
        switch value {
        // Names are compared byte for byte here; the column ignores case.
        case .name: return "m.name COLLATE BINARY"
        case .number: return "number"
        case .creationTime: return "creationTime"
        case .message: return "message"
        case .hyperparameter(let name, let kind):
            return "(SELECT \(Self.hyperparameter(kind)) FROM hyperparameter"
                + " WHERE version = v.id AND name = \(argument(name)))"
        case .measurement(let name, let reading): return measurement(name, reading)
        case .iteration: return snapshotColumn("iteration")
        case .label: return snapshotColumn("label")
        case .parameterCount: return fact("parameterCount")
        case .byteCount:
            return table == .snapshots
                ? fact("byteCount") : "(SELECT sum(byteCount) FROM file WHERE version = v.id)"
        case .isFinite: return fact("nonFiniteCount = 0")
        case .integer(let value): return argument(value)
        case .real(let value): return argument(value)
        case .text(let value): return argument(value)
        }
    }

    /// The JSON text of a hyperparameter as an SQL value; NULL if it is of another kind.
    ///
    /// The first character tells numbers and texts from all else, and parsing every JSON text would
    /// cost more than the rest of a query.
    private static func hyperparameter(_ kind: VersionValue.Kind) -> String {
        switch kind {
        case .number: "CASE WHEN value GLOB '[-0-9]*' THEN CAST(value AS NUMERIC) END"
        case .text:
            "CASE WHEN value GLOB '\"*' AND json_valid(value) THEN json_extract(value, '$') END"
        case .boolean: "CASE value WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
        }
    }

    private mutating func measurement(_ name: String, _ reading: VersionValue.Reading) -> String {
        let place = "FROM measurement WHERE version = v.id AND name = \(argument(name))"
        switch reading {
        case .latest where table == .snapshots:
            return "(SELECT value \(place) AND iteration = s.iteration)"
        case .latest: return "(SELECT value \(place) ORDER BY iteration DESC LIMIT 1)"
        case .first: return "(SELECT value \(place) ORDER BY iteration LIMIT 1)"
        case .at(let iteration):
            return "(SELECT value \(place) AND iteration = \(argument(iteration)))"
        case .minimum: return "(SELECT min(value) \(place))"
        case .maximum: return "(SELECT max(value) \(place))"
        }
    }

    private func snapshotColumn(_ name: String) -> String {
        table == .snapshots
            ? "s.\(name)"
            : "(SELECT \(name) FROM snapshot WHERE version = v.id ORDER BY ordinal DESC LIMIT 1)"
    }

    private func fact(_ expression: String) -> String {
        table == .snapshots
            ? "(SELECT \(expression) FROM snapshotFact"
                + " WHERE version = v.id AND ordinal = s.ordinal)"
            : "(SELECT \(expression) FROM snapshotFact"
                + " WHERE version = v.id ORDER BY ordinal DESC LIMIT 1)"
    }
}
