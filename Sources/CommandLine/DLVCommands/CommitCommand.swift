import Archive
import ArgumentParser
import Catalog
import Foundation

struct CommitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Commits files as a new version of a model.",
        discussion: """
            Examples:
              dlv commit --model lenet -m "first run" run1/
              dlv commit --model lenet -m "fine-tune" --parent lenet@v1 --tag best \\
                  --hyperparameter lr=0.01 --measurements log.tsv ft_01.safetensors ft_02.safetensors
              dlv commit --model lenet -m "two steps" --snapshot 100=a.npz --snapshot 200=b.npz \\
                  a.npz b.npz

            Weight files whose names carry an iteration (base_03.safetensors, checkpoint-500/, \
            step=1000, epoch_3, lenet_iter_10000) become snapshots of one version. Everything comes \
            back byte for byte. One directory gives its contents; several paths keep their names.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Option(help: "The name of the model.")
    var model: String

    @Option(name: [.customShort("m"), .long], help: "What is to be said of the version.")
    var message = ""

    @Option(help: "A parent, such as lenet@v3; else the newest version of the model.")
    var parent: [String] = []

    @Option(help: "A tag for the version.")
    var tag: [String] = []

    @Option(
        help: ArgumentHelp(
            "Says which snapshot a weight file or folder is; also ITERATION-LABEL=PATH.",
            valueName: "iteration=path"
        )
    )
    var snapshot: [String] = []

    @Option(help: ArgumentHelp("A hyperparameter.", valueName: "name=value"))
    var hyperparameter: [String] = []

    @Option(help: ArgumentHelp("A log in CSV, TSV or JSON lines.", valueName: "file"))
    var measurements: [String] = []

    @Option(help: ArgumentHelp("Which files are weights.", valueName: "glob"))
    var weights: String?

    @Argument(help: "Files and directories; else those of 'dlv add'.")
    var paths: [String] = []

    func run() throws {
        let archive = try archive.open()
        let isStaged = paths.isEmpty
        var request = CommitRequest(
            model: model,
            message: message,
            paths: isStaged ? try archive.stagedPaths() : paths
        )
        request.parents = try parent.map { try Reference($0) }
        if parent.isEmpty { request.parents = try archive.sources(ofNetworksIn: request.paths) }
        request.tags = tag
        request.snapshots = try snapshot.map(Self.snapshotAssignment)
        request.hyperparameters = try hyperparameter.map { text in
            let (name, value) = try Self.pair(text, option: "--hyperparameter")
            return (name, JSONText.fromCommandLine(value).compact)
        }
        request.measurements = try measurements.flatMap { try MeasurementLog.read($0) }
        request.weightsPattern = weights
        let progress = ProgressLine("committing")
        defer { progress.finish() }
        let summary = try archive.commit(request) { done in
            progress.update(
                done.byteCount,
                of: done.byteCountTotal,
                "\(byteText(done.byteCount)) of \(byteText(done.byteCountTotal)), "
                    + Self.found(
                        done.tensorCount,
                        known: done.knownTensorByteCount,
                        of: done.tensorByteCount
                    )
            )
        }
        progress.finish()
        if isStaged { try archive.clearStaged() }
        output.json ? printJSON(summary) : printText(summary)
    }

    /// What was found: `412 tensors, 38 % already stored`.
    private static func found(_ tensorCount: Int, known: Int, of byteCount: Int) -> String {
        let tensors = counted(tensorCount, "tensor")
        guard known > 0, byteCount > 0 else { return tensors }
        return "\(tensors), \(Int(Double(known) / Double(byteCount) * 100)) % already stored"
    }

    private static func pair(_ text: String, option: String) throws -> (String, String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("'\(option) \(text)' must be of the form NAME=VALUE.")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private static func snapshotAssignment(
        _ text: String
    ) throws -> CommitRequest.SnapshotAssignment {
        let (name, path) = try pair(text, option: "--snapshot")
        let parts = name.split(separator: "-", maxSplits: 1)
        guard let first = parts.first, let iteration = Int64(first), iteration >= 0 else {
            throw ValidationError("'--snapshot \(text)': '\(name)' is no iteration.")
        }
        return .init(
            iteration: iteration,
            label: parts.count > 1 ? String(parts[1]) : "",
            path: path
        )
    }

    private func printText(_ summary: CommitSummary) {
        let share =
            summary.byteCount == 0
            ? "" : ", \(summary.storedByteCount * 1000 / summary.byteCount / 10) % of it new on disk"
        print(
            "Committed \(summary.version.reference): \(counted(summary.files.count, "file")), "
                + "\(counted(summary.snapshots.count, "snapshot")), "
                + Self.found(
                    summary.tensorCount,
                    known: summary.knownTensorByteCount,
                    of: summary.tensorByteCount
                ) + ", \(byteText(summary.byteCount))\(share)."
        )
        if let network = summary.network {
            let file = network.filePath.map { " from \(String(decoding: $0, as: UTF8.self))" } ?? ""
            print("  network: \(counted(network.layerCount, "layer"))\(file) (\(network.source))")
        }
        for note in summary.networkNotes { print("  \(note)") }
        for file in summary.files {
            let name = String(decoding: file.path, as: UTF8.self)
            if let note = file.note {
                print("  \(name)\(file.format == nil ? " is kept whole" : ""): \(note)")
            }
        }
    }

    private static func json(_ network: NetworkRecord) -> JSONText {
        .object([
            .init("source", .string(network.source)),
            .init(
                "file",
                network.filePath.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
            ),
            .init("layers", .integer(Int64(network.layerCount))),
            .init("parameters", network.parameterCount.map { .integer(Int64($0)) } ?? .null),
        ])
    }

    private func printJSON(_ summary: CommitSummary) {
        let files = summary.files.map { file in
            JSONText.object([
                .init("path", .string(String(decoding: file.path, as: UTF8.self))),
                .init("role", .string(file.role.name)),
                .init("format", file.format.map { .string($0) } ?? .null),
                .init("bytes", .integer(Int64(file.byteCount))),
                .init("note", file.note.map { .string($0) } ?? .null),
            ])
        }
        let text = JSONText.object([
            .init("version", .string(summary.version.reference)),
            .init("id", .string(summary.version.globalID.description)),
            .init("snapshots", .array(summary.snapshots.map { .string($0.name) })),
            .init("tensors", .integer(Int64(summary.tensorCount))),
            .init("bytes", .integer(Int64(summary.byteCount))),
            .init("tensor_bytes", .integer(Int64(summary.tensorByteCount))),
            .init("known_tensor_bytes", .integer(Int64(summary.knownTensorByteCount))),
            .init("stored_bytes", .integer(Int64(summary.storedByteCount))),
            .init("network", summary.network.map(Self.json) ?? .null),
            .init("notes", .array(summary.networkNotes.map { .string($0) })),
            .init("files", .array(files)),
        ])
        print(text.rendered(), terminator: "")
    }
}
