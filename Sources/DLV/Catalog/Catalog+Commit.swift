import Foundation
import GRDB
public import ParameterStore
import TensorCoding
import Tensors

/// Everything that a commit adds to the catalog.
public struct CommitRecord: Sendable {
    /// A committed file with what it consists of.
    public struct File: Sendable {
        /// The file.
        public var record: FileRecord
        /// What tiles it.
        public var spans: [SpanRecord]
        /// The tensors in it.
        public var tensors: [TensorRecord]

        /// Creates a file.
        public init(record: FileRecord, spans: [SpanRecord], tensors: [TensorRecord]) {
            self.record = record
            self.spans = spans
            self.tensors = tensors
        }
    }

    /// The name of the model; made if there is none yet.
    public var model: String
    /// The number that ``Catalog/nextNumber(of:)`` gave.
    public var number: Int
    /// The identity of the version.
    public var globalID: GlobalID
    /// When, in milliseconds since 1970.
    public var creationTime: Int64
    /// What the committer says.
    public var message: String
    /// The identities of its parents.
    public var parents: [GlobalID]
    /// Tags to set on it, taken from whichever version of the model had them.
    public var tags: [String]
    /// Its snapshots.
    public var snapshots: [SnapshotRecord]
    /// Its files.
    public var files: [File]
    /// Names and values, each a JSON text.
    public var hyperparameters: [(name: String, value: String)]
    /// What was measured.
    public var measurements: [MeasurementRecord]
    /// Its rendered files.
    public var documents: [DocumentRecord]
    /// Its network, if anything tells of one.
    public var network: NetworkRecord?
    /// The pack that the commit wrote, if it wrote one.
    public var pack: (id: PackID, name: String)?
    /// What a float scheme did to its weights, if it is a lossy copy.
    public var lossy: LossyRecord?
    /// The contents that are new.
    public var contents: [ContentRecord]

    /// Creates the record of a commit without files and facts; the other properties are set after.
    public init(
        model: String,
        number: Int,
        globalID: GlobalID,
        creationTime: Int64,
        message: String
    ) {
        self.model = model
        self.number = number
        self.globalID = globalID
        self.creationTime = creationTime
        self.message = message
        parents = []
        tags = []
        snapshots = []
        files = []
        hyperparameters = []
        measurements = []
        documents = []
        contents = []
    }
}

extension Catalog {
    /// The ids that the next commit may use; stable while the archive's lock is held.
    public func nextIDs() throws -> (content: ContentID, pack: PackID) {
        try read { database in
            let content = try Int64.fetchOne(
                database,
                sql: "SELECT value FROM counter WHERE name = 'content'"
            )
            let pack = try Int64.fetchOne(
                database,
                sql: "SELECT value FROM counter WHERE name = 'pack'"
            )
            return (
                ContentID(rawValue: (content ?? 0) + 1), PackID(rawValue: (pack ?? 0) + 1)
            )
        }
    }

    /// The number that the next version of a model gets.
    public func nextNumber(of model: String) throws -> Int {
        try read { database in
            (try Int.fetchOne(
                database,
                sql: "SELECT lastNumber FROM model WHERE name = ?",
                arguments: [model]
            ) ?? 0) + 1
        }
    }

    /// Adds a version with all that belongs to it: the commit point.
    ///
    /// - Parameter commit: Its packs are already synced.
    /// - Returns: The row of the new version.
    /// - Throws: ``CatalogError``; the catalog is then as it was.
    public func insert(_ commit: CommitRecord) throws -> VersionID {
        try write { database in
            try insertContents(of: commit, in: database)
            let version = try insertVersion(commit, in: database)
            try insertFiles(of: commit, version: version, in: database)
            try insertFacts(of: commit, version: version, in: database)
            try commit.lossy?.insert(version: version, in: database)
            try insertWeightFacts(of: commit, version: version, in: database)
            if let network = commit.network {
                try Self.insert(network, version: version, in: database)
            }
            try Self.countChange(in: database)
            return VersionID(rawValue: version)
        }
    }

    static func countChange(in database: Database) throws {
        try database.execute(
            sql: "UPDATE counter SET value = value + 1 WHERE name = 'generation'"
        )
    }

