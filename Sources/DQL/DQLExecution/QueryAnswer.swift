/// What a query answers: a table, and the versions, snapshots or networks that its rows are about.
public struct QueryAnswer: Sendable {
    /// A version or snapshot of the answer, as a directory shows it.
    public struct Link: Hashable, Sendable {
        /// `lenet@v3` or `lenet@v3+10000`, with `+` for `/` in a model's name; with its rank in
        /// front if the query orders: `07-lenet@v3`.
        public var name: String

        /// Where it leads below the root of a mount: `models/lenet/v3`.
        public var path: String
    }

    /// The headings of the table, no two of them the same.
    public var columns: [String]

    /// The rows of the table, each with a value for every column.
    public var rows: [[DQLValue]]

    /// The versions and snapshots in the order of the rows; none if the query counts.
    public var links: [Link] = []

    /// The networks that the query made.
    public var networks: [MadeNetwork] = []

    /// The networks that it could not make.
    public var dropped: [DroppedNetwork] = []

    /// How the query came by its answer, for people: who did what, and how many rows it left.
    public var explanation = ""

    /// What a user should know besides, in sentences: versions that could not match since they have
    /// no graph, networks that were dropped, tags that no version has.
    public var notes: [String] = []
}
