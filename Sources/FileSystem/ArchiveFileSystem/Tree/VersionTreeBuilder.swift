import Archive
import Catalog
import ModelFormats
import TensorCoding
import Tensors

/// Lists what a version shows in the mount.
struct VersionTreeBuilder {
    private let catalog: Catalog
    private let version: VersionRecord
    private let snapshots: [SnapshotRecord]
    private let documents: [(snapshot: Int?, kind: DocumentKind, byteCount: Int)]
    private let documentByteCounts: [SnapshotDocument: Int]
    private let time: Int64
    private let tree: GrowingTree
    private var listing = FileListing()
    private var filesOfSnapshots: [Int: [ListedFile]] = [:]
    /// The tensors of each snapshot's weights that were asked for: the latest ones are shown five times.
    private var tensors: [Int: [TensorRecord]] = [:]

    private struct SnapshotDocument: Hashable {
        let snapshot: Int?
        let kind: DocumentKind
    }

    /// Makes the tree of a version, and shows it as it grows.
    ///
    /// - Parameters:
    ///   - tree: An empty tree.
    ///   - version: The version.
    ///   - fileCount: How many files it has.
    ///   - catalog: Where it is recorded.
    static func build(
        _ tree: GrowingTree,
        of version: VersionRecord,
        fileCount: Int,
        in catalog: Catalog
    ) throws {
        var builder = try VersionTreeBuilder(tree, version, catalog)
        try builder.build(fileCount)
    }

    private init(_ tree: GrowingTree, _ version: VersionRecord, _ catalog: Catalog) throws {
        self.tree = tree
        self.catalog = catalog
        self.version = version
        snapshots = try catalog.snapshots(of: version.id)
        documents = try catalog.documents(of: version.id)
        documentByteCounts = Dictionary(
            documents.map { (SnapshotDocument(snapshot: $0.snapshot, kind: $0.kind), $0.byteCount) },
            uniquingKeysWith: { first, _ in first }
        )
        time = version.creationTime * 1_000_000
    }

    private mutating func build(_ fileCount: Int) throws {
        let root = directory("", in: 0)
        // First, since they may be very many, and can be shown before the rest is known.
        try addCommittedFiles(fileCount, in: root)
        for document in documents where document.snapshot == nil {
            guard let name = document.kind.fileName else { continue }
            add(
                name,
                in: root,
                .document(snapshot: nil, document.kind),
                size: document.byteCount
            )
        }
        if let latest = snapshots.last {
            try addModel(latest, in: root)
            try addResolutions(of: latest, in: root)
            try addSnapshots(in: root)
        }
        addCompanions(in: root)
    }

    /// Adds `files/`.
    private mutating func addCommittedFiles(_ count: Int, in root: Int) throws {
        let folder = directory("files", in: root)
        tree.grow { $0.reserve(count) }
        listing = try catalog.listedFiles(of: version.id, count: count) { listing, range in
            addFiles(listing.files[range], of: listing, in: folder)
            tree.showGrowth()
        }
        for file in listing.files {
            if let snapshot = file.snapshot { filesOfSnapshots[snapshot, default: []].append(file) }
        }
    }

    /// Adds `snapshots/`.
    private mutating func addSnapshots(in root: Int) throws {
        let folder = directory("snapshots", in: root)
        for snapshot in snapshots {
            let own = directory(snapshot.name, in: folder)
            let files = filesOfSnapshots[snapshot.ordinal] ?? []
            addFiles(files[...], of: listing, in: directory("files", in: own))
            try addModel(snapshot, in: own)
        }
    }

    /// Adds `resolution/1`, `2` and `3`: the model from its highest byte planes, and beside it the
    /// small committed files, which say how to use it.
    private mutating func addResolutions(of snapshot: SnapshotRecord, in root: Int) throws {
        let small = listing.files.filter { file in
            isSmall(file) && belongs(file, to: snapshot)
        }
        let folder = directory("resolution", in: root)
        for resolution in Resolution.reduced {
            let own = directory("\(resolution.byteCount)", in: folder)
            try addModel(snapshot, in: own, resolution)
            addFiles(small[...], of: listing, in: own)
        }
    }

