import Archive
import Foundation
import Networks

/// What `dlv desc` tells of a version's network.
struct NetworkDescription {
    private let network: Network
    private let file: String?

    init(_ network: Network, file: [UInt8]?) {
        self.network = network
        self.file = file.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Prints a row a layer.
    func printText() {
        print("")
        let count = network.parameterCount.map { ", \($0) parameters" } ?? ""
        let origin = file.map { "\(network.source.rawValue), \($0)" } ?? network.source.rawValue
        print("network     \(counted(network.layers.count, "layer"))\(count) (\(origin))")
        if !network.hasGraph {
            print("            No file holds the graph: layers are known by their tensors alone.")
        }
        print("")
        var listing = Listing(
            ["LAYER", "OPERATOR", "READS", "GIVES", "PARAMETERS"],
            rightAligned: [4]
        )
        for node in network.nodes {
            let inputs = node.inputs.map { network.nodes[$0.node].name }
            let parameters =
                node.parameters.isEmpty ? "" : node.parameterCount.map { "\($0)" } ?? "?"
            listing.add([
                node.name, NetworkDOT.summary(of: node), inputs.joined(separator: ", "),
                network.hasGraph ? node.outputShapes.map(\.text).joined(separator: ", ") : "",
                parameters,
            ])
        }
        listing.print()
    }

    /// The same for programs; the whole is in `network.json`.
    var json: JSONText {
        .object([
            .init("source", .string(network.source.rawValue)),
            .init("file", file.map { .string($0) } ?? .null),
            .init("parameters", network.parameterCount.map { .integer(Int64($0)) } ?? .null),
            .init(
                "layers",
                .array(
                    network.nodes.map { node in
                        .object([
                            .init("name", .string(node.name)),
                            .init("operator", .string(node.kind.name)),
                            .init(
                                "inputs",
                                .array(node.inputs.map { .string(network.nodes[$0.node].name) })
                            ),
                            .init("shape", .string(node.outputShape.text)),
                            .init(
                                "parameters",
                                node.parameterCount.map { .integer(Int64($0)) } ?? .null
                            ),
                        ])
                    }
                )
            ),
        ])
    }

    /// Draws the graph with Graphviz.
    ///
    /// - Parameter path: Where the SVG goes; `-` for the standard output.
    func writeSVG(to path: String) throws {
        // In a file, not through a pipe: a program that is missing would end ours with SIGPIPE.
        let text = FileManager.default.temporaryDirectory.appending(
            path: "\(UUID().uuidString).dot"
        )
        try Data(NetworkDOT.text(of: network).utf8).write(to: text)
        // A drawing that cannot be deleted harms nobody.
        defer { try? FileManager.default.removeItem(at: text) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["dot", "-Tsvg", text.path]
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let drawing = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        switch process.terminationStatus {
        case 0: break
        case 127:
            throw ArchiveError(
                .system,
                "The graph is drawn by Graphviz, whose program 'dot' is not installed. Install it "
                    + "(Debian: apt install graphviz), or take network.dot from a mount elsewhere."
            )
        default:
            let reason = try errors.fileHandleForReading.readToEnd() ?? Data()
            throw ArchiveError(
                .system,
                "Graphviz could not draw the graph: \(String(decoding: reason.prefix(300), as: UTF8.self))"
            )
        }
        if path == "-" {
            try FileHandle.standardOutput.write(contentsOf: drawing)
        } else {
            try drawing.write(to: URL(filePath: path), options: .atomic)
        }
    }
}
