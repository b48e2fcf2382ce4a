import Archive
import ArgumentParser
import Foundation
import Logging
import Mount

struct MountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount",
        abstract: "Mounts an archive as a file system.",
        discussion: """
            Examples:
              dlv mount zoo.dlv /mnt/zoo
              ls /mnt/zoo/models
              dlv unmount /mnt/zoo
              dlv mount --subdir models/lenet --read-only zoo.dlv /mnt/lenet

            The mount runs in the background once it is ready, and what goes wrong later is in the \
            system's log; --foreground keeps it here until it is unmounted or interrupted. Versions \
            that are committed meanwhile appear by themselves.

            For a line in /etc/fstab, link dlv to /sbin/mount.dlv:
              /srv/zoo.dlv  /mnt/zoo  dlv  allow_other,cache_size=1024,nofail  0  0
            """
    )

    @Flag(help: "Stay in the foreground, and log to the terminal.")
    var foreground = false

    @Flag(help: "Let other users look into the mount (see fuse(8), user_allow_other).")
    var allowOther = false

    @Flag(help: "Refuse every change, in query/ too.")
    var readOnly = false

    @Option(help: ArgumentHelp("Whose everything shall be, by number or name.", valueName: "user"))
    var uid: String?

    @Option(help: ArgumentHelp("The group of everything, by number or name.", valueName: "group"))
    var gid: String?

    @Option(
        help: ArgumentHelp(
            "The directory to show instead of all, such as 'models/lenet'.", valueName: "dir")
    )
    var subdir = ""

    @Option(help: "A file for the log of a mount in the background; else the system's log.")
    var log: String?

    @Option(
        help: ArgumentHelp(
            "What is logged: messages of this level and above, of \(levels).", valueName: "level")
    )
    var logLevel = "notice"

    @Option(
        help: ArgumentHelp(
            "Where mistakes of queries go: 'close' makes the close fail too, 'file' only writes the "
                + "file 'error'.",
            valueName: "close|file"
        )
    )
    var queryErrors = "close"

    @Option(help: ArgumentHelp("Decoded bytes to keep, in MiB.", valueName: "mib"))
    var cacheSize = 256

    @Option(help: ArgumentHelp("How far the kernel reads ahead (set by root only).", valueName: "kib"))
    var readAhead = 1024

    @Option(
        help: ArgumentHelp("How long open files may be read on after SIGTERM.", valueName: "seconds")
    )
    var grace = 10

    /// Set for the program in the background when it has no file for its log.
    @Flag(help: .hidden)
    var systemLog = false

    @Argument(help: "The archive's directory.")
    var archive: String

    @Argument(help: "An empty directory.")
    var mountPoint: String

    private static var levels: String {
        Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    }

    func validate() throws {
        guard ["close", "file"].contains(queryErrors) else {
            throw ValidationError("'--query-errors \(queryErrors)' must be 'close' or 'file'.")
        }
        guard (1...1 << 20).contains(cacheSize) else {
            throw ValidationError("'--cache-size \(cacheSize)' must be at least 1.")
        }
        guard (4...1 << 20).contains(readAhead) else {
            throw ValidationError("'--read-ahead \(readAhead)' must be at least 4.")
        }
        guard (0...86_400).contains(grace) else {
            throw ValidationError("'--grace \(grace)' must be from 0 to 86400.")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("'--log-level \(logLevel)' must be one of \(Self.levels).")
        }
    }

    func run() throws {
        guard !foreground else { return try serve() }
        try ArchiveMount.prepare(mountPoint)
        // Mistakes are told here, not only in the log.
        _ = try options()
        var arguments = ["mount", "--foreground", "--query-errors", queryErrors]
        arguments += ["--cache-size", "\(cacheSize)", "--read-ahead", "\(readAhead)"]
        arguments += ["--grace", "\(grace)", "--log-level", logLevel]
        for (name, value) in [("--uid", uid), ("--gid", gid), ("--subdir", subdir)] {
            if let value, !value.isEmpty { arguments += [name, value] }
        }
        if allowOther { arguments.append("--allow-other") }
        if readOnly { arguments.append("--read-only") }
        if log == nil { arguments.append("--system-log") }
        arguments += [
            "--", ModelArchive.absolutePath(archive), ModelArchive.absolutePath(mountPoint),
        ]
        try BackgroundMount.start(arguments: arguments, logPath: log)
    }

    private func options() throws -> ArchiveMount.Options {
        var options = ArchiveMount.Options()
        options.allowsOthers = allowOther
        options.isReadOnly = readOnly
        options.reportsQueryErrorsAtClose = queryErrors == "close"
        options.subdirectory = subdir
        options.readAheadKilobytes = readAhead
        options.graceSeconds = grace
        options.userID = try uid.map(Accounts.userID)
        options.groupID = try gid.map(Accounts.groupID)
        return options
    }

    private func serve() throws {
        BackgroundMount.begin()
        let log = systemLog ? MountLog.system : MountLog.foreground
        let logger = log.logger(level: Logger.Level(rawValue: logLevel) ?? .notice)
        do {
            let archive = try ModelArchive(
                at: archive,
                readOnly: readOnly,
                cacheByteCount: cacheSize << 20
            )
            let mount = try ArchiveMount(
                archive,
                at: mountPoint,
                options: options(),
                logger: logger
            )
            try mount.serve { BackgroundMount.report(failure: nil) }
        } catch {
            if systemLog { logger.critical("\(error)") }
            BackgroundMount.report(failure: "\(error)")
            throw error
        }
    }
}
