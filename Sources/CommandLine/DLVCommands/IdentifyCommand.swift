import Archive
import ArgumentParser
import Catalog
import Tensors

struct IdentifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identify",
        abstract: "Says which version, snapshot or tensors a file is, by its content.",
        discussion: """
            Examples:
              dlv identify ~/Downloads/model-final-2.pt
              dlv identify --json *.safetensors

            The name of the file and its format do not matter: what was committed as safetensors is \
            found again in a .pt, an .onnx or an .npy. Ends with status 1 if nothing of a file is known.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Argument(help: "Files.")
    var files: [String]

    func run() throws {
        let archive = try archive.open(readOnly: true)
        var isKnown = true
        var rows: [JSONText] = []
        for file in files {
            let found = try archive.identify(file)
            isKnown = isKnown && !(found.files.isEmpty && found.snapshots.isEmpty)
            output.json ? rows.append(json(found, file)) : printText(found, file)
        }
        if output.json { print(JSONText.array(rows).rendered(), terminator: "") }
        guard isKnown else { throw ExitCode.failure }
    }

    private func printText(_ found: Identification, _ file: String) {
        for place in found.files.prefix(5) {
            print("\(file): the very bytes of \(place.reference), files/\(place.path)")
        }
        if found.files.count > 5 { print("\(file): and of \(found.files.count - 5) more files") }
        for (reference, count) in found.snapshots.prefix(5) {
            print("\(file): \(count) of \(counted(found.tensors.count, "tensor")) are in \(reference)")
        }
        if found.files.isEmpty, found.snapshots.isEmpty {
            print("\(file): nothing in it is known to the archive.")
        }
        if let note = found.note { print("  \(note)") }
        // Where the whole is known, its tensors need no list.
        guard found.files.isEmpty, !found.snapshots.isEmpty else { return }
        var listing = Listing(["TENSOR", "DTYPE", "SHAPE", "FOUND IN", "AS"])
        for tensor in found.tensors {
            listing.add([
                tensor.description.name, tensor.description.dtype.rawValue,
                "\(tensor.description.shape)", tensor.places.first?.snapshotReference ?? "-",
                tensor.places.first?.tensor ?? "",
            ])
        }
        listing.print()
    }

    private func json(_ found: Identification, _ file: String) -> JSONText {
        .object([
            .init("file", .string(file)),
            .init("format", found.format.map { .string($0) } ?? .null),
            .init("note", found.note.map { .string($0) } ?? .null),
            .init("files", .array(found.files.map(json))),
            .init(
                "snapshots",
                .array(
                    found.snapshots.map { snapshot in
                        .object([
                            .init("snapshot", .string(snapshot.reference)),
                            .init("tensors", .integer(Int64(snapshot.tensorCount))),
                        ])
                    }
                )
            ),
            .init(
                "tensors",
                .array(
                    found.tensors.map { tensor in
                        .object([
                            .init("name", .string(tensor.description.name)),
                            .init("dtype", .string(tensor.description.dtype.rawValue)),
                            .init(
                                "shape",
                                .array(tensor.description.shape.map { .integer(Int64($0)) })
                            ),
                            .init("places", .array(tensor.places.map(json))),
                        ])
                    }
                )
            ),
        ])
    }

    private func json(_ place: CommittedPlace) -> JSONText {
        .object([
            .init("version", .string(place.reference)),
            .init("snapshot", place.snapshot.map { .string($0) } ?? .null),
            .init("path", .string(place.path)),
            .init("tensor", place.tensor.map { .string($0) } ?? .null),
        ])
    }
}
