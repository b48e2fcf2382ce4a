import Catalog
import Foundation
import ModelFormats
import Networks
import ParameterStore
import TensorCoding
import Tensors

extension ModelArchive {
    /// Commits files as a new version of a model.
    ///
    /// Every content is decoded again and compared with the files before the version is there; until
    /// then the archive is as it was.
    ///
    /// - Parameters:
    ///   - request: What to commit.
    ///   - progress: Is called after every content, on the calling thread.
    /// - Throws: ``ArchiveError``, ``CatalogError``, or an error of the store; the archive is then as
    ///   it was.
    public func commit(
        _ request: CommitRequest,
        progress: (CommitProgress) -> Void = { _ in }
    ) throws -> CommitSummary {
        try ModelName.check(request.model)
        guard !request.paths.isEmpty else {
            throw ArchiveError(.invalid, "There is nothing to commit; name files or directories.")
        }
        let scanned = try FileScanner.scan(request.paths)
        return try withLock {
            let committer = try Committer(archive: self, request: request, scanned: scanned)
            return try committer.run(progress)
        }
    }
}

/// One commit, while the archive's lock is held.
private final class Committer {
    private let archive: ModelArchive
    private let request: CommitRequest
    private let parents: [VersionRecord]
    private var items: [CommitItem]
    private var record: CommitRecord
    private var tensorBytes = (all: 0, known: 0)
    private let examination: TensorExamination
    private let pack: (id: PackID, name: String)
    private let firstContent: ContentID
    private var networkNotes: [String] = []

    init(archive: ModelArchive, request: CommitRequest, scanned: [ScannedFile]) throws {
        self.archive = archive
        self.request = request
        examination = TensorExamination(catalog: archive.catalog, store: archive.store)
        try Self.checkName(request.model, in: archive)
        for tag in request.tags { try archive.checkTag(tag, of: request.model) }
        parents = try Self.parents(of: request, in: archive)
        items = try CommitItem.items(of: scanned, weightsPattern: request.weightsPattern)
        let globalID = GlobalID()
        record = CommitRecord(
            model: request.model,
            number: try archive.catalog.nextNumber(of: request.model),
            globalID: globalID,
            creationTime: ModelArchive.now(),
            message: request.message
        )
        record.parents = parents.map(\.globalID)
        record.tags = request.tags
        record.hyperparameters = request.hyperparameters
        record.lossy = request.lossyCopy?.record
        record.measurements = request.measurements.map {
            MeasurementRecord(name: $0.name, iteration: $0.iteration, value: $0.value)
        }
        let next = try archive.catalog.nextIDs()
        pack = (next.pack, globalID.description)
        firstContent = next.content
    }

    func run(_ progress: (CommitProgress) -> Void) throws -> CommitSummary {
        try assignSnapshots()
        let writer = ContentWriter(
            store: archive.store,
            packName: pack.name,
            pack: pack.id,
            firstContentID: firstContent
        )
        do {
            try encodeFiles(writer, progress)
            try addNetwork(writer)
            try renderDocuments(writer)
            record.contents = try writer.finish()
            record.pack = pack
            let id = try archive.catalog.insert(record)
            return try summary(id)
        } catch {
            writer.discard()
            throw error
        }
    }

    private static func checkName(_ name: String, in archive: ModelArchive) throws {
        if let model = try archive.catalog.model(named: name), model.name != name {
            throw ArchiveError(
                .exists,
                "There is a model '\(model.name)'; names that differ in case only are refused."
            )
        }
        for (prefix, tag) in name.slashes {
            guard try archive.catalog.version(of: prefix, tag: tag) != nil else { continue }
            throw ArchiveError(
                .exists,
                "'\(name)' cannot be a model: '\(prefix)' has a tag '\(tag)'."
            )
        }
    }

    private static func parents(
        of request: CommitRequest,
        in archive: ModelArchive
    ) throws -> [VersionRecord] {
        guard request.parents.isEmpty else {
            return try request.parents.map { try archive.version($0) }
        }
        return try archive.catalog.newestVersion(of: request.model).map { [$0] } ?? []
    }