    /// Adds committed files with the folders on their way.
    private func addFiles(_ files: ArraySlice<ListedFile>, of listing: FileListing, in folder: Int) {
        tree.grow { tree in
            // The files of a folder mostly follow one another, so that it need not be looked up for each.
            var lastFolder: (path: ArraySlice<UInt8>, entry: Int) = ([], folder)
            for file in files {
                let (folders, name) = listing.path(of: file).folderAndName
                if folders != lastFolder.path {
                    let entry = folders.split(separator: UInt8(ascii: "/")).reduce(folder) {
                        tree.addDirectory($1, in: $0, modificationTime: time)
                    }
                    lastFolder = (folders, entry)
                }
                add(file, as: name, of: listing, in: lastFolder.entry, to: &tree)
            }
        }
    }

    /// Adds `model.safetensors` and `layers/` of a snapshot.
    private mutating func addModel(
        _ snapshot: SnapshotRecord,
        in folder: Int,
        _ resolution: Resolution? = nil
    ) throws {
        func reduced(_ content: VersionTree.Content) -> VersionTree.Content {
            resolution.map { .reduced(content, $0) } ?? content
        }
        let weights = weights(of: snapshot)
        guard !weights.isEmpty else { return }
        let tensors = try tensors(of: weights, in: snapshot)
        if weights.count == 1, listing.format(of: weights[0]) == WeightFormat.safetensors.rawValue {
            add(
                "model.safetensors",
                in: folder,
                reduced(.file(weights[0].id)),
                size: weights[0].byteCount
            )
        } else if let header = document(.modelHeader, of: snapshot) {
            let bytes = tensors.map { $0.description.byteCount ?? 0 }.reduce(0, +)
            add(
                "model.safetensors",
                in: folder,
                reduced(.model(snapshot: snapshot.ordinal)),
                size: header + bytes
            )
        }
        let layers = directory("layers", in: folder)
        if let index = document(.layerIndex, of: snapshot) {
            add(
                "index.tsv",
                in: layers,
                .document(snapshot: snapshot.ordinal, .layerIndex),
                size: index
            )
        }
        addArrays(tensors, in: layers, reduced)
    }

    private mutating func tensors(
        of weights: [ListedFile],
        in snapshot: SnapshotRecord
    ) throws -> [TensorRecord] {
        if let known = tensors[snapshot.ordinal] { return known }
        let found = try weights.flatMap { try catalog.tensors(of: $0.id) }
        tensors[snapshot.ordinal] = found
        return found
    }

    private func addArrays(
        _ tensors: [TensorRecord],
        in layers: Int,
        _ reduced: (VersionTree.Content) -> VersionTree.Content
    ) {
        let paths = LayerNaming.paths(of: tensors.map(\.description.name))
        for (tensor, path) in zip(tensors, paths) {
            let folder = path.layer.map { directory($0, in: layers) } ?? layers
            add(
                path.fileName,
                in: folder,
                reduced(.array(tensor)),
                size: ArrayFile.byteCount(of: tensor.description)
            )
        }
    }

    // MARK: - Companions

    /// Shows beside each `model.safetensors` what lies beside its weights in a Hugging Face folder, which is known by
    /// its `config.json`, so that `from_pretrained` takes the folder. Names that are taken stay what they are.
    ///
    /// Comes last, so that the numbers of all other entries do not depend on it.
    private func addCompanions(in root: Int) {
        let companions = companions()
        guard !companions.isEmpty, let latest = snapshots.last else { return }
        let (reduced, all) = (directory("resolution", in: root), directory("snapshots", in: root))
        for snapshot in snapshots {
            let places = Set(weights(of: snapshot).map { listing.path(of: $0).folderAndName.folder })
            // Weights that lie apart are of several models, as of a pipeline.
            guard places.count == 1, let files = places.first.flatMap({ companions[$0] }) else { continue }
            var folders = [directory(snapshot.name, in: all)]
            if snapshot.ordinal == latest.ordinal {
                folders.append(root)
                folders += Resolution.reduced.map { directory("\($0.byteCount)", in: reduced) }
            }
            tree.grow { tree in
                for file in files where belongs(file, to: snapshot) {
                    let name = listing.path(of: file).folderAndName.name
                    for folder in folders { add(file, as: name, of: listing, in: folder, to: &tree) }
                }
            }
        }
    }

