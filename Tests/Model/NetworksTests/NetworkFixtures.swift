import Foundation
import Networks
import Testing

/// The networks in Tests/Fixtures/networks.
enum NetworkFixtures {
    static func bytes(_ path: String, from file: String = #filePath) throws -> [UInt8] {
        let tests = file.components(separatedBy: "/Tests/")[0] + "/Tests/Fixtures/networks/"
        return [UInt8](try Data(contentsOf: URL(filePath: fixtures(file, tests) + path)))
    }

    /// The folder of fixtures, also where the tests are reached through a link.
    private static func fixtures(_ file: String, _ folder: String) -> String {
        var folder = folder
        if !FileManager.default.fileExists(atPath: folder) {
            let real = URL(filePath: file).resolvingSymlinksInPath().path
            folder = real.components(separatedBy: "/Tests/")[0] + "/Tests/Fixtures/networks/"
        }
        return folder
    }

    static func caffe(_ name: String) throws -> Network {
        try #require(try CaffeNetwork.read(bytes("caffe/\(name).prototxt")))
    }

    /// The names of the layers that a selector with `.next has` finds.
    static func names(
        in network: Network,
        _ selector: String,
        nextHas template: NodeTemplate
    ) throws -> [String] {
        let graph = network.graph
        guard let flags = try graph.flags(matching: template) else { return [] }
        return try graph.nodes(matching: NodePattern(selector))
            .filter { graph.hasNeighbour(.next, of: $0) { flags[$0] } }.map { graph.name(of: $0) }
    }
}
