public import Catalog
public import FloatSchemes
import Foundation

/// What a copy made.
public struct CopySummary: Sendable {
    /// The new version, as a commit tells of it.
    public let commit: CommitSummary
    /// How far its weights are from the original ones; nil for an exact copy.
    public let error: SchemeError?
    /// Files of the original that the copy lacks: the state of optimizers, in a lossy one.
    public let omittedFiles: [FileRecord]
}

extension ModelArchive {
    /// Makes a version with another one as its parent: the same files, or the weights in a float scheme.
    ///
    /// An exact copy takes no space but rows of the catalog, since contents are stored once. A lossy one
    /// holds its weights as safetensors files: in half precision as such, else as numbers of the same
    /// dtype on a coarse grid, which every tool reads. It is marked as lossy in its metadata, with the
    /// error that was measured.
    ///
    /// - Parameters:
    ///   - source: The version to copy.
    ///   - model: The model of the new version; made if there is none yet.
    ///   - scheme: The float scheme; nil for an exact copy.
    ///   - message: What is to be said of the new version; empty for a default.
    ///   - tags: Tags for it.
    ///   - progress: Is called with the files done and of all.
    /// - Throws: ``ArchiveError`` and what a commit throws; the archive is then as it was.
    public func copy(
        _ source: VersionRecord,
        to model: String,
        scheme: FloatScheme? = nil,
        message: String = "",
        tags: [String] = [],
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> CopySummary {
        try ModelName.check(model)
        guard catalog.isWritable else {
            throw ArchiveError(.system, "The archive '\(path)' cannot be written.")
        }
        let folder = path + "/" + Self.copyingPrefix + GlobalID().description
        try Self.createFolder(folder)
        // What a crash leaves there is litter; the next collection takes it away.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var draft = CopyDraft(archive: self, source: source, scheme: scheme, folder: folder)
        try draft.writeFiles(progress)
        var request = CommitRequest(model: model, message: message, paths: [folder])
        if message.isEmpty {
            request.message = "copy of \(source.reference)" + (scheme.map { " as \($0.name)" } ?? "")
        }
        request.parents = [try Reference(source.reference)]
        request.tags = tags
        request.snapshots = draft.snapshots
        request.hyperparameters = try catalog.hyperparameters(of: source.id)
        request.lossyCopy = draft.lossyCopy
        return CopySummary(
            commit: try commit(request),
            error: draft.lossyCopy?.error,
            omittedFiles: draft.omittedFiles
        )
    }

    /// What folders are called in which copies are prepared.
    static let copyingPrefix = "copying-"

    static func createFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
        } catch {
            throw ArchiveError(
                .system,
                "Cannot make the folder '\(path)': \(error.localizedDescription)"
            )
        }
    }

    /// Removes what copies that were killed left behind; the archive's lock is held.
    ///
    /// A folder younger than a day may be of a copy under way.
    func removeCopyingLitter() {
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: path)) ?? []
        where name.hasPrefix(Self.copyingPrefix) {
            let folder = path + "/" + name
            let attributes = try? manager.attributesOfItem(atPath: folder)
            guard let time = attributes?[.modificationDate] as? Date,
                time.timeIntervalSinceNow < -86_400
            else { continue }
            // What cannot be removed now is the next collection's work.
            try? manager.removeItem(atPath: folder)
        }
    }
}

/// The files of a copy, in a folder that is then committed.
private struct CopyDraft {
    let archive: ModelArchive
    let source: VersionRecord
    let scheme: FloatScheme?
    let folder: String

    private(set) var snapshots: [CommitRequest.SnapshotAssignment] = []
    private(set) var omittedFiles: [FileRecord] = []
    private(set) var lossyCopy: LossyCopy?

    init(archive: ModelArchive, source: VersionRecord, scheme: FloatScheme?, folder: String) {
        self.archive = archive
        self.source = source
        self.scheme = scheme
        self.folder = folder
        lossyCopy = scheme.map { LossyCopy(scheme: $0.name, source: source.reference) }
    }

    mutating func writeFiles(_ progress: (Int, Int) -> Void) throws {
        let files = try archive.catalog.files(of: source.id)
        let snapshots = try archive.catalog.snapshots(of: source.id)
        for (index, file) in files.enumerated() {
            progress(index, files.count)
            guard let path = try write(file) else { continue }
            guard let snapshot = snapshots.first(where: { $0.ordinal == file.snapshot }) else { continue }
            self.snapshots.append(
                .init(iteration: snapshot.iteration, label: snapshot.label, path: path)
            )
        }
        progress(files.count, files.count)
        if scheme != nil, lossyCopy?.tensors.isEmpty ?? true {
            throw ArchiveError(
                .invalid,
                "\(source.reference) has no floating-point weights that a float scheme could keep."
            )
        }
    }

    /// - Returns: Where the file is now; nil if the copy lacks it.
    private mutating func write(_ file: FileRecord) throws -> String? {
        let name = String(decoding: file.path, as: UTF8.self)
        var path = folder + "/" + name
        try ModelArchive.createFolder((path as NSString).deletingLastPathComponent)
        guard let scheme, file.role != .auxiliary, file.linkTarget == nil else {
            try archive.write(file, to: path)
            return path
        }
        guard file.role == .weights else {
            omittedFiles.append(file)
            return nil
        }
        let tensors = try archive.catalog.tensors(of: file.id)
        if (path as NSString).pathExtension.lowercased() != "safetensors" {
            path = (path as NSString).deletingPathExtension + ".safetensors"
        }
        let writer = SchemeWriter(scheme: scheme, store: archive.store)
        lossyCopy?.tensors += try writer.write(name, tensors, to: path)
        return path
    }
}
