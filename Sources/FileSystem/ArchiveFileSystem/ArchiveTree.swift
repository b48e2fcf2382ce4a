public import Archive
import Catalog
import Foundation
import Logging
import ParameterStore

/// The read-only tree of a mounted archive: `models/`, `lineage/`, and a few files at the top.
///
/// Numbers of nodes lead back to the catalog without a table (see ``ArchiveNode``), so memory does
/// not grow with what was looked at; two bounded caches keep what is asked again soon. What lies in a
/// version never changes and may be kept by the kernel for a day; the folders that commits change
/// have a timeout of a second.
public final class ArchiveTree: ReadableTree {
    let archive: ModelArchive
    let namedNodes = NamedNodes()
    let modelIndices: ModelIndices
    private let versions: VersionTrees
    private let openFiles = BoundedCache<NodeNumber, FileExtents>(weightMax: 200_000)
    private let prefetchBudget: PrefetchBudget
    private let logger: Logger
    private let mountTime: Int64

    /// How long the kernel may keep what never changes: a day.
    static let sealedTimeoutSeconds = 86_400.0

    /// How long it may keep what a commit changes, so that one shows within a second.
    static let mutableTimeoutSeconds = 1.0

    /// Shows an archive.
    ///
    /// - Parameters:
    ///   - archive: The archive.
    ///   - logger: Gets a line for every chunk that turns out to be damaged.
    public init(archive: ModelArchive, logger: Logger) {
        self.archive = archive
        self.logger = logger
        versions = VersionTrees(catalog: archive.catalog)
        modelIndices = ModelIndices(catalog: archive.catalog)
        prefetchBudget = PrefetchBudget(byteCountMax: archive.store.prefetchByteCountMaxOfAll)
        mountTime = Int64(Date().timeIntervalSince1970 * 1e9)
    }

    /// The node that a directory holds under a name.
    public func lookup(
        _ name: [UInt8],
        in directory: NodeNumber
    ) throws(FileSystemError) -> NodeAttributes {
        try translating { try self.find(name, in: self.node(directory)) }
    }

    private func find(_ name: [UInt8], in directory: ArchiveNode) throws -> NodeAttributes {
        switch directory {
        case .root:
            let found = try entries(ofNode: .root, from: 0).first { $0.name == name }
            guard let found else { throw Self.missing(name) }
            return found.attributes
        case .models:
            return try modelFolders.lookup(name, in: "")
        case .named(let number):
            guard case .folder(let path)? = namedNodes.name(of: number) else {
                throw Self.notDirectory
            }
            return try modelFolders.lookup(name, in: path)
        case .version(let version, let entry):
            func found(in tree: VersionTree) -> Int? { tree.entry(named: name[...], in: entry) }
            return try versions.look(at: version, until: { found(in: $0) != nil }) { tree in
                guard let found = found(in: tree) else {
                    guard entry < tree.entries.count else { throw Self.stale }
                    guard tree.entries[entry].kind == .directory else { throw Self.notDirectory }
                    throw Self.missing(name)
                }
                return versions.attributes(of: found, in: tree, version: version)
            }
        case .lineage, .lineageOf, .parents, .children:
            return try lineage.lookup(name, in: directory)
        case .readme, .cacheTag, .parent, .child:
            throw Self.notDirectory
        }
    }

    /// What `stat` tells of a node.
    public func attributes(of node: NodeNumber) throws(FileSystemError) -> NodeAttributes {
        try translating { try self.attributes(ofNode: self.node(node)) }
    }

    private func attributes(ofNode node: ArchiveNode) throws -> NodeAttributes {
        switch node {
        case .root: return directory(.root, mutable: false)
        case .models, .lineage: return directory(node, mutable: true)
        case .readme, .cacheTag:
            return NodeAttributes(
                node: node.number,
                kind: .regularFile,
                size: Self.text(of: node).count,
                permissions: 0o444,
                modificationTime: mountTime,
                timeoutSeconds: Self.sealedTimeoutSeconds
            )
        case .named(let number):
            guard let name = namedNodes.name(of: number) else { throw Self.stale }
            return try modelFolders.attributes(of: name)
        case .version(let version, let entry):
            return try look(at: version, entry) {
                versions.attributes(of: entry, in: $0, version: version)
            }
        case .lineageOf, .parents, .children, .parent, .child:
            return try lineage.attributes(of: node)
        }
    }

    /// The entries of a directory but `.` and `..`, in the order in which they are listed.
    ///
    /// All of them; or, while the tree of a version is being made, those that are known from a place on.
    public func entries(
        of directory: NodeNumber,
        from first: Int
    ) throws(FileSystemError) -> DirectoryListing {
        try translating { try self.entries(ofNode: self.node(directory), from: first) }
    }

