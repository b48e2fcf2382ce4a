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

            The mount runs in the background once it is ready; --foreground keeps it here until it is \
            unmounted or interrupted. Versions that are committed meanwhile appear by themselves.
            """
    )

    @Flag(help: "Stay in the foreground, and log to the terminal.")
    var foreground = false

    @Flag(help: "Let other users look into the mount (see fuse(8), user_allow_other).")
    var allowOther = false

    @Option(help: "A file for the log of a mount in the background.")
    var log: String?

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

    @Argument(help: "The archive's directory.")
    var archive: String

    @Argument(help: "An empty directory.")
    var mountPoint: String

    func validate() throws {
        guard ["close", "file"].contains(queryErrors) else {
            throw ValidationError("'--query-errors \(queryErrors)' must be 'close' or 'file'.")
        }
        guard (1...1 << 20).contains(cacheSize) else {
            throw ValidationError("'--cache-size \(cacheSize)' must be at least 1.")
        }
    }

    func run() throws {
        guard !foreground else { return try serve() }
        try ArchiveMount.prepare(mountPoint)
        var arguments = ["mount", "--foreground", "--query-errors", queryErrors]
        arguments += ["--cache-size", "\(cacheSize)"]
        if allowOther { arguments.append("--allow-other") }
        arguments += ["--", absolute(archive), absolute(mountPoint)]
        try BackgroundMount.start(arguments: arguments, logPath: log)
    }

    private func absolute(_ path: String) -> String {
        ModelArchive.absolutePath(path)
    }

    private func serve() throws {
        do {
            var logger = Logger(label: "dlv.mount") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .notice
            var options = ArchiveMount.Options()
            options.allowsOthers = allowOther
            options.reportsQueryErrorsAtClose = queryErrors == "close"
            let archive = try ModelArchive(at: archive, cacheByteCount: cacheSize << 20)
            let mount = try ArchiveMount(archive, at: mountPoint, options: options, logger: logger)
            try mount.serve { BackgroundMount.report(failure: nil) }
        } catch {
            BackgroundMount.report(failure: "\(error)")
            throw error
        }
    }
}
