import Archive
import Catalog

/// `lineage/`: a folder a version, with links to its parents and children.
///
/// The links lead into `models/`, where there are none, so that every walk that follows links ends.
struct LineageFolder {
    private let tree: ArchiveTree
    private var catalog: Catalog { tree.archive.catalog }

    init(tree: ArchiveTree) {
        self.tree = tree
    }

    func lookup(_ name: [UInt8], in directory: ArchiveNode) throws -> NodeAttributes {
        switch directory {
        case .lineage:
            guard let text = String(validating: name, as: UTF8.self),
                let at = text.lastIndex(of: "@"),
                let number = Self.number(text[text.index(after: at)...]),
                let version = try catalog.version(
                    of: String(text[..<at].replacing("+", with: "/")),
                    number: number
                ), version.removalTime == nil, Self.name(of: version) == text
            else { throw ArchiveTree.missing(name) }
            return attributes(.lineageOf(version.id), version)
        default:
            let found = try entries(of: directory).first { $0.name == name }
            guard let found else { throw ArchiveTree.missing(name) }
            return found.attributes
        }
    }

    func attributes(of node: ArchiveNode) throws -> NodeAttributes {
        switch node {
        case .lineageOf(let version), .parents(let version), .children(let version):
            return attributes(node, try record(version))
        case .parent(_, let other), .child(_, let other):
            return link(node, try record(other))
        default: throw ArchiveTree.stale
        }
    }

    func entries(of directory: ArchiveNode) throws -> DirectoryListing {
        var listing = DirectoryListing()
        switch directory {
        case .lineage:
            let models = try catalog.listedVersions()
            listing = DirectoryListing(count: models.reduce(0) { $0 + $1.versions.count })
            for (model, versions) in models {
                let prefix = Array("\(Self.name(ofModel: model))@v".utf8)
                for version in versions {
                    // As name(of:) has it, but for all versions at a time.
                    listing.add(
                        prefix + String(version.number).utf8,
                        tree.directory(
                            .lineageOf(version.id),
                            modificationTime: version.creationTime * 1_000_000
                        )
                    )
                }
            }
        case .lineageOf(let version):
            let record = try record(version)
            listing.add("parents".utf8, attributes(.parents(version), record))
            listing.add("children".utf8, attributes(.children(version), record))
        case .parents(let version):
            for parent in try catalog.parents(of: version).compactMap(\.record)
            where parent.removalTime == nil {
                listing.add(Self.name(of: parent).utf8, link(.parent(version, parent.id), parent))
            }
        case .children(let version):
            for child in try catalog.children(of: record(version).globalID) {
                listing.add(Self.name(of: child).utf8, link(.child(version, child.id), child))
            }
        default: throw ArchiveTree.notDirectory
        }
        return listing
    }

    func target(of version: VersionID) throws -> [UInt8] {
        Self.target(of: try record(version))
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.first == "v", let number = Int(text.dropFirst()) else { return nil }
        return number
    }

    private static func name(of version: VersionRecord) -> String {
        "\(name(ofModel: version.model))@v\(version.number)"
    }

    /// A slash in a model's name is written `+` here.
    private static func name(ofModel model: String) -> String {
        model.replacing("/", with: "+")
    }

    private static func target(of version: VersionRecord) -> [UInt8] {
        Array("../../../models/\(version.model)/v\(version.number)".utf8)
    }

    private func record(_ version: VersionID) throws -> VersionRecord {
        guard let record = try catalog.version(version), record.removalTime == nil else {
            throw ArchiveTree.stale
        }
        return record
    }

    private func attributes(_ node: ArchiveNode, _ version: VersionRecord) -> NodeAttributes {
        tree.directory(node, modificationTime: version.creationTime * 1_000_000)
    }

    private func link(_ node: ArchiveNode, _ version: VersionRecord) -> NodeAttributes {
        tree.link(
            node,
            target: Self.target(of: version),
            modificationTime: version.creationTime * 1_000_000
        )
    }
}
