import Archive
import ArgumentParser
import Catalog

struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Sets, lists or deletes tags.",
        discussion: """
            Examples:
              dlv tag lenet@v3 best        lenet@best now names lenet@v3
              dlv tag lenet                lists the tags of lenet
              dlv tag --delete lenet best
            """
    )

    @OptionGroup var archive: ArchiveOptions

    @Flag(name: [.customShort("d"), .long], help: "Delete the tag.")
    var delete = false

    @Argument(help: "The version, or the model.")
    var ref: String

    @Argument(help: "The tag.")
    var tag: String?

    func run() throws {
        let reference = try Reference(ref)
        guard let tag else {
            let archive = try archive.open(readOnly: true)
            let version = try archive.version(reference)
            for (name, tagged) in try archive.catalog.tags(of: version.modelID) {
                print("\(name)\t\(tagged.reference)")
            }
            return
        }
        let archive = try archive.open()
        if delete {
            try archive.removeTag(tag, of: reference.model)
            print("Deleted the tag '\(tag)' of \(reference.model).")
        } else {
            let version = try archive.version(reference)
            try archive.setTag(tag, on: version)
            print("\(version.model)@\(tag) is \(version.reference).")
        }
    }
}
