import Archive
import ArgumentParser
import Mount

struct UnmountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "Unmounts an archive.",
        discussion: """
            Example:
              dlv unmount /mnt/zoo
            """
    )

    @Argument(help: "Where it is mounted.")
    var mountPoint: String

    func run() throws {
        try RunningMount.unmount(ModelArchive.absolutePath(mountPoint))
    }
}
