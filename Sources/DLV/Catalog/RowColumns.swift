import GRDB
import GRDBSQLite

/// The columns of the row that a statement has come to, read from SQLite itself.
///
/// For listings, whose rows are many: a `Row` of GRDB decodes every column through generic functions and is
/// copied if it outlives the step, which takes several microseconds a row. NULL reads as zero or empty.
struct RowColumns {
    fileprivate let statement: SQLiteStatement

    /// An integer.
    func integer(_ column: Int32) -> Int {
        Int(sqlite3_column_int64(statement, column))
    }

    /// A blob, where it lies until the next column is read.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        guard let start = sqlite3_column_blob(statement, column) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
    }

    /// A text.
    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Whether the column is NULL.
    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(statement, column) == SQLITE_NULL
    }
}

extension Database {
    /// What a function makes of each row of a query.
    ///
    /// - Parameters:
    ///   - sql: The query; its statement is kept for the next time.
    ///   - arguments: The values of its parameters.
    ///   - make: Makes a value of a row's columns, which are valid until it returns.
    func values<Value>(
        cachedSQL sql: String,
        arguments: StatementArguments,
        _ make: (RowColumns) -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        try forEachRow(cachedSQL: sql, arguments: arguments) { values.append(make($0)) }
        return values
    }

    /// Calls a function with each row of a query; the columns are valid until it returns.
    func forEachRow(
        cachedSQL sql: String,
        arguments: StatementArguments,
        _ body: (RowColumns) -> Void
    ) throws {
        let statement = try cachedStatement(sql: sql)
        try statement.setArguments(arguments)
        // Not by the initialiser of arrays, which GRDB does not let the compiler specialise.
        try ColumnCursor(statement).forEach(body)
    }
}

/// Goes through the rows of a statement.
private final class ColumnCursor: DatabaseCursor {
    typealias Element = RowColumns

    let _statement: Statement
    var _isDone = false

    init(_ statement: Statement) {
        _statement = statement
    }

    func _element(sqliteStatement: SQLiteStatement) -> RowColumns {
        RowColumns(statement: sqliteStatement)
    }
}
