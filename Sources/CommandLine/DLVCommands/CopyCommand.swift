import Archive
import ArgumentParser
import Catalog
import DQLExecution
import FloatSchemes

struct CopyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Makes a version from another one: the same, or its weights in fewer bits.",
        discussion: """
            Examples:
              dlv copy lenet@v3 my-lenet
              dlv copy lenet@v3~cut trunk     the network that the saved query 'cut' makes of it
              dlv copy --scheme float16 lenet@v3 lenet-small
              dlv copy --scheme quantize-uniform:8 lenet@v3 lenet-small
              dlv remove lenet@v3 && dlv gc

            The new version has the old one as its parent. Without a scheme it is the same to the byte and \
            takes no space. With one it is marked as lossy, and metadata.json tells the error of every \
            tensor. Schemes:
              float16, bfloat16     half the bits
              fixed:K               K bits (2 to 24) with one exponent a tensor
              quantize-uniform:K    2^K levels (K from 1 to 8), evenly spread
              quantize-random:K     2^K levels, drawn from the weights
            Weights are written as safetensors; with fixed and quantize they keep their dtype, so that \
            every tool reads them. The state of optimizers is left out.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Option(
        help: ArgumentHelp(
            "float16, bfloat16, fixed:K, quantize-uniform:K or quantize-random:K.",
            valueName: "scheme"
        )
    )
    var scheme: String?

    @Option(name: [.customShort("m"), .long], help: "What is to be said of the new version.")
    var message = ""

    @Option(help: "A tag for the new version.")
    var tag: [String] = []

    @Argument(help: "The version to copy: lenet@v3.")
    var source: String

    @Argument(help: "The model of the new version.")
    var model: String

    func run() throws {
        guard !source.contains("~") else { return try copyMadeNetwork() }
        let scheme = try self.scheme.map { try FloatScheme(named: $0) }
        let reference = try Reference(source)
        guard reference.snapshot == nil else {
            throw ValidationError("Versions are copied whole: name '\(reference.model)@vN' alone.")
        }
        let archive = try archive.open()
        let progress = ProgressLine("copying")
        defer { progress.finish() }
        let summary = try archive.copy(
            try archive.version(reference),
            to: model,
            scheme: scheme,
            message: message,
            tags: tag
        ) { progress.update($0, of: $1) }
        progress.finish()
        output.json ? printJSON(summary) : printText(summary)
    }

    /// Commits what a saved query makes of a version: `lenet@v3~query`.
    private func copyMadeNetwork() throws {
        guard scheme == nil else {
            throw ValidationError("Copy the network first; then give the copy a scheme.")
        }
        let archive = try archive.open()
        guard let made = try ArchiveFacts(archive).madeNetwork(named: source) else { return }
        let summary = try archive.commit(made, as: model, message: message, tags: tag)
        if output.json {
            print(
                JSONText.object([
                    .init("version", .string(summary.version.reference)),
                    .init("id", .string(summary.version.globalID.description)),
                    .init("parent", .string(made.version.reference)),
                ]).rendered(),
                terminator: ""
            )
        } else {
            print(
                "Copied \(source) to \(summary.version.reference), whose parent is "
                    + "\(made.version.reference): \(counted(summary.tensorCount, "tensor")), "
                    + "\(byteText(summary.storedByteCount)) of it new on disk."
            )
        }
    }

    private func printText(_ summary: CopySummary) {
        let commit = summary.commit
        print(
            "Copied \(source) to \(commit.version.reference): \(counted(commit.files.count, "file")), "
                + "\(byteText(commit.byteCount)), \(byteText(commit.storedByteCount)) of it new on disk."
        )
        if let error = summary.error {
            print(
                "Lossy (\(scheme ?? "")): the largest error of a weight is "
                    + "\(JSONText.shortest(error.largest)), RMS \(JSONText.shortest(error.rootMeanSquare))."
            )
            if error.overflowCount > 0 {
                print(
                    "\(counted(error.overflowCount, "weight")) beyond the scheme's range became infinite."
                )
            }
        }
        for file in summary.omittedFiles {
            print("  \(String(decoding: file.path, as: UTF8.self)) (optimizer state) was left out")
        }
    }

    private func printJSON(_ summary: CopySummary) {
        var members: [JSONText.Member] = [
            .init("version", .string(summary.commit.version.reference)),
            .init("id", .string(summary.commit.version.globalID.description)),
            .init("bytes", .integer(Int64(summary.commit.byteCount))),
            .init("stored_bytes", .integer(Int64(summary.commit.storedByteCount))),
        ]
        if let error = summary.error {
            members += [
                .init("scheme", .string(scheme ?? "")),
                .init("largest_error", .number(error.largest)),
                .init("rms_error", .number(error.rootMeanSquare)),
                .init("overflows", .integer(Int64(error.overflowCount))),
            ]
        }
        members.append(
            .init(
                "omitted",
                .array(
                    summary.omittedFiles.map { .string(String(decoding: $0.path, as: UTF8.self)) }
                )
            )
        )
        print(JSONText.object(members).rendered(), terminator: "")
    }
}
