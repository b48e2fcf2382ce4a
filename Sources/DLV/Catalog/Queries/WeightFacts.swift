/// A snapshot and what is known of its weights without reading them.
public struct SnapshotFactRecord: Hashable, Sendable {
    /// The weights of a snapshot in sum.
    public struct Weights: Hashable, Sendable {
        /// The number of tensors.
        public var tensorCount: Int64
        /// The number of learned elements.
        public var parameterCount: Int64
        /// The bytes of the tensors.
        public var byteCount: Int64
        /// How many elements are NaN or infinite.
        public var nonFiniteCount: Int64
        /// The types of the elements as safetensors names them, in order.
        public var dtypes: [String]

        /// Creates a sum.
        public init(
            tensorCount: Int64,
            parameterCount: Int64,
            byteCount: Int64,
            nonFiniteCount: Int64,
            dtypes: [String]
        ) {
            self.tensorCount = tensorCount
            self.parameterCount = parameterCount
            self.byteCount = byteCount
            self.nonFiniteCount = nonFiniteCount
            self.dtypes = dtypes
        }
    }

    /// The snapshot.
    public var snapshot: SnapshotRecord
    /// Its weights; nil if it has none.
    public var weights: Weights?

    /// Creates the facts of a snapshot.
    public init(snapshot: SnapshotRecord, weights: Weights?) {
        self.snapshot = snapshot
        self.weights = weights
    }
}
