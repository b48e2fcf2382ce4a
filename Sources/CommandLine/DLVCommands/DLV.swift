public import ArgumentParser

/// The command `dlv`.
public struct DLV: ParsableCommand {
    /// What `dlv --help` says.
    public static let configuration = CommandConfiguration(
        commandName: "dlv",
        abstract: "Keeps versions of deep-learning models in an archive, and mounts it.",
        discussion: """
            An archive keeps every version of every model, byte for byte, in a fraction of the space. \
            A mounted archive shows them as plain files.

              dlv init zoo.dlv
              dlv commit --archive zoo.dlv --model lenet -m "first run" run1/
              dlv mount zoo.dlv /mnt/zoo
              ls /mnt/zoo/models/lenet/latest/layers

            A version is named NAME (the newest), NAME@v3, NAME@TAG; a snapshot of it NAME@v3:10000. \
            The archive is given by --archive, by the variable DLV_ARCHIVE, or found like git's: the \
            current folder, or one above it, that is an archive or holds one named .dlv.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Versions",
                subcommands: [
                    InitCommand.self, AddCommand.self, CommitCommand.self, CopyCommand.self,
                    ListCommand.self, DescCommand.self, TagCommand.self, ExportCommand.self,
                    RemoveCommand.self,
                ]
            ),
            CommandGroup(
                name: "Mount",
                subcommands: [MountCommand.self, UnmountCommand.self, StatusCommand.self]
            ),
            CommandGroup(name: "Questions", subcommands: [QueryCommand.self, IdentifyCommand.self]),
            CommandGroup(
                name: "Upkeep",
                subcommands: [
                    ArchiveCommand.self, OffloadCommand.self, VerifyCommand.self, GCCommand.self,
                ]
            ),
        ]
    )

    /// Creates the command.
    public init() {}
}
