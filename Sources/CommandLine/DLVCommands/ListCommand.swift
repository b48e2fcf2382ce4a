import Archive
import ArgumentParser
import Catalog

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists models, or the versions of one.",
        discussion: """
            Examples:
              dlv list
              dlv list lenet --lineage
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Flag(help: "Show the parents of each version.")
    var lineage = false

    @Argument(help: "A model; without one, all versions of all models.")
    var model: String?

    func run() throws {
        let archive = try archive.open(readOnly: true)
        if let model { _ = try archive.version(Reference(model)) }
        let versions = try archive.catalog.versions(of: model)
        var tags: [VersionID: [String]] = [:]
        try archive.catalog.forEachTag { version, tag in tags[version, default: []].append(tag) }
        var parents: [VersionID: [String]] = [:]
        if lineage || output.json {
            try archive.catalog.forEachParent { version, parent in
                parents[version, default: []].append(parent.reference)
            }
        }
        if output.json {
            printJSON(versions, tags, parents)
        } else if versions.isEmpty {
            print("The archive is empty. 'dlv commit --help' shows how to fill it.")
        } else {
            printText(versions, tags, parents)
        }
    }

    private func printText(
        _ versions: [VersionRecord],
        _ tags: [VersionID: [String]],
        _ parents: [VersionID: [String]]
    ) {
        let header = ["VERSION", "CREATED", "TAGS"] + (lineage ? ["PARENTS"] : []) + ["MESSAGE"]
        var listing = Listing(header)
        for version in versions {
            var row = [
                version.reference, Timestamp.text(version.creationTime),
                (tags[version.id] ?? []).joined(separator: ","),
            ]
            if lineage { row.append((parents[version.id] ?? []).joined(separator: ",")) }
            row.append(version.message.split(separator: "\n").first.map(String.init) ?? "")
            listing.add(row)
        }
        listing.print()
    }

    private func printJSON(
        _ versions: [VersionRecord],
        _ tags: [VersionID: [String]],
        _ parents: [VersionID: [String]]
    ) {
        let rows = versions.map { version in
            JSONText.object([
                .init("version", .string(version.reference)),
                .init("model", .string(version.model)),
                .init("number", .integer(Int64(version.number))),
                .init("id", .string(version.globalID.description)),
                .init("created", .string(Timestamp.text(version.creationTime))),
                .init("message", .string(version.message)),
                .init("tags", .array((tags[version.id] ?? []).map { .string($0) })),
                .init("parents", .array((parents[version.id] ?? []).map { .string($0) })),
            ])
        }
        print(JSONText.array(rows).rendered(), terminator: "")
    }
}
