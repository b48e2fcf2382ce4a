import Archive
import ArgumentParser

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes an empty archive.",
        discussion: """
            Example:
              dlv init zoo.dlv

            Without a directory, the archive is made in .dlv of the current folder, where every \
            command started in this folder or below finds it.
            """
    )

    @Argument(help: "A directory that is empty or not there yet.")
    var directory = ".dlv"

    func run() throws {
        try ModelArchive.create(at: directory)
        print("Made the archive '\(directory)'.")
    }
}
