/// What a user asks to commit.
public struct CommitRequest: Sendable {
    /// A weight file whose snapshot the user named: `--snapshot 500=PATH`.
    public struct SnapshotAssignment: Hashable, Sendable {
        /// The iteration.
        public var iteration: Int64
        /// Tells snapshots of one iteration apart; mostly empty.
        public var label: String
        /// The file, or the folder whose weight files belong to the snapshot.
        public var path: String

        /// Creates an assignment.
        public init(iteration: Int64, label: String = "", path: String) {
            self.iteration = iteration
            self.label = label
            self.path = path
        }
    }

    /// The name of the model.
    public var model: String
    /// What the committer says of the version.
    public var message: String
    /// Files and directories.
    public var paths: [String]
    /// The parents; none means the newest version of the same model, if there is one.
    public var parents: [Reference]
    /// Tags for the new version.
    public var tags: [String]
    /// Snapshots that the user named.
    public var snapshots: [SnapshotAssignment]
    /// Names and values, each a JSON text.
    public var hyperparameters: [(name: String, value: String)]
    /// What was measured.
    public var measurements: [MeasurementLog.Entry]
    /// A glob that says which files are weights; nil for the fixed rules.
    public var weightsPattern: String?
    /// What a float scheme did to the weights, if the version is a lossy copy.
    var lossyCopy: LossyCopy?

    /// Creates a request.
    public init(model: String, message: String, paths: [String]) {
        self.model = model
        self.message = message
        self.paths = paths
        parents = []
        tags = []
        snapshots = []
        hyperparameters = []
        measurements = []
    }
}