    private func assignSnapshots() throws {
        let named = request.snapshots.map { assignment in
            var assignment = assignment
            assignment.path = ModelArchive.absolutePath(assignment.path)
            return assignment
        }
        let assignment = try SnapshotAssigner.assign(
            files: items.map {
                ($0.scanned.name, ModelArchive.absolutePath($0.scanned.sourcePath))
            },
            isMember: items.map { $0.role != .auxiliary },
            named: named
        )
        record.snapshots = assignment.snapshots
        for index in items.indices { items[index].snapshot = assignment.ordinals[index] }
        if request.weightsPattern == nil { SameTensors.setAside(&items) }
    }

    /// Stores the files snapshot by snapshot, so that each finds the one before as its base; the
    /// catalog lists them in the order of their paths.
    private func encodeFiles(
        _ writer: ContentWriter,
        _ progress: (CommitProgress) -> Void
    ) throws {
        var encoder = FileEncoder(writer: writer)
        for parent in parents.reversed() { try encoder.candidates.add(parent.id, of: archive.catalog) }
        let order = encodingOrder
        var done = CommitProgress(
            byteCount: 0,
            byteCountTotal: items.map(\.scanned.status.byteCount).reduce(0, +),
            fileCount: 0,
            fileCountTotal: items.count
        )
        var files: [Int: CommitRecord.File] = [:]
        for index in order {
            progress(done)
            encoder.successorCount = successorCount(of: items[index])
            let before = done.byteCount
            let file = try encode(items[index], with: &encoder) { encoder, byteCount in
                done.byteCount = before + byteCount
                done.tensorByteCount = encoder.tensorByteCount
                done.knownTensorByteCount = encoder.knownTensorByteCount
                progress(done)
            }
            files[index] = file
            done.byteCount = before + items[index].scanned.status.byteCount
            done.fileCount += 1
            done.tensorCount += file.tensors.count
        }
        progress(done)
        tensorBytes = (done.tensorByteCount, done.knownTensorByteCount)
        record.files = items.indices.compactMap { files[$0] }
    }

    /// Whether the last snapshot is stored first, and the others as deltas backwards: it is what is read
    /// most and what fine-tunes begin with, so it should not be deep. A version with a parent goes
    /// forwards, from what it shares with the parent.
    private var goesBackwards: Bool { parents.isEmpty }

    /// The items snapshot by snapshot; what belongs to none comes last.
    private var encodingOrder: [Int] {
        items.indices.sorted { left, right in
            guard let first = items[left].snapshot, let second = items[right].snapshot,
                first != second
            else {
                let (first, second) = (items[left].snapshot, items[right].snapshot)
                return first == second ? left < right : first != nil
            }
            return goesBackwards ? first > second : first < second
        }
    }

    /// The snapshots that are stored after that of an item.
    private func successorCount(of item: CommitItem) -> Int {
        guard let snapshot = item.snapshot else { return 0 }
        let ordinals = Set(items.compactMap(\.snapshot))
        return ordinals.count { goesBackwards ? $0 < snapshot : $0 > snapshot }
    }

    private func encode(
        _ item: CommitItem,
        with encoder: inout FileEncoder,
        stored: (FileEncoder, Int) -> Void
    ) throws -> CommitRecord.File {
        var file = FileRecord(
            snapshot: item.snapshot,
            path: item.scanned.path,
            role: item.role,
            format: item.map?.format.rawValue,
            byteCount: item.scanned.status.byteCount,
            hash: [],
            isExecutable: item.scanned.status.isExecutable,
            modificationTime: item.scanned.status.modificationTime,
            linkTarget: item.scanned.linkTarget,
            note: item.note ?? item.map?.note
        )
        if let target = item.scanned.linkTarget {
            file.byteCount = target.count
            return CommitRecord.File(record: file, spans: [], tensors: [])
        }
        let source = try FileBytes(path: item.scanned.sourcePath)
        if let map = item.map, map.byteCount != source.byteCount {
            throw ArchiveError(
                .badInput,
                "'\(source.path)' changed while it was being committed. "
                    + "Commit it when nothing writes to it."
            )
        }
        file.byteCount = source.byteCount
        let hashing = BackgroundHash(source)
        var encoded = try encoder.encode(source, map: item.map, stored: stored)
        if item.role == .weights, let map = item.map {
            for index in encoded.tensors.indices {
                let tensor = encoded.tensors[index]
                let (elements, isPlain) = map.tensors[index].elements(in: source)
                encoded.tensors[index].facts = try examination.facts(
                    of: tensor,
                    isContent: isPlain,
                    in: elements,
                    at: 0..<elements.byteCount
                )
            }
        }
        file.hash = try hashing.value()
        try source.checkUnchanged()
        return CommitRecord.File(record: file, spans: encoded.spans, tensors: encoded.tensors)
    }

