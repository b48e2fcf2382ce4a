/// Compiles and runs the queries of the `query/` directory.
public protocol QueryRunner: Sendable {
    /// What is wrong with a query: place, caret, what to do; nil if it compiles.
    ///
    /// - Parameters:
    ///   - name: The name of the query, without `.dql`.
    ///   - text: Its text.
    func compilationError(name: String, text: [UInt8]) -> [UInt8]?

    /// A key that changes whenever the answer may: it covers the texts of all queries that are reached
    /// and the count of changes to the archive. Cheap, and never runs the query.
    func answerKey(name: String, text: [UInt8]) -> String

    /// Runs a query.
    ///
    /// - Parameter isCancelled: Asked now and then; once it is true, the answer is of no use.
    func run(
        name: String,
        text: [UInt8],
        isCancelled: @Sendable () -> Bool
    ) -> QueryOutcome
}

/// What came of running a query.
public enum QueryOutcome: Sendable {
    /// It has an answer.
    case answer(QueryAnswerFiles)
    /// It failed; the text says where and why.
    case failure([UInt8])
}

/// An answer as it is shown in the mount.
public struct QueryAnswerFiles: Sendable {
    /// A symbolic link to a version or snapshot.
    public struct Link: Hashable, Sendable {
        /// The name of the link.
        public let name: String
        /// Where it leads, from the answer's directory.
        public let target: String

        /// Creates a link.
        public init(name: String, target: String) {
            self.name = name
            self.target = target
        }
    }

    /// A file that is made for the answer.
    public struct Document: Hashable, Sendable {
        /// The name of the file.
        public let name: String
        /// Its bytes.
        public let bytes: [UInt8]

        /// Creates a file.
        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// What matches, in the order of the answer.
    public let links: [Link]
    /// The networks that the query made, as directories.
    public let models: [ModelDirectory]
    /// The tables: `results.tsv`, `results.json`.
    public let documents: [Document]
    /// How the query was run.
    public let explanation: [UInt8]

    /// Creates an answer.
    public init(
        links: [Link],
        models: [ModelDirectory] = [],
        documents: [Document],
        explanation: [UInt8]
    ) {
        self.links = links
        self.models = models
        self.documents = documents
        self.explanation = explanation
    }
}
