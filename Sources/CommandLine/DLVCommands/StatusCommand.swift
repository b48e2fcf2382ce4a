import Archive
import ArgumentParser
import Mount

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Lists the archives that are mounted.",
        discussion: """
            Example:
              dlv status

            A mount whose server was killed is listed as dead; mounting there again clears it.
            """
    )

    @OptionGroup var output: JSONOption

    func run() {
        let mounts = RunningMount.all()
        if output.json {
            let rows = mounts.map { mount in
                JSONText.object([
                    .init("archive", .string(mount.archive)),
                    .init("mount_point", .string(mount.mountPoint)),
                    .init("pid", mount.processID.map { .integer(Int64($0)) } ?? .null),
                    .init("alive", .boolean(mount.isAlive)),
                ])
            }
            print(JSONText.array(rows).rendered(), terminator: "")
        } else if mounts.isEmpty {
            print("No archive is mounted.")
        } else {
            var listing = Listing(["ARCHIVE", "MOUNT POINT", "PID", "STATE"], rightAligned: [2])
            for mount in mounts {
                listing.add([
                    mount.archive, mount.mountPoint, mount.processID.map(String.init) ?? "",
                    mount.isAlive ? "running" : "dead",
                ])
            }
            listing.print()
        }
    }
}
