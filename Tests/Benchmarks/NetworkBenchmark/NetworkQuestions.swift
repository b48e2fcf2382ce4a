import Foundation
import Networks

/// Encoded networks, and the ways to ask them.
struct NetworkQuestions {
    private let networkCount: Int
    private let encoded: [[UInt8]]
    /// The `network.json` of every fiftieth.
    private let texts: [Data]
    private let pattern: NodePattern
    private let template: NodeTemplate

    init(networkCount: Int, nodeCount: Int) throws {
        self.networkCount = networkCount
        var encoded: [[UInt8]] = []
        var texts: [Data] = []
        for seed in 0..<networkCount {
            let network = try SyntheticNetwork.make(nodeCount: nodeCount, seed: seed)
            encoded.append(network.graph.encoded())
            if seed % 50 == 0 { texts.append(Data(NetworkJSON.text(of: network).utf8)) }
        }
        self.encoded = encoded
        self.texts = texts
        pattern = try NodePattern("conv*")
        template = try NodeTemplate(.pool, [.init(.text("MAX"))])
    }

    /// The bytes of all encoded networks.
    var byteCount: Int { encoded.reduce(0) { $0 + $1.count } }

    /// What is measured: a name, how many networks a run goes through, and the run.
    var steps: [(name: String, networks: Int, run: () throws -> Int)] {
        let few = max(1, networkCount / 50)
        return [
            ("load and match", networkCount, { try loadAndMatch() }),
            ("load", networkCount, { try load() }),
            ("load as a whole", few, { try loadWhole(few) }),
            ("load, names by Regex", few, { try matchByRegex(few) }),
            ("JSONSerialization", texts.count, { try parseText() }),
        ]
    }

    private func load() throws -> Int {
        try encoded.reduce(0) { try $0 + NetworkGraph(decoding: $1).nodeCount }
    }

    private func loadAndMatch() throws -> Int {
        var found = 0
        for bytes in encoded {
            let graph = try NetworkGraph(decoding: bytes)
            guard let flags = try graph.flags(matching: template) else { continue }
            for node in graph.nodes(matching: pattern)
            where graph.hasNeighbour(.next, of: node, where: { flags[$0] }) {
                found += 1
            }
        }
        return found
    }

    private func loadWhole(_ count: Int) throws -> Int {
        try encoded.prefix(count).reduce(0) {
            try $0 + Network(NetworkGraph(decoding: $1)).nodes.count
        }
    }

    private func matchByRegex(_ count: Int) throws -> Int {
        let expression = try Regex("conv.*")
        var found = 0
        for bytes in encoded.prefix(count) {
            let graph = try NetworkGraph(decoding: bytes)
            for node in 0..<graph.nodeCount
            where graph.name(of: node).wholeMatch(of: expression) != nil {
                found += 1
            }
        }
        return found
    }

    private func parseText() throws -> Int {
        try texts.reduce(0) { count, text in
            try count + (JSONSerialization.jsonObject(with: text) is [String: Any] ? 1 : 0)
        }
    }
}