    /// Finds the network, and renders it; equal ones are stored once, so fine-tunes share theirs.
    private func addNetwork(_ writer: ContentWriter) throws {
        let last = record.snapshots.last?.ordinal
        let tensors = record.files
            .filter { $0.record.role == .weights && $0.record.snapshot == last }
            .flatMap { $0.tensors.map(\.description) }
        let files = items.map(\.scanned).filter { $0.linkTarget == nil }
        var finder = NetworkFinder()
        let found = try finder.find(
            in: files.map { ($0.path, $0.sourcePath) },
            tensors: tensors
        )
        networkNotes = finder.notes
        guard let found else { return }
        record.network = found.record
        let text = NetworkJSON.text(of: found.network)
        try addDocument(.networkText, Array(text.utf8), snapshot: nil, writer)
        let drawing = NetworkDOT.text(of: found.network)
        try addDocument(.networkDrawing, Array(drawing.utf8), snapshot: nil, writer)
    }

    private func renderDocuments(_ writer: ContentWriter) throws {
        let last = record.snapshots.last?.ordinal
        let weights = record.files.filter { $0.record.role == .weights }
        let parameters = weights.filter { $0.record.snapshot == last }
            .flatMap { $0.tensors.map { $0.description.elementCount ?? 0 } }.reduce(0, +)
        record.documents += VersionDocuments.render(
            record,
            parents: parents,
            parameterCount: parameters,
            lossyCopy: request.lossyCopy
        )
        for snapshot in record.snapshots {
            let files = weights.filter { $0.record.snapshot == snapshot.ordinal }
            guard !files.isEmpty else { continue }
            record.documents.append(
                DocumentRecord(
                    snapshot: snapshot.ordinal,
                    kind: .layerIndex,
                    byteCount: SnapshotDocuments.layerIndex(of: files).count,
                    body: .rendered
                )
            )
            if let header = SnapshotDocuments.modelHeader(of: files) {
                try addDocument(.modelHeader, header, snapshot: snapshot.ordinal, writer)
            }
        }
    }

    /// Documents that many snapshots share are contents, so they are stored once.
    private func addDocument(
        _ kind: DocumentKind,
        _ bytes: [UInt8],
        snapshot: Int?,
        _ writer: ContentWriter
    ) throws {
        let content = try writer.add(MemoryBytes(bytes), kind: .bytes, bases: []).id
        record.documents.append(
            DocumentRecord(
                snapshot: snapshot,
                kind: kind,
                byteCount: bytes.count,
                body: .content(content)
            )
        )
    }

    private func summary(_ id: VersionID) throws -> CommitSummary {
        guard let version = try archive.catalog.version(id) else {
            throw ArchiveError(.notFound, "The new version vanished from the catalog.")
        }
        return CommitSummary(
            version: version,
            snapshots: record.snapshots,
            files: record.files.map(\.record),
            tensorCount: record.files.map(\.tensors.count).reduce(0, +),
            byteCount: record.files.map(\.record.byteCount).reduce(0, +),
            storedByteCount: record.contents.map(\.storedByteCount).reduce(0, +),
            network: record.network,
            networkNotes: networkNotes,
            tensorByteCount: tensorBytes.all,
            knownTensorByteCount: tensorBytes.known
        )
    }
}

extension String {
    /// Every way to cut a name at a slash: what stands before, and the part behind.
    fileprivate var slashes: [(prefix: String, part: String)] {
        let parts = split(separator: "/").map(String.init)
        return parts.indices.dropFirst().map { (parts[..<$0].joined(separator: "/"), parts[$0]) }
    }
}
