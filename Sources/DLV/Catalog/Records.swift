public import ParameterStore
public import Tensors

/// A model version, as the catalog lists it.
public struct VersionRecord: Hashable, Sendable {
    /// Its row.
    public var id: VersionID
    /// Its identity in every archive.
    public var globalID: GlobalID
    /// The row of its model.
    public var modelID: ModelID
    /// The name of its model.
    public var model: String
    /// The archive's number: 3 of `lenet@v3`.
    public var number: Int
    /// When it was committed, in milliseconds since 1970.
    public var creationTime: Int64
    /// What the committer said of it.
    public var message: String
    /// When it was removed, in milliseconds since 1970; nil while it is there.
    public var removalTime: Int64?

    /// The name that users write: `lenet@v3`.
    public var reference: String { "\(model)@v\(number)" }
}

/// A snapshot of a version: one checkpoint, known by its iteration and a label.
public struct SnapshotRecord: Hashable, Sendable {
    /// Its place in the version, from 0; ascending iteration.
    public var ordinal: Int
    /// The training iteration.
    public var iteration: Int64
    /// Tells snapshots of one iteration apart; mostly empty.
    public var label: String
    /// Whether the iteration is a mere number, since nothing told the real one.
    public var isNumbered: Bool

    /// Creates a snapshot.
    public init(ordinal: Int, iteration: Int64, label: String, isNumbered: Bool) {
        self.ordinal = ordinal
        self.iteration = iteration
        self.label = label
        self.isNumbered = isNumbered
    }

    /// The name that users see: `10000` or `10000-ema`.
    public var name: String { label.isEmpty ? "\(iteration)" : "\(iteration)-\(label)" }
}

/// What a committed file is to its model.
public enum FileRole: Int, Hashable, Sendable, CaseIterable {
    /// Anything that is neither weights nor optimizer state.
    case auxiliary = 0
    /// The weights that make the snapshot.
    case weights = 1
    /// State of an optimizer.
    case optimizer = 2

    /// The word for it in output.
    public var name: String {
        switch self {
        case .auxiliary: "auxiliary"
        case .weights: "weights"
        case .optimizer: "optimizer"
        }
    }
}

/// A run of bytes of a committed file, and where in a content they lie.
public struct SpanRecord: Hashable, Sendable {
    /// The place of the first byte in the file.
    public var offset: Int
    /// The number of bytes.
    public var byteCount: Int
    /// The content that holds them.
    public var content: ContentID
    /// The place of the first byte in the content.
    public var contentOffset: Int

    /// Creates a span.
    public init(offset: Int, byteCount: Int, content: ContentID, contentOffset: Int) {
        self.offset = offset
        self.byteCount = byteCount
        self.content = content
        self.contentOffset = contentOffset
    }
}

/// A tensor of a committed file.
public struct TensorRecord: Hashable, Sendable {
    /// Name, dtype, shape and order of the elements.
    public var description: TensorDescription
    /// The content that holds its bytes; nil if it has none.
    public var content: ContentID?
    /// The place of its first byte in the content.
    public var byteOffset: Int
    /// What is known of its elements, when it is committed; reading leaves it out.
    public var facts: TensorFacts?

    /// Creates a tensor.
    public init(
        description: TensorDescription,
        content: ContentID?,
        byteOffset: Int,
        facts: TensorFacts? = nil
    ) {
        self.description = description
        self.content = content
        self.byteOffset = byteOffset
        self.facts = facts
    }
}

/// A committed file or symbolic link.
public struct FileRecord: Hashable, Sendable {
    /// Its row; 0 before it is committed.
    public var id: Int64
    /// The snapshot that it belongs to (an ordinal), if it belongs to one.
    public var snapshot: Int?
    /// The path below `files/`, as bytes, parts separated by `/`.
    public var path: [UInt8]
    /// What it is to the model.
    public var role: FileRole
    /// The weight format that its span map was made from; nil if it is kept whole.
    public var format: String?
    /// Its size in bytes.
    public var byteCount: Int
    /// The SHA-256 of all its bytes; of a symbolic link, empty.
    public var hash: [UInt8]
    /// Whether it may be executed.
    public var isExecutable: Bool
    /// When it was modified, in nanoseconds since 1970.
    public var modificationTime: Int64
    /// Where it points if it is a symbolic link.
    public var linkTarget: [UInt8]?
    /// Why it is kept whole, in a sentence, if users should know.
    public var note: String?

    /// Creates a file.
    public init(
        id: Int64 = 0,
        snapshot: Int? = nil,
        path: [UInt8],
        role: FileRole,
        format: String? = nil,
        byteCount: Int,
        hash: [UInt8],
        isExecutable: Bool = false,
        modificationTime: Int64,
        linkTarget: [UInt8]? = nil,
        note: String? = nil
    ) {
        self.id = id
        self.snapshot = snapshot
        self.path = path
        self.role = role
        self.format = format
        self.byteCount = byteCount
        self.hash = hash
        self.isExecutable = isExecutable
        self.modificationTime = modificationTime
        self.linkTarget = linkTarget
        self.note = note
    }
}

/// A version as the folder of its model lists it.
public struct ListedVersion: Hashable, Sendable {
    /// Its row.
    public let id: VersionID
    /// The archive's number: 3 of `lenet@v3`.
    public let number: Int
    /// When it was committed, in milliseconds since 1970.
    public let creationTime: Int64
}

/// The kinds of rendered files; the raw values are in the catalog and never change.
public enum DocumentKind: Int, Hashable, Sendable, CaseIterable {
    /// `metadata.json` of a version.
    case metadata = 1
    /// `hyperparameters.json` of a version.
    case hyperparameters = 2
    /// `measurements.tsv` of a version.
    case measurements = 3
    /// `lineage.json` of a version.
    case lineage = 4
    /// The header of a snapshot's `model.safetensors`, where no committed file is it.
    case modelHeader = 5
    /// `layers/index.tsv` of a snapshot.
    case layerIndex = 6
    /// `network.json` of a version.
    case networkText = 7
    /// `network.dot` of a version.
    case networkDrawing = 8
}

/// A file that was rendered at commit.
public struct DocumentRecord: Hashable, Sendable {
    /// Where the bytes of a document are.
    public enum Body: Hashable, Sendable {
        /// In the catalog: short ones that no other version shares.
        case inline([UInt8])
        /// In PAS: long ones, and those that versions share.
        case content(ContentID)
        /// Nowhere: it is made of other rows of the catalog whenever it is read.
        case rendered
    }

    /// The snapshot (an ordinal) that it belongs to; nil for one of the whole version.
    public var snapshot: Int?
    /// Which file it is.
    public var kind: DocumentKind
    /// Its size in bytes.
    public var byteCount: Int
    /// Where its bytes are.
    public var body: Body

    /// Creates a document.
    public init(snapshot: Int?, kind: DocumentKind, byteCount: Int, body: Body) {
        self.snapshot = snapshot
        self.kind = kind
        self.byteCount = byteCount
        self.body = body
    }
}

/// A measurement of a version at an iteration.
public struct MeasurementRecord: Hashable, Sendable {
    /// What was measured: `loss`, `accuracy`.
    public var name: String
    /// The training iteration.
    public var iteration: Int64
    /// The value; NaN for one that was no number.
    public var value: Double

    /// Creates a measurement.
    public init(name: String, iteration: Int64, value: Double) {
        self.name = name
        self.iteration = iteration
        self.value = value
    }
}
