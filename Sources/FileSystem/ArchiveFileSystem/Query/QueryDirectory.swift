import Synchronization

/// The directory `query/`: queries as files, and their answers as directories.
///
/// `best.dql` is the user's text; `best/` appears beside it and holds the answer, computed when somebody
/// first looks into it. Queries live in the archive (``SavedQueries``); files with other names are
/// editors' scratch, in memory and bounded. A text is compiled when a changed file is closed or synced,
/// or renamed onto a query's name: a mistake is the error of the close, and the file `error` tells it.
///
/// Used from any thread. Operations for which ``mayRunQuery(lookup:in:)`` or ``mayRunQuery(list:)`` is
/// true may take as long as a query; all others are quick.
public final class QueryDirectory: Sendable {
    let saved: SavedQueries
    let runner: any QueryRunner
    let reportsErrorsAtClose: Bool
    let isWritable: Bool
    let state: Mutex<QueryNodes>
    let startTime = QueryFile.now()

    /// The node of the directory.
    public static let root = NodeNumber(rawValue: NodeNumber.queryBit)

    /// Shows the queries of an archive.
    ///
    /// - Parameters:
    ///   - path: The archive's directory of saved queries.
    ///   - isWritable: Whether queries can be written.
    ///   - runner: Compiles and runs them.
    ///   - reportsErrorsAtClose: Whether closing a query that does not compile is an error.
    public init(
        path: String,
        isWritable: Bool,
        runner: any QueryRunner,
        reportsErrorsAtClose: Bool = true
    ) {
        saved = SavedQueries(path: path)
        self.runner = runner
        self.isWritable = isWritable
        self.reportsErrorsAtClose = reportsErrorsAtClose
        state = Mutex(QueryNodes())
    }

    /// `withLock` with a typed error.
    func locked<Value: Sendable>(
        _ body: (inout QueryNodes) throws(FileSystemError) -> Value
    ) throws(FileSystemError) -> Value {
        let result = state.withLock { state -> Result<Value, FileSystemError> in
            do throws(FileSystemError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: - Errors

    static let gone = FileSystemError(.noSuchEntry, "The file or answer is not there any more.")
    static let readOnly = FileSystemError(.readOnly, "The file cannot be changed.")
    static let answersStay = FileSystemError(
        .notPermitted,
        "An answer goes with its query; remove the .dql file."
    )
    static let invalidName = FileSystemError(
        .invalidArgument,
        "The name of a query is letters, digits, '_' and '-', then '.dql'."
    )
}