    private func insertContents(of commit: CommitRecord, in database: Database) throws {
        guard let pack = commit.pack, !commit.contents.isEmpty else { return }
        try database.execute(
            sql: "INSERT INTO pack (id, name) VALUES (?, ?)",
            arguments: [pack.id.rawValue, pack.name]
        )
        try database.execute(
            sql: "UPDATE counter SET value = ? WHERE name = 'pack'",
            arguments: [pack.id.rawValue]
        )
        for content in commit.contents {
            try database.execute(
                cachedSQL: "INSERT INTO content VALUES (?, ?, ?, ?)",
                arguments: [
                    content.id.rawValue, Data(content.hash.bytes), content.byteCount,
                    content.kind.rawValue,
                ]
            )
            try database.execute(
                cachedSQL: "INSERT INTO coding VALUES (?, 0, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    content.id.rawValue, content.pack.rawValue, content.indexOffset,
                    content.indexByteCount, content.storedByteCount, content.base?.rawValue,
                    content.depth,
                ]
            )
        }
        try database.execute(
            sql: "UPDATE counter SET value = max(value, ?) WHERE name = 'content'",
            arguments: [commit.contents.map(\.id.rawValue).max() ?? 0]
        )
    }

    private func insertVersion(_ commit: CommitRecord, in database: Database) throws -> Int64 {
        try database.execute(
            sql: "INSERT INTO model (name, lastNumber) VALUES (?, 0) ON CONFLICT DO NOTHING",
            arguments: [commit.model]
        )
        guard
            let model = try Row.fetchOne(
                database,
                sql: "SELECT id, lastNumber FROM model WHERE name = ?",
                arguments: [commit.model]
            ), (model[1] as Int) < commit.number
        else {
            throw CatalogError(.database, "The number of the new version is already taken.")
        }
        let modelID = model[0] as Int64
        try database.execute(
            sql: "UPDATE model SET lastNumber = ? WHERE id = ?",
            arguments: [commit.number, modelID]
        )
        try database.execute(
            sql: """
                INSERT INTO version (globalID, model, number, creationTime, message)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                Data(commit.globalID.bytes), modelID, commit.number, commit.creationTime,
                commit.message,
            ]
        )
        let version = database.lastInsertedRowID
        for (ordinal, parent) in commit.parents.enumerated() {
            try database.execute(
                sql: "INSERT INTO parent VALUES (?, ?, ?)",
                arguments: [version, ordinal, Data(parent.bytes)]
            )
        }
        for tag in commit.tags {
            try database.execute(
                sql: "INSERT OR REPLACE INTO tag VALUES (?, ?, ?)",
                arguments: [modelID, tag, version]
            )
        }
        return version
    }

    private func insertFiles(
        of commit: CommitRecord,
        version: Int64,
        in database: Database
    ) throws {
        for snapshot in commit.snapshots {
            try database.execute(
                cachedSQL: "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    version, snapshot.ordinal, snapshot.iteration, snapshot.label,
                    snapshot.isNumbered,
                ]
            )
        }
        for (ordinal, file) in commit.files.enumerated() {
            let record = file.record
            try database.execute(
                cachedSQL: """
                    INSERT INTO file (version, ordinal, snapshot, path, role, format, byteCount,
                        hash, isExecutable, modificationTime, linkTarget, note)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    version, ordinal, record.snapshot, Data(record.path), record.role.rawValue,
                    record.format, record.byteCount, Data(record.hash), record.isExecutable,
                    record.modificationTime, record.linkTarget.map { Data($0) }, record.note,
                ]
            )
            try insertParts(of: file, row: database.lastInsertedRowID, in: database)
        }
    }

    private func insertParts(
        of file: CommitRecord.File,
        row: Int64,
        in database: Database
    ) throws {
        for span in file.spans {
            try database.execute(
                cachedSQL: "INSERT INTO span VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    row, span.offset, span.byteCount, span.content.rawValue, span.contentOffset,
                ]
            )
        }
        for (ordinal, tensor) in file.tensors.enumerated() {
            let description = tensor.description
            try database.execute(
                cachedSQL: "INSERT INTO tensor VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    row, ordinal, description.name, TensorRecord.dtypeText(of: description),
                    TensorRecord.text(of: description.shape),
                    description.strides.map(TensorRecord.text(of:)),
                    tensor.content?.rawValue, tensor.byteOffset,
                    try tensor.facts.map { try Self.row(of: $0, in: database) },
                ]
            )
        }
    }

    private func insertFacts(
        of commit: CommitRecord,
        version: Int64,
        in database: Database
    ) throws {
        for (name, value) in commit.hyperparameters {
            try database.execute(
                cachedSQL: "INSERT OR REPLACE INTO hyperparameter VALUES (?, ?, ?)",
                arguments: [version, name, value]
            )
        }
        for measurement in commit.measurements {
            // SQLite stores NaN as NULL; reading turns it back.
            try database.execute(
                cachedSQL: "INSERT OR REPLACE INTO measurement VALUES (?, ?, ?, ?)",
                arguments: [
                    version, measurement.name, measurement.iteration,
                    measurement.value.isNaN ? nil : measurement.value,
                ]
            )
        }
        for document in commit.documents {
            var body: Data?
            var content: Int64?
            switch document.body {
            case .inline(let bytes): body = Data(bytes)
            case .content(let id): content = id.rawValue
            case .rendered: break
            }
            try database.execute(
                cachedSQL: "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    version, document.snapshot ?? -1, document.kind.rawValue, document.byteCount,
                    body, content,
                ]
            )
        }
    }
}
