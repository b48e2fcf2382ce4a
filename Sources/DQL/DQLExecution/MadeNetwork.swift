public import Catalog
public import Networks

/// A network that a query made of a version's.
public struct MadeNetwork: Sendable {
    /// `lenet@v3~query3`: what its directory is called, with `+` for a slash there.
    public let name: String

    /// The version whose tensors it inherits.
    public let version: VersionRecord

    /// The network, and which nodes are inherited.
    public let derived: DerivedNetwork

    /// The name of the query; nil if it was not saved.
    public let queryName: String?

    /// The text of the query.
    public let query: String

    /// The names of the nodes of the version's network that are left out.
    public let removed: [String]

    /// The name of the directory.
    public var listed: String { name.replacing("/", with: "+") }

    /// The names of the new nodes.
    public var inserted: [String] {
        zip(derived.network.nodes, derived.origins).compactMap { node, origin in
            origin == nil ? node.name : nil
        }
    }
}

/// A network that a query could not make.
public struct DroppedNetwork: Hashable, Sendable {
    /// The version that it would have been made of.
    public let source: String
    /// The node where it failed; empty if none is to blame.
    public let node: String
    /// Why, in a sentence.
    public let reason: String
}