    private func entries(ofNode directory: ArchiveNode, from first: Int) throws -> DirectoryListing {
        switch directory {
        case .root:
            let nodes: [(name: String, node: ArchiveNode)] = [
                ("README.txt", .readme), ("CACHEDIR.TAG", .cacheTag), ("models", .models),
                ("lineage", .lineage),
            ]
            var listing = DirectoryListing(count: nodes.count)
            for (name, node) in nodes { listing.add(name.utf8, try attributes(ofNode: node)) }
            return listing
        case .models: return try modelFolders.entries(of: "")
        case .named(let number):
            guard case .folder(let path)? = namedNodes.name(of: number) else {
                throw Self.notDirectory
            }
            return try modelFolders.entries(of: path)
        case .version(let version, let entry):
            return try versions.look(at: version, until: { $0.childCount(of: entry) > first }) { tree in
                guard entry < tree.entries.count else { throw Self.stale }
                guard tree.entries[entry].kind == .directory else { throw Self.notDirectory }
                let first = min(first, tree.childCount(of: entry))
                var listing = DirectoryListing(count: tree.childCount(of: entry) - first)
                listing.firstPlace = first
                listing.reachesEnd = tree.isComplete
                tree.forEachChild(of: entry, from: first) { child in
                    let attributes = versions.attributes(of: child, in: tree, version: version)
                    listing.add(tree.name(of: child), attributes)
                }
                return listing
            }
        case .lineage, .lineageOf, .parents, .children: return try lineage.entries(of: directory)
        case .readme, .cacheTag, .parent, .child: throw Self.notDirectory
        }
    }

    /// The directory that holds a directory; the root's is the root.
    public func parent(of directory: NodeNumber) throws(FileSystemError) -> NodeNumber {
        try translating { try self.parent(ofNode: self.node(directory)).number }
    }

    private func parent(ofNode directory: ArchiveNode) throws -> ArchiveNode {
        switch directory {
        case .root, .readme, .cacheTag, .models, .lineage: return .root
        case .named(let number):
            switch namedNodes.name(of: number) {
            case .folder(let path): return modelFolders.node(ofFolder: modelFolders.parent(of: path))
            case .link(let folder, _): return modelFolders.node(ofFolder: folder)
            case nil: throw Self.stale
            }
        case .version(let version, let entry):
            guard entry > 0 else {
                guard let record = try archive.catalog.version(version) else { throw Self.stale }
                return modelFolders.node(ofFolder: record.model)
            }
            return .version(version, entry: try look(at: version, entry) { $0.parent(of: entry) })
        case .lineageOf: return .lineage
        case .parents(let version), .children(let version): return .lineageOf(version)
        case .parent(let version, _): return .parents(version)
        case .child(let version, _): return .children(version)
        }
    }

    /// The target of a symbolic link.
    public func target(of link: NodeNumber) throws(FileSystemError) -> [UInt8] {
        try translating {
            switch try self.node(link) {
            case .named(let number):
                guard let name = self.namedNodes.name(of: number) else { throw Self.stale }
                return try self.modelFolders.target(of: name)
            case .version(let version, let entry):
                let content = try self.look(at: version, entry) { $0.content(of: entry) }
                guard case .symbolicLink(let target) = content else { throw Self.noLink }
                return target
            case .parent(_, let other), .child(_, let other):
                return try self.lineage.target(of: other)
            default: throw Self.noLink
            }
        }
    }

    /// Opens a regular file for reading; calls the function first if the archive must be asked for it.
    public func open(
        _ file: NodeNumber,
        willTakeLong: () -> Void
    ) throws(FileSystemError) -> any ReadableFile {
        try translating {
            if let known = self.openFiles.value(for: file) { return try self.opened(known) }
            willTakeLong()
            let node = try self.node(file)
            let extents: FileExtents?
            switch node {
            case .readme, .cacheTag:
                let text = Self.text(of: node)
                extents = FileExtents([(text.count, .bytes(text))], store: self.archive.store)
            case .version(let version, let entry):
                let content = try self.look(at: version, entry) { $0.content(of: entry) }
                extents = try FileOpener(archive: self.archive).extents(of: content, in: version)
            default: extents = nil
            }
            guard let extents else {
                throw FileSystemError(.isDirectory, "The node is a directory, not a file.")
            }
            let opened = try self.opened(extents)
            self.openFiles.insert(extents, for: file, weight: 8 + extents.extentCount)
            return opened
        }
    }

