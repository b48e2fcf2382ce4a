import GRDB

/// What a float scheme did to the weights of a version.
public struct LossyRecord: Hashable, Sendable {
    /// The name of the scheme: `fixed:16`.
    public var scheme: String
    /// The largest distance of a weight from the original one.
    public var largestError: Double
    /// The root of the mean of the squared distances.
    public var rootMeanSquareError: Double

    /// Creates a record.
    public init(scheme: String, largestError: Double, rootMeanSquareError: Double) {
        self.scheme = scheme
        self.largestError = largestError
        self.rootMeanSquareError = rootMeanSquareError
    }

    func insert(version: Int64, in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO lossyVersion VALUES (?, ?, ?, ?)",
            arguments: [version, scheme, largestError, rootMeanSquareError]
        )
    }
}

extension Catalog {
    /// What a float scheme did to a version; nil for one that is as it was committed.
    public func lossy(of version: VersionID) throws -> LossyRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    SELECT scheme, largestError, rootMeanSquareError FROM lossyVersion
                    WHERE version = ?
                    """,
                arguments: [version.rawValue]
            ).map {
                LossyRecord(scheme: $0[0], largestError: $0[1], rootMeanSquareError: $0[2])
            }
        }
    }
}
