public import Archive
public import Catalog
import Foundation
import Networks
import Tensors

/// The files of a network that a query made: what its directory holds, in a mount and when it is
/// committed.
public struct MadeNetworkFiles: Sendable {
    /// The stored tensors that it inherits, in the order of its layers.
    public let tensors: [TensorRecord]
    /// The names and bytes of its documents.
    public let documents: [(name: String, bytes: [UInt8])]
    /// The text of `layers/index.tsv`.
    public let layerIndex: [UInt8]

    /// The word in `metadata.json` that tells such a directory from others.
    public static let kind = "derived network"

    /// Finds the files of a network.
    public init(_ made: MadeNetwork, in archive: ModelArchive) throws {
        let inherited = made.derived.inheritedTensors
        var stored: [String: TensorRecord] = [:]
        let latest = try archive.catalog.snapshots(of: made.version.id).last?.ordinal
        for file in try archive.catalog.files(of: made.version.id)
        where file.role == .weights && file.snapshot == latest {
            for tensor in try archive.catalog.tensors(of: file.id) {
                stored[tensor.description.name] = tensor
            }
        }
        try archive.catalog.forEachWeightTensor(of: [made.version.id], latestOnly: true) { tensor in
            stored[tensor.name]?.facts = tensor.facts
        }
        tensors = inherited.compactMap { stored[$0] }
        layerIndex = LayerIndex.text(of: tensors, source: made.version.reference)
        documents = [
            ("network.json", Array(NetworkJSON.text(of: made.derived.network).utf8)),
            ("network.dot", Array(NetworkDOT.text(of: made.derived.network).utf8)),
            ("metadata.json", Self.metadata(made, tensors)),
        ]
    }

    private static func metadata(_ made: MadeNetwork, _ tensors: [TensorRecord]) -> [UInt8] {
        let network = made.derived.network
        let missing = network.nodes.filter { $0.initialiser != nil }.flatMap(\.parameters)
        let text = JSONText.object([
            .init("name", .string(made.name)),
            .init("kind", .string(kind)),
            .init(
                "source",
                .object([
                    .init("version", .string(made.version.reference)),
                    .init("id", .string(made.version.globalID.description)),
                ])
            ),
            .init("query_name", made.queryName.map { .string($0) } ?? .null),
            .init("query", .string(made.query)),
            .init("layers", .integer(Int64(network.layers.count))),
            .init("tensors", .integer(Int64(tensors.count))),
            .init("missing_tensors", .array(missing.map { .string($0.name) })),
            .init("inserted", .array(made.inserted.map { .string($0) })),
            .init("removed", .array(made.removed.map { .string($0) })),
            .init("notes", .array(made.derived.notes.map { .string($0) })),
        ])
        return Array(text.rendered().utf8)
    }

    /// The version that a committed `metadata.json` says a network was made of.
    ///
    /// - Returns: The version's global id; nil if the file is another one.
    public static func sourceID(inMetadata bytes: [UInt8]) -> GlobalID? {
        struct Metadata: Decodable {
            struct Source: Decodable {
                let id: String
            }
            let kind: String
            let source: Source
        }
        guard let metadata = try? JSONDecoder().decode(Metadata.self, from: Data(bytes)),
            metadata.kind == kind
        else { return nil }
        let digits = Array(metadata.source.id.utf8)
        guard digits.count == 32 else { return nil }
        let bytes = stride(from: 0, to: 32, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return GlobalID(bytes: bytes)
    }
}
