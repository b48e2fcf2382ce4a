import Archive
import ArgumentParser

struct GCCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Frees the space of what no version needs.",
        discussion: """
            Example:
              dlv gc

            Packs that a mount holds open stay until it is unmounted and gc runs again.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    func run() throws {
        let summary = try archive.open().collect()
        if output.json {
            let text = JSONText.object([
                .init("contents", .integer(Int64(summary.contentCount))),
                .init("content_bytes", .integer(Int64(summary.contentByteCount))),
                .init("packs", .integer(Int64(summary.packCount))),
                .init("freed_bytes", .integer(Int64(summary.freedByteCount))),
                .init("held_packs", .integer(Int64(summary.heldPackCount))),
                .init("rebased", .integer(Int64(summary.rebasedContentCount))),
                .init("moved", .integer(Int64(summary.movedContentCount))),
                .init("kept_bases", .integer(Int64(summary.keptBaseCount))),
            ])
            print(text.rendered(), terminator: "")
            return
        }
        print(
            "Freed \(byteText(summary.freedByteCount)): \(counted(summary.packCount, "pack")) "
                + "without needed contents. \(counted(summary.contentCount, "content")) "
                + "(\(byteText(summary.contentByteCount))) were not needed any more."
        )
        if summary.rebasedContentCount > 0 {
            print(
                "\(counted(summary.rebasedContentCount, "content")) were coded anew, without bases that "
                    + "no version uses."
            )
        }
        if summary.keptBaseCount > 0 {
            print(
                "\(counted(summary.keptBaseCount, "content")) of removed versions stay: others are deltas "
                    + "of them and would take more alone. 'dlv archive' may find better."
            )
        }
        if summary.heldPackCount > 0 {
            print(
                "\(counted(summary.heldPackCount, "pack")) that a mount holds open stayed; "
                    + "unmount and run 'dlv gc' again."
            )
        }
    }
}
