import Archive
import ArgumentParser
import Catalog
import ParameterStore

struct DescCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "desc",
        abstract: "Describes a version: its files, snapshots, network, tensors and facts.",
        discussion: """
            Examples:
              dlv desc lenet
              dlv desc lenet@v2:10000 --json
              dlv desc lenet@v2 --storage
              dlv desc lenet@v2 --svg lenet.svg

            --storage shows what the version takes in the archive, by how its contents are stored; a \
            content that several versions share counts in each.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Flag(help: "Show how the contents are stored.")
    var storage = false

    @Option(help: "Draw the network into a file with Graphviz; - for the output.")
    var svg: String?

    @Argument(help: "The version, such as lenet@v3.")
    var ref: String

    func run() throws {
        let archive = try archive.open(readOnly: true)
        let reference = try Reference(ref)
        let version = try archive.version(reference)
        let snapshot = try archive.snapshot(reference, of: version)
        let description = try VersionDescription(version, snapshot, in: archive, storage: storage)
        if let svg {
            guard let network = description.network else {
                throw ArchiveError(
                    .notFound,
                    "Neither a file nor a tensor tells of a network of \(version.reference)."
                )
            }
            return try network.writeSVG(to: svg)
        }
        if output.json {
            print(description.json.rendered(), terminator: "")
        } else {
            description.printText()
        }
    }
}
