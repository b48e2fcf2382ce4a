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
    private let files: [ListedFile]
    private let documents: [(snapshot: Int?, kind: DocumentKind, byteCount: Int)]
    private let time: Int64
    private var tree = VersionTree()
    /// The tensors of each snapshot's weights that were asked for: the latest ones are shown five times.
    private var tensors: [Int: [TensorRecord]] = [:]

    /// The tree of a version.
    static func tree(of version: VersionRecord, in catalog: Catalog) throws -> VersionTree {
        var builder = try VersionTreeBuilder(version, catalog)
        try builder.build()
        return builder.tree
    }

    private init(_ version: VersionRecord, _ catalog: Catalog) throws {
        self.catalog = catalog
        self.version = version
        snapshots = try catalog.snapshots(of: version.id)
        files = try catalog.listedFiles(of: version.id)
        documents = try catalog.documents(of: version.id)
        time = version.creationTime * 1_000_000
    }

    private mutating func build() throws {
        let root = directory([], in: 0)
        addFiles(files, in: directory("files", in: root))
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
        }
        guard !snapshots.isEmpty else { return }
        let folder = directory("snapshots", in: root)
        for snapshot in snapshots {
            let own = directory(Array(snapshot.name.utf8), in: folder)
            addFiles(
                files.filter { $0.snapshot == snapshot.ordinal },
                in: directory("files", in: own)
            )
            try addModel(snapshot, in: own)
        }
    }

    /// Adds `resolution/1`, `2` and `3`: the model from its highest byte planes, and beside it the
    /// small committed files, which say how to use it.
    private mutating func addResolutions(of snapshot: SnapshotRecord, in root: Int) throws {
        let small = files.filter { file in
            file.role == .auxiliary && file.linkTarget == nil
                && file.byteCount <= Self.smallByteCountMax
                && (file.snapshot == nil || file.snapshot == snapshot.ordinal)
        }
        let folder = directory("resolution", in: root)
        for resolution in Resolution.reduced {
            let own = directory("\(resolution.byteCount)", in: folder)
            try addModel(snapshot, in: own, resolution)
            addFiles(small, in: own)
        }
    }

    /// Configurations and vocabularies are smaller.
    private static let smallByteCountMax = 32 << 20

    /// Adds committed files with the folders on their way.
    private mutating func addFiles(_ files: [ListedFile], in folder: Int) {
        tree.reserve(files.count)
        // The files of a folder mostly follow one another, so that it need not be looked up for each.
        var lastFolder: (path: ArraySlice<UInt8>, entry: Int) = ([], folder)
        for file in files {
            let nameStart = file.path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
            let path = file.path[..<nameStart]
            if path != lastFolder.path {
                let entry = path.split(separator: UInt8(ascii: "/")).reduce(folder) { parent, part in
                    directory(Array(part), in: parent)
                }
                lastFolder = (path, entry)
            }
            _ = tree.add(
                Array(file.path[nameStart...]),
                in: lastFolder.entry,
                file.linkTarget.map { .symbolicLink($0) } ?? .file(file.id),
                size: file.byteCount,
                permissions: file.isExecutable ? 0o555 : 0o444,
                modificationTime: file.modificationTime
            )
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
        let weights = files.filter { $0.snapshot == snapshot.ordinal && $0.role == .weights }
        guard !weights.isEmpty else { return }
        let tensors = try tensors(of: weights, in: snapshot)
        if weights.count == 1, weights[0].format == WeightFormat.safetensors.rawValue {
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

    private mutating func addArrays(
        _ tensors: [TensorRecord],
        in layers: Int,
        _ reduced: (VersionTree.Content) -> VersionTree.Content
    ) {
        let paths = LayerNaming.paths(of: tensors.map(\.description.name))
        for (tensor, path) in zip(tensors, paths) {
            let folder = path.layer.map { directory(Array($0.utf8), in: layers) } ?? layers
            add(
                path.fileName,
                in: folder,
                reduced(.array(tensor)),
                size: ArrayFile.byteCount(of: tensor.description)
            )
        }
    }

    private func document(_ kind: DocumentKind, of snapshot: SnapshotRecord) -> Int? {
        documents.first { $0.kind == kind && $0.snapshot == snapshot.ordinal }?.byteCount
    }

    private mutating func directory(_ name: String, in parent: Int) -> Int {
        directory(Array(name.utf8), in: parent)
    }

    private mutating func directory(_ name: [UInt8], in parent: Int) -> Int {
        tree.add(name, in: parent, .directory, permissions: 0o555, modificationTime: time)
    }

    private mutating func add(
        _ name: String,
        in parent: Int,
        _ content: VersionTree.Content,
        size: Int
    ) {
        _ = tree.add(Array(name.utf8), in: parent, content, size: size, modificationTime: time)
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
