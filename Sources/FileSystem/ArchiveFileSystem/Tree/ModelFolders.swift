import Archive
import Catalog

/// `models/` and the folders below it, down to the versions.
///
/// A folder is the path of a model's name, or of a part of it before a slash: `google` holds
/// `bert` of `google/bert`, and may be a model itself.
struct ModelFolders {
    private let tree: ArchiveTree
    private var catalog: Catalog { tree.archive.catalog }

    init(tree: ArchiveTree) {
        self.tree = tree
    }

    /// The node of a folder; that of `models/` for the empty path.
    func node(ofFolder path: String) -> ArchiveNode {
        path.isEmpty ? .models : .named(tree.namedNodes.number(of: .folder(path)))
    }

    /// The folder that holds a folder.
    func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    func lookup(_ name: [UInt8], in folder: String) throws -> NodeAttributes {
        guard let text = String(validating: name, as: UTF8.self) else {
            throw ArchiveTree.missing(name)
        }
        if !folder.isEmpty, let found = try versionOrLink(text, in: folder) { return found }
        let path = folder.isEmpty ? text : "\(folder)/\(text)"
        guard try tree.modelIndices.current().holds(path) else { throw ArchiveTree.missing(name) }
        return try attributes(of: .folder(path))
    }

    /// A version of a model, or a link to one, in one look into the catalog.
    private func versionOrLink(_ name: String, in folder: String) throws -> NodeAttributes? {
        if name.first == "v", let number = Int(name.dropFirst()), name == "v\(number)" {
            let version = try catalog.version(of: folder, number: number)
            // Folders do not fold case, as the names of models do.
            guard let version, version.removalTime == nil, version.model == folder else { return nil }
            return attributes(of: version.id, creationTime: version.creationTime)
        }
        let link = NamedNodes.Name.link(folder: folder, name: name)
        return try version(of: link).map {
            attributes(ofLink: link, to: $0.number, creationTime: $0.creationTime)
        }
    }

    func attributes(of name: NamedNodes.Name) throws -> NodeAttributes {
        switch name {
        case .folder(let path):
            guard let time = try tree.modelIndices.current().times[path] else {
                throw ArchiveTree.stale
            }
            return tree.directory(
                .named(tree.namedNodes.number(of: name)),
                modificationTime: time
            )
        case .link:
            guard let version = try version(of: name) else { throw ArchiveTree.stale }
            return attributes(
                ofLink: name,
                to: version.number,
                creationTime: version.creationTime
            )
        }
    }

    private func attributes(
        ofLink name: NamedNodes.Name,
        to number: Int,
        creationTime: Int64
    ) -> NodeAttributes {
        tree.link(
            .named(tree.namedNodes.number(of: name)),
            target: Self.name(ofVersion: number),
            modificationTime: creationTime * 1_000_000
        )
    }

    func target(of name: NamedNodes.Name) throws -> [UInt8] {
        guard let version = try version(of: name) else { throw ArchiveTree.stale }
        return Self.name(ofVersion: version.number)
    }

    /// The version that a link leads to; nil if there is no such link any more.
    private func version(of name: NamedNodes.Name) throws -> VersionRecord? {
        guard case .link(let folder, let link) = name else { return nil }
        let version =
            link == "latest"
            ? try catalog.newestVersion(of: folder)
            : try catalog.version(of: folder, tag: link)
        return version?.model == folder ? version : nil
    }

    func entries(of folder: String) throws -> DirectoryListing {
        let prefix = folder.isEmpty ? "" : folder + "/"
        let index = try tree.modelIndices.current()
        let children = index.children[folder] ?? []
        let model = folder.isEmpty ? nil : try model(folder)
        let versions = try model.map { try catalog.listedVersions(of: $0) } ?? []
        var listing = DirectoryListing(count: children.count + versions.count)
        for name in children {
            let node = self.node(ofFolder: prefix + name)
            listing.add(
                name.utf8,
                tree.directory(node, modificationTime: index.times[prefix + name])
            )
        }
        guard let model else { return listing }
        for version in versions {
            listing.add(
                Self.name(ofVersion: version.number),
                attributes(of: version.id, creationTime: version.creationTime)
            )
        }
        let latest = versions.last.map { [("latest", $0.number, $0.creationTime)] } ?? []
        let tags = try catalog.tags(of: model).map { ($0.name, $0.version.number, $0.version.creationTime) }
        for (name, number, creationTime) in latest + tags {
            listing.add(
                name.utf8,
                attributes(
                    ofLink: .link(folder: folder, name: name),
                    to: number,
                    creationTime: creationTime
                )
            )
        }
        return listing
    }

    private func attributes(of version: VersionID, creationTime: Int64) -> NodeAttributes {
        tree.directory(.version(version, entry: 0), modificationTime: creationTime * 1_000_000)
    }

    private static func name(ofVersion number: Int) -> [UInt8] {
        // Not interpolated, which takes several times as long: there may be very many.
        [UInt8(ascii: "v")] + String(number).utf8
    }

    /// The row of a model whose name is exactly this.
    private func model(_ name: String) throws -> ModelID? {
        guard let model = try catalog.model(named: name), model.name == name else { return nil }
        return model.id
    }
}
