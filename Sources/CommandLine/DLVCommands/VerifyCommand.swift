import Archive
import ArgumentParser

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks that everything stored can be read and is what was committed.",
        discussion: """
            Examples:
              dlv verify            decodes every content and compares its checksum
              dlv verify --deep     also restores every file and compares its SHA-256

            Ends with status 1 if anything is damaged, and names the files that it reaches.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Flag(help: "Also restore every committed file and compare its SHA-256.")
    var deep = false

    func run() throws {
        let archive = try archive.open(readOnly: true)
        let progress = ProgressLine("verifying")
        defer { progress.finish() }
        let report = try archive.verify(isDeep: deep) { progress.update($0, of: $1) }
        progress.finish()
        output.json ? printJSON(report) : printText(report)
        guard report.faults.isEmpty, report.missingPlanes.isEmpty else { throw ExitCode.failure }
    }

    private func printText(_ report: VerificationReport) {
        let files = deep ? " and \(counted(report.fileCount, "file"))" : ""
        print("Checked \(counted(report.contentCount, "content"))\(files).")
        for fault in report.faults {
            print("DAMAGED: \(fault.message)")
            for name in fault.affected { print("  \(name)") }
        }
        for (directory, count) in report.missingPlanes {
            print(
                "MISSING: the low-order planes of \(counted(count, "content")) are not in "
                    + "'\(directory)'. Make the directory reachable, then verify again."
            )
        }
        if report.faults.isEmpty, report.missingPlanes.isEmpty { print("Everything is as it was committed.") }
    }

    private func printJSON(_ report: VerificationReport) {
        let faults = report.faults.map { fault in
            JSONText.object([
                .init("message", .string(fault.message)),
                .init("affected", .array(fault.affected.map { .string($0) })),
            ])
        }
        let text = JSONText.object([
            .init("contents", .integer(Int64(report.contentCount))),
            .init("files", .integer(Int64(report.fileCount))),
            .init("faults", .array(faults)),
            .init(
                "missing_planes",
                .array(
                    report.missingPlanes.map { directory, count in
                        .object([
                            .init("directory", .string(directory)),
                            .init("contents", .integer(Int64(count))),
                        ])
                    }
                )
            ),
        ])
        print(text.rendered(), terminator: "")
    }
}
