import Archive
import ArgumentParser
import Mount

struct UnmountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "Unmounts an archive.",
        discussion: """
            Examples:
              dlv unmount /mnt/zoo
              dlv unmount --lazy /mnt/zoo

            A mount that is in use stays, unless --lazy is given: then nothing more can be opened, and \
            the server ends with the last open file.
            """
    )

    @Flag(help: "Take it out of the tree now, though files of it may be open.")
    var lazy = false

    @Argument(help: "Where it is mounted.")
    var mountPoint: String

    func run() throws {
        let path = ModelArchive.absolutePath(mountPoint)
        if lazy {
            try RunningMount.unmount(path, lazily: true)
        } else {
            try RunningMount.unmountAndWait(path)
        }
    }
}
