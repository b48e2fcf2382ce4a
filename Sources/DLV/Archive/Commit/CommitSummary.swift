public import Catalog

/// What a commit has done so far, for a progress bar.
public struct CommitProgress: Sendable {
    /// The bytes of the files that are stored.
    public var byteCount: Int
    /// The bytes of all files.
    public var byteCountTotal: Int
    /// The files that are stored.
    public var fileCount: Int
    /// All files.
    public var fileCountTotal: Int
    /// The tensors that are stored.
    public var tensorCount = 0
    /// The bytes of storages that are stored, and those among them that the archive had already.
    public var tensorByteCount = 0
    public var knownTensorByteCount = 0
}

/// What a commit made.
public struct CommitSummary: Sendable {
    /// The new version.
    public let version: VersionRecord
    /// Its snapshots.
    public let snapshots: [SnapshotRecord]
    /// Its files.
    public let files: [FileRecord]
    /// The number of tensors in them.
    public let tensorCount: Int
    /// The bytes of all files.
    public let byteCount: Int
    /// The bytes that the commit added to the packs.
    public let storedByteCount: Int
    /// Its network, if anything tells of one.
    public let network: NetworkRecord?
    /// What the user should know of files that hold no network though they look like it.
    public let networkNotes: [String]
    /// The bytes of storages, and those among them that the archive had already.
    public let tensorByteCount: Int
    public let knownTensorByteCount: Int
}
