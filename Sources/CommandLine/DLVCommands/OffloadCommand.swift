import Archive
import ArgumentParser

struct OffloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offload",
        abstract: "Moves low-order byte planes to another directory, and back.",
        discussion: """
            Examples:
              dlv offload --planes low --to /mnt/slow/zoo
              dlv offload --back

            The planes that hold the last bits of weights take most of the room and are needed least. While \
            the directory is not reachable, files that need them cannot be opened (ENOMEDIUM), and \
            'dlv verify' tells what is missing; nothing else changes. Packs of later commits stay here \
            until the next offload.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Option(help: "Which planes to move: low.")
    var planes = "low"

    @Option(help: ArgumentHelp("Where they go.", valueName: "dir"))
    var to: String?

    @Flag(help: "Move them back.")
    var back = false

    func run() throws {
        guard planes == "low" else {
            throw ValidationError("'--planes \(planes)': only the low-order planes, 'low', can be moved.")
        }
        guard (to == nil) == back else {
            throw ValidationError("Say where the planes go with --to, or --back to bring them back.")
        }
        let archive = try archive.open()
        let progress = ProgressLine("moving")
        defer { progress.finish() }
        let summary =
            if let to {
                try archive.offloadLowPlanes(to: to) { progress.update($0, of: $1) }
            } else {
                try archive.bringLowPlanesBack { progress.update($0, of: $1) }
            }
        progress.finish()
        guard !output.json else {
            let text = JSONText.object([
                .init("packs", .integer(Int64(summary.packCount))),
                .init("bytes", .integer(Int64(summary.byteCount))),
            ])
            print(text.rendered(), terminator: "")
            return
        }
        print(
            "Moved the low-order planes of \(counted(summary.packCount, "pack")), "
                + "\(byteText(summary.byteCount)), \(to.map { "to '\($0)'" } ?? "back")."
        )
    }
}
