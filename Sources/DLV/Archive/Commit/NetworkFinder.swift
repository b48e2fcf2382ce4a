public import Catalog
import Crypto
import Foundation
public import Networks
import Tensors

/// Finds the network of a version among its files.
///
/// The first of these that can be read counts; of several files of one kind the one that lies least
/// deep, then by name:
///
/// 1. `network.json` in this project's format
/// 2. a Caffe prototxt that says `deploy` in its name, then any other with layers
/// 3. an ONNX graph, `model.onnx` first
/// 4. a `.caffemodel`, which holds the network that it was trained in
/// 5. a `config.json` of a Hugging Face architecture that determines its graph
/// 6. the names of the weights' tensors, which tell of layers without edges
///
/// A file that cannot be read as a network is committed all the same, and the user is told.
struct NetworkFinder {
    /// What a file that may hold a network is, the best first.
    enum Kind: Int {
        case networkText, deployment, prototxt, mainONNX, onnx, caffeModel, configuration

        /// The kind that a file's name tells of.
        init?(fileName: String) {
            if fileName == "network.json" {
                self = .networkText
            } else if fileName.hasSuffix(".prototxt") || fileName.hasSuffix(".pbtxt") {
                self = fileName.contains("deploy") ? .deployment : .prototxt
            } else if fileName.hasSuffix(".onnx") {
                self = fileName == "model.onnx" ? .mainONNX : .onnx
            } else if fileName.hasSuffix(".caffemodel") {
                self = .caffeModel
            } else if fileName == "config.json" {
                self = .configuration
            } else {
                return nil
            }
        }
    }

    /// A file that may hold a network.
    struct Candidate {
        let kind: Kind
        let path: [UInt8]
        let sourcePath: String

        var name: String { String(decoding: path, as: UTF8.self) }
        var depth: Int { path.count { $0 == UInt8(ascii: "/") } }
    }

    /// What was found.
    struct Found {
        var network: Network
        var path: [UInt8]?
    }

    /// Why files that looked like networks are none, in sentences.
    private(set) var notes: [String] = []

    /// Finds the network of a version.
    ///
    /// - Parameters:
    ///   - files: Paths below `files/`, and where the files are now.
    ///   - tensors: The tensors of the latest snapshot's weights.
    /// - Throws: An error of a file that cannot be read from the disk.
    mutating func find(
        in files: [(path: [UInt8], sourcePath: String)],
        tensors: [TensorDescription]
    ) throws -> Found? {
        let candidates = files.compactMap { Self.candidate($0.path, $0.sourcePath) }
            .sorted { left, right in
                (left.kind.rawValue, left.depth, left.name)
                    < (right.kind.rawValue, right.depth, right.name)
            }
        for candidate in candidates {
            do {
                guard let network = try Self.read(candidate, tensors) else { continue }
                noteUnbound(network, candidate, tensors)
                return Found(network: network, path: candidate.path)
            } catch let error as NetworkError {
                notes.append("'\(candidate.name)' holds no network that can be read: \(error)")
            }
        }
        return NamesOnlyNetwork.network(of: tensors).map { Found(network: $0, path: nil) }
    }

    /// Tells of weights that do not fit the network beside which they lie.
    private mutating func noteUnbound(
        _ network: Network,
        _ candidate: Candidate,
        _ tensors: [TensorDescription]
    ) {
        let parameters = network.nodes.flatMap(\.parameters)
        let missing = parameters.filter { !$0.isStored }
        guard !tensors.isEmpty, let first = missing.first else { return }
        notes.append(
            "\(missing.count) of the \(parameters.count) tensors of '\(candidate.name)' are not among "
                + "the weights, or have another size there: '\(first.name)'"
                + (missing.count > 1 ? ", …" : ".")
        )
    }

    private static func candidate(_ path: [UInt8], _ sourcePath: String) -> Candidate? {
        let name = String(decoding: path, as: UTF8.self).lowercased()
        return Kind(fileName: name.split(separator: "/").last.map(String.init) ?? name)
            .map { Candidate(kind: $0, path: path, sourcePath: sourcePath) }
    }

    private static func read(
        _ candidate: Candidate,
        _ tensors: [TensorDescription]
    ) throws -> Network? {
        let source = try FileBytes(path: candidate.sourcePath)
        switch candidate.kind {
        case .mainONNX, .onnx:
            let result = try ONNXNetwork.read(source)
            return result?.network.bound(to: tensors, fileNames: result?.fileNames ?? [:])
        case .caffeModel: return try CaffeNetwork.readModel(source)?.bound(to: tensors)
        case .networkText, .deployment, .prototxt, .configuration: break
        }
        guard source.byteCount <= CaffeNetwork.byteCountMax else { return nil }
        let bytes = try source.bytes(in: 0..<source.byteCount)
        let network: Network? =
            switch candidate.kind {
            case .networkText: NetworkJSON.isNetwork(bytes) ? try NetworkJSON.read(bytes) : nil
            case .configuration: try ConfigurationNetwork.read(bytes)
            default: try CaffeNetwork.read(bytes)
            }
        return network?.bound(to: tensors)
    }
}

extension NetworkFinder.Found {
    /// What the catalog keeps of it.
    var record: NetworkRecord {
        let graph = network.graph.encoded()
        return NetworkRecord(
            hash: Array(SHA256.hash(data: graph)),
            source: network.source.rawValue,
            layerCount: network.layers.count,
            parameterCount: network.parameterCount,
            graph: graph,
            filePath: path
        )
    }
}

extension ModelArchive {
    /// The network of a version; nil if nothing tells of one.
    ///
    /// - Throws: ``CatalogError``, or `NetworkError` if the stored network is damaged.
    public func network(of version: VersionID) throws -> Network? {
        try catalog.network(of: version).map { try Network(NetworkGraph(decoding: $0.graph)) }
    }
}
