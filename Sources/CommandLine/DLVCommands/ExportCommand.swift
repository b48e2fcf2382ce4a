import Archive
import ArgumentParser
import Catalog

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the committed files of a version back, byte for byte.",
        discussion: """
            Examples:
              dlv export lenet@v3 lenet-3/
              dlv export lenet@v3:10000 step-10000/    only the files of one snapshot

            Nothing is ever overwritten: the directory must be empty or not there yet.
            """
    )

    @OptionGroup var archive: ArchiveOptions

    @Argument(help: "The version or snapshot.")
    var ref: String

    @Argument(help: "The directory; else the model's name and the version's number.")
    var path: String?

    func run() throws {
        let archive = try archive.open(readOnly: true)
        let reference = try Reference(ref)
        let version = try archive.version(reference)
        let snapshot = reference.snapshot == nil ? nil : try archive.snapshot(reference, of: version)
        let name = version.model.split(separator: "/").last ?? "model"
        let destination = path ?? "\(name)-v\(version.number)"
        let progress = ProgressLine("exporting")
        defer { progress.finish() }
        let files = try archive.export(version, snapshot: snapshot, to: destination) {
            progress.update($0, of: $1)
        }
        progress.finish()
        let bytes = files.map(\.byteCount).reduce(0, +)
        print(
            "Wrote \(counted(files.count, "file")), \(byteText(bytes)), to '\(destination)'."
        )
    }
}