    /// By folder, the small files of Hugging Face models.
    private func companions() -> [ArraySlice<UInt8>: [ListedFile]] {
        var companions: [ArraySlice<UInt8>: [ListedFile]] = [:]
        for file in listing.files where listing.path(of: file).hasSuffix("config.json") && isSmall(file) {
            let (folder, name) = listing.path(of: file).folderAndName
            if name.count == "config.json".utf8.count { companions[folder] = [] }
        }
        guard !companions.isEmpty else { return [:] }
        for file in listing.files where isSmall(file) {
            let (folder, name) = listing.path(of: file).folderAndName
            // An index names shards, which lie in files/ alone.
            if !name.hasSuffix(".index.json") { companions[folder]?.append(file) }
        }
        // A folder of more files is no model's, and snapshots that lie in it would each show all of them.
        return companions.filter { $0.value.count <= Self.companionCountMax }
    }

    private static let companionCountMax = 100

    /// Whether a file may say how to use the weights, rather than be some.
    private func isSmall(_ file: ListedFile) -> Bool {
        file.role == .auxiliary && !file.isLink && file.byteCount <= Self.smallByteCountMax
    }

    /// Configurations and vocabularies are smaller.
    private static let smallByteCountMax = 32 << 20

    /// Whether a file is of a snapshot, or of all.
    private func belongs(_ file: ListedFile, to snapshot: SnapshotRecord) -> Bool {
        file.snapshot == nil || file.snapshot == snapshot.ordinal
    }

    private func weights(of snapshot: SnapshotRecord) -> [ListedFile] {
        (filesOfSnapshots[snapshot.ordinal] ?? []).filter { $0.role == .weights }
    }

    // MARK: - Entries

    private func add(
        _ file: ListedFile,
        as name: ArraySlice<UInt8>,
        of listing: FileListing,
        in folder: Int,
        to tree: inout VersionTree
    ) {
        _ = tree.add(
            name,
            in: folder,
            listing.target(of: file).map { .symbolicLink(Array($0)) } ?? .file(file.id),
            size: file.byteCount,
            permissions: file.isExecutable ? 0o555 : 0o444,
            modificationTime: file.modificationTime
        )
    }

    private func document(_ kind: DocumentKind, of snapshot: SnapshotRecord) -> Int? {
        documentByteCounts[SnapshotDocument(snapshot: snapshot.ordinal, kind: kind)]
    }

    private func directory(_ name: String, in parent: Int) -> Int {
        tree.grow { $0.addDirectory(Array(name.utf8)[...], in: parent, modificationTime: time) }
    }

    private func add(
        _ name: String,
        in parent: Int,
        _ content: VersionTree.Content,
        size: Int
    ) {
        _ = tree.grow {
            $0.add(Array(name.utf8)[...], in: parent, content, size: size, modificationTime: time)
        }
    }
}

extension ArraySlice<UInt8> {
    /// The parts of a path: what ends with the last `/`, and the name behind it.
    fileprivate var folderAndName: (folder: Self, name: Self) {
        let nameStart = lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? startIndex
        return (self[..<nameStart], self[nameStart...])
    }

    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { last == $0.last && suffix($0.count).elementsEqual($0) }
    }
}

extension DocumentKind {
    /// The name of the file in a version's folder; nil for those that lie elsewhere.
    var fileName: String? {
        switch self {
        case .metadata: "metadata.json"
        case .hyperparameters: "hyperparameters.json"
        case .measurements: "measurements.tsv"
        case .lineage: "lineage.json"
        case .networkText: "network.json"
        case .networkDrawing: "network.dot"
        case .modelHeader, .layerIndex: nil
        }
    }
}
