/// Everything that queries can ask of a version.
public struct VersionFacts: Hashable, Sendable {
    /// A number of a training log.
    public struct Measurement: Hashable, Sendable {
        /// When.
        public let iteration: Int64
        /// How much.
        public let value: Double

        /// Creates a measurement.
        public init(iteration: Int64, value: Double) {
            self.iteration = iteration
            self.value = value
        }
    }

    /// The name of the model.
    public var model: String
    /// The archive's number.
    public var number: Int
    /// The identity in every archive.
    public var globalID: String
    /// ISO 8601 in UTC.
    public var creationTime: String
    /// What the committer said.
    public var message: String
    /// In order.
    public var tags: [String] = []
    /// As `lenet@v2`.
    public var parents: [String] = []
    /// By name.
    public var hyperparameters: [String: DQLValue] = [:]
    /// By name; ascending iterations, only the last one where the query needs no more.
    public var measurements: [String: [Measurement]] = [:]

    /// Creates the facts that every version has.
    public init(
        model: String,
        number: Int,
        globalID: String,
        creationTime: String,
        message: String
    ) {
        self.model = model
        self.number = number
        self.globalID = globalID
        self.creationTime = creationTime
        self.message = message
    }
}

/// What a query needs of the versions, so that a source can leave out the rest.
public struct VersionFilter: Hashable, Sendable {
    /// Only versions of this model can match; nil for all.
    public var model: String?
    /// The measurements that are needed at every iteration; of others the last one is enough.
    public var measurementsAtEveryIteration: Set<String> = []

    /// A filter that lets everything through.
    public init() {}
}

/// Where queries find versions.
public protocol VersionSource: Sendable {
    /// The versions in order of name and number; a filter may be taken as a hint.
    func versions(matching filter: VersionFilter) throws -> [VersionFacts]

    /// The text of a saved query; nil if there is none of that name.
    func savedQuery(named name: String) throws -> [UInt8]?

    /// The names of all saved queries.
    func savedQueryNames() throws -> [String]
}
