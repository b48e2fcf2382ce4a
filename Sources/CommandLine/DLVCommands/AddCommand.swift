import Archive
import ArgumentParser

struct AddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Remembers files and directories for the next commit.",
        discussion: """
            Examples:
              dlv add run1/ eval.json
              dlv commit --model lenet -m "first run"

            The files are read at the commit, not now. Without paths, shows what was added; \
            --clear forgets it.
            """
    )

    @OptionGroup var archive: ArchiveOptions

    @Flag(help: "Forget what was added.")
    var clear = false

    @Argument(help: "Files and directories.")
    var paths: [String] = []

    func run() throws {
        let archive = try archive.open()
        if clear { try archive.clearStaged() }
        let staged = paths.isEmpty ? try archive.stagedPaths() : try archive.stage(paths)
        if staged.isEmpty {
            print("Nothing is added for the next commit.")
        }
        for path in staged { print(path) }
    }
}
