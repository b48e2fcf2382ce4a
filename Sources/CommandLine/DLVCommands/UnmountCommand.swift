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
        guard !lazy else { return try RunningMount.unmount(path, lazily: true) }
        guard let server = try RunningMount.unmountAndWait(path) else { return }
        StandardError.note(
            "'\(path)' is unmounted, but its server, process \(server), has not ended: a container, or another "
                + "mount namespace, that was started meanwhile has the mount too. It ends with the last of them."
        )
    }
}
