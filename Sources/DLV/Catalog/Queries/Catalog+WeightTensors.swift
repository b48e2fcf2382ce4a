import Foundation
import GRDB


/// What is known of a tensor without reading it.
public struct TensorFacts: Hashable, Sendable {
    /// Equal for tensors of equal bytes and dtype: sixteen bytes.
    public var hash: [UInt8]
    /// The number of elements; a complex one counts once.
    public var elementCount: Int64
    /// The least element that is no NaN; NaN if there is none.
    public var minimum: Double
    /// The greatest element that is no NaN; NaN if there is none.
    public var maximum: Double
    /// The mean of the finite elements, in single precision where that is wide enough; NaN if there are none.
    public var mean: Double
    /// The square root of the sum of the squares of the finite elements, likewise.
    public var norm: Double
    /// How many elements are zero.
    public var zeroCount: Int64
    /// How many elements are NaN.
    public var nanCount: Int64
    /// How many elements are infinite.
    public var infinityCount: Int64

    /// Creates facts.
    public init(
        hash: [UInt8],
        elementCount: Int64,
        minimum: Double,
        maximum: Double,
        mean: Double,
        norm: Double,
        zeroCount: Int64,
        nanCount: Int64,
        infinityCount: Int64
    ) {
        self.hash = hash
        self.elementCount = elementCount
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.norm = norm
        self.zeroCount = zeroCount
        self.nanCount = nanCount
        self.infinityCount = infinityCount
    }
}

/// A tensor of the weights of a snapshot.
public struct WeightTensorRecord: Sendable {
    /// The version.
    public var version: VersionID
    /// The snapshot, by its place in the version; nil if its file belongs to none.
    public var snapshot: Int?
    /// The name.
    public var name: String
    /// The type of the elements.
    public var dtype: String
    /// The number of elements along each dimension.
    public var shape: [Int]
    /// What is known of the elements; nil if they were not looked at.
    public var facts: TensorFacts?
}

extension Catalog {
    /// Calls a function with the tensors of the weights of versions, in order of version, snapshot
    /// and place.
    ///
    /// - Parameter latestOnly: Whether only the latest snapshot of each is wanted.
    public func forEachWeightTensor(
        of versions: [VersionID],
        latestOnly: Bool,
        _ body: (WeightTensorRecord) throws -> Void
    ) throws {
        let latest = "AND f.snapshot = (SELECT max(ordinal) FROM snapshot WHERE version = f.version)"
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT f.version, f.snapshot, t.name, dtype, shape, \(TensorFacts.columns)
                    FROM file f JOIN tensor t ON t.file = f.id
                    LEFT JOIN tensorFact x ON x.id = t.fact
                    WHERE f.version IN (SELECT value FROM json_each(?)) AND f.role = ?
                        \(latestOnly ? latest : "")
                    ORDER BY f.version, f.snapshot, f.ordinal, t.ordinal
                    """,
                arguments: [Self.list(versions), FileRole.weights.rawValue]
            )
            while let row = try rows.next() {
                try body(
                    WeightTensorRecord(
                        version: VersionID(rawValue: row[0]),
                        snapshot: row[1],
                        name: row[2],
                        dtype: row[3],
                        shape: (row[4] as String).split(separator: ",").compactMap { Int($0) },
                        facts: TensorFacts(row: row, from: 5)
                    )
                )
            }
        }
    }
}

extension TensorFacts {
    /// The columns of the table `tensorFact` but its id.
    static let columnNames = [
        "hash", "elementCount", "minimum", "maximum", "mean", "norm", "zeroCount", "nanCount",
        "infinityCount",
    ]

    /// The columns, as a query names them that calls the table `x`.
    static let columns = columnNames.map { "x.\($0)" }.joined(separator: ", ")

    /// Reads the ``columns``; nil if they are NULL.
    init?(row: Row, from first: Int) {
        guard let hash = row[first] as Data? else { return nil }
        self.init(
            hash: [UInt8](hash),
            elementCount: row[first + 1],
            minimum: FactColumn.value(row[first + 2]),
            maximum: FactColumn.value(row[first + 3]),
            mean: FactColumn.value(row[first + 4]),
            norm: FactColumn.value(row[first + 5]),
            zeroCount: row[first + 6],
            nanCount: row[first + 7],
            infinityCount: row[first + 8]
        )
    }
}
