import Archive
import ArgumentParser
import Catalog

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes a version.",
        discussion: """
            Example:
              dlv remove lenet@v2
              dlv gc

            The version's number is never used again, and its children stay whole. The space comes \
            free with 'dlv gc'.
            """
    )

    @OptionGroup var archive: ArchiveOptions

    @Argument(help: "The version, with its number or tag: lenet@v2.")
    var ref: String

    func run() throws {
        let reference = try Reference(ref)
        guard reference.selection != .newest || ref.contains("@") else {
            throw ValidationError(
                "Say which version to remove, as in '\(reference.model)@v1'; "
                    + "'dlv list \(reference.model)' shows all."
            )
        }
        guard reference.snapshot == nil else {
            throw ValidationError("A version is sealed: no snapshot of it can be removed alone.")
        }
        let archive = try archive.open()
        let version = try archive.version(reference)
        try archive.remove(version)
        print("Removed \(version.reference). 'dlv gc' frees its space.")
    }
}