    private func opened(_ extents: FileExtents) throws(FileSystemError) -> OpenArchiveFile {
        try OpenArchiveFile(
            extents,
            windowMax: archive.store.prefetchByteCountMax,
            budget: prefetchBudget,
            logger: logger
        )
    }

    // MARK: - Changes

    /// The catalog's count of changes.
    public func generation() throws(FileSystemError) -> Int64 {
        try translating { try self.archive.catalog.generation() }
    }

    /// What a commit may have changed of that which was looked at.
    public func changeableNodes() -> ChangeableNodes {
        var nodes = [ArchiveNode.models.number, ArchiveNode.lineage.number]
        var names: [ChangeableNodes.Name] = []
        // What is left out is asked for again after a second anyhow.
        for (number, name) in namedNodes.all(atMost: Self.changeableNodeCountMax) {
            switch name {
            case .folder: nodes.append(ArchiveNode.named(number).number)
            case .link(let folder, let name):
                names.append(
                    .init(parent: modelFolders.node(ofFolder: folder).number, name: Array(name.utf8))
                )
            }
        }
        return ChangeableNodes(nodes: nodes, names: names)
    }

    private static let changeableNodeCountMax = 1000

    /// Lets go of what a change of the archive has made useless.
    public func archiveHasChanged() {
        archive.store.forgetPlaces()
    }

    // MARK: - Parts

    private var modelFolders: ModelFolders {
        ModelFolders(tree: self)
    }

    private var lineage: LineageFolder {
        LineageFolder(tree: self)
    }

    /// Looks at an entry of the tree of a version.
    private func look<Value>(
        at version: VersionID,
        _ entry: Int,
        _ body: (VersionTree) throws -> Value
    ) throws -> Value {
        try versions.look(at: version, until: { entry < $0.entries.count }) { tree in
            guard entry < tree.entries.count else { throw Self.stale }
            return try body(tree)
        }
    }

    private func node(_ number: NodeNumber) throws -> ArchiveNode {
        guard let node = ArchiveNode(number) else { throw Self.stale }
        return node
    }

    /// The attributes of a directory that no version holds.
    func directory(
        _ node: ArchiveNode,
        mutable: Bool = true,
        modificationTime: Int64? = nil
    ) -> NodeAttributes {
        NodeAttributes(
            node: node.number,
            kind: .directory,
            size: 0,
            permissions: 0o555,
            modificationTime: modificationTime ?? mountTime,
            timeoutSeconds: mutable ? Self.mutableTimeoutSeconds : Self.sealedTimeoutSeconds
        )
    }

    /// The attributes of a symbolic link that a commit may change.
    func link(_ node: ArchiveNode, target: [UInt8], modificationTime: Int64) -> NodeAttributes {
        NodeAttributes(
            node: node.number,
            kind: .symbolicLink,
            size: target.count,
            permissions: 0o777,
            modificationTime: modificationTime,
            timeoutSeconds: Self.mutableTimeoutSeconds
        )
    }

    static let stale = FileSystemError(.stale, "The node is not part of the archive any more.")
    static let notDirectory = FileSystemError(.notDirectory, "The node is not a directory.")
    private static let noLink = FileSystemError(.invalidArgument, "The node is no symbolic link.")

    static func missing(_ name: [UInt8]) -> FileSystemError {
        FileSystemError(
            .noSuchEntry,
            "There is no '\(String(decoding: name, as: UTF8.self))' in the directory."
        )
    }

    /// Runs an operation whose errors of the catalog become errors of the file system.
    private func translating<Value>(
        _ body: () throws -> Value
    ) throws(FileSystemError) -> Value {
        do {
            return try body()
        } catch let error as FileSystemError {
            throw error
        } catch {
            logger.error("\(error)")
            throw FileSystemError(.inputOutput, "\(error)")
        }
    }

    private static func text(of node: ArchiveNode) -> [UInt8] {
        Array((node == .cacheTag ? cacheTagText : readmeText).utf8)
    }

    /// The signature that backup programs look for (bford.info/cachedir): everything here can be made
    /// again from the archive.
    private static let cacheTagText = """
        Signature: 8a477f597d28d172789f06886806bc55
        # This is a mounted model archive; back up the archive's directory instead.

        """

    private static let readmeText = """
        This is a mounted archive of models. Nothing below models/ and lineage/ can be changed.

        models/NAME/vN/           one version of a model: files/ as committed, byte for byte,
                                  model.safetensors, layers/*.npy, snapshots/, metadata.json, ...
        models/NAME/latest        the newest version; tags are links beside it
        lineage/NAME@vN/          its parents/ and children/
        query/                    write a DQL query to query/NAME.dql, then list query/NAME/

        """
}
