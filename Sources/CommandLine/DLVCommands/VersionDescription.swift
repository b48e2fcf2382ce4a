import Archive
import Catalog
import ParameterStore
import Tensors

/// What `dlv desc` tells of a version.
struct VersionDescription {
    private let version: VersionRecord
    private let snapshot: SnapshotRecord?
    private let tags: [String]
    private let parents: [String]
    private let snapshots: [SnapshotRecord]
    private let files: [FileRecord]
    private let tensors: [TensorDescription]
    private let hyperparameters: [(name: String, value: String)]
    private let measurements: [MeasurementRecord]
    private let storage: Storage?
    /// The network; nil if nothing tells of one.
    let network: NetworkDescription?
    private let lossy: LossyRecord?

    private struct Storage {
        var contentCount = 0
        var byteCount = 0
        var storedByteCount = 0
        var deltaCount = 0
        var depthMax = 0
    }

    init(
        _ version: VersionRecord,
        _ snapshot: SnapshotRecord?,
        in archive: ModelArchive,
        storage wantsStorage: Bool
    ) throws {
        let catalog = archive.catalog
        self.version = version
        self.snapshot = snapshot
        tags = try catalog.tags(of: version.id)
        parents = try catalog.parents(of: version.id).map {
            $0.record?.reference ?? $0.globalID.description
        }
        snapshots = try catalog.snapshots(of: version.id)
        files = try catalog.files(of: version.id)
        tensors = try files.filter { $0.snapshot == snapshot?.ordinal && $0.role == .weights }
            .flatMap { try catalog.tensors(of: $0.id).map(\.description) }
        hyperparameters = try catalog.hyperparameters(of: version.id)
        var last: [String: MeasurementRecord] = [:]
        for measurement in try catalog.measurements(of: version.id) {
            last[measurement.name] = measurement
        }
        measurements = last.values.sorted { $0.name < $1.name }
        let file = try catalog.network(of: version.id)?.filePath
        network = try archive.network(of: version.id).map { NetworkDescription($0, file: file) }
        lossy = try catalog.lossy(of: version.id)
        storage = wantsStorage ? try Self.storage(of: files, in: catalog) : nil
    }

    private static func storage(of files: [FileRecord], in catalog: Catalog) throws -> Storage {
        var storage = Storage()
        var seen: Set<ContentID> = []
        for file in files {
            for span in try catalog.spans(of: file.id) where seen.insert(span.content).inserted {
                guard let record = try catalog.record(of: span.content) else { continue }
                storage.contentCount += 1
                storage.byteCount += record.byteCount
                storage.storedByteCount += record.storedByteCount
                storage.deltaCount += record.base == nil ? 0 : 1
                storage.depthMax = max(storage.depthMax, record.depth)
            }
        }
        return storage
    }

    func printText() {
        print("version     \(version.reference)")
        print("id          \(version.globalID)")
        print("created     \(Timestamp.text(version.creationTime))")
        if !version.message.isEmpty { print("message     \(version.message)") }
        if !tags.isEmpty { print("tags        \(tags.joined(separator: ", "))") }
        if !parents.isEmpty { print("parents     \(parents.joined(separator: ", "))") }
        if let lossy {
            print(
                "lossy       \(lossy.scheme), largest error \(JSONText.shortest(lossy.largestError)), "
                    + "RMS \(JSONText.shortest(lossy.rootMeanSquareError))"
            )
        }
        let names = snapshots.map { $0.name + ($0.isNumbered ? " (numbered)" : "") }
        if !names.isEmpty { print("snapshots   \(names.joined(separator: ", "))") }
        for (name, value) in hyperparameters { print("config      \(name) = \(value)") }
        for measurement in measurements {
            let value = JSONText.shortest(measurement.value)
            print("measured    \(measurement.name) = \(value) at \(measurement.iteration)")
        }
        if let storage {
            let share = storage.byteCount == 0
                ? "" : " (\(storage.storedByteCount * 1000 / storage.byteCount / 10) %)"
            print(
                "storage     \(byteText(storage.storedByteCount)) for "
                    + "\(byteText(storage.byteCount))\(share) in "
                    + "\(counted(storage.contentCount, "content")), "
                    + "\(counted(storage.deltaCount, "delta")), "
                    + "chains of at most \(counted(storage.depthMax, "link"))"
            )
        }
        printFiles()
        network?.printText()
        printTensors()
    }

    private func printFiles() {
        print("")
        var listing = Listing(["FILE", "BYTES", "ROLE", "FORMAT", "SNAPSHOT"], rightAligned: [1])
        for file in files {
            let name = file.snapshot.flatMap { ordinal in
                snapshots.first { $0.ordinal == ordinal }?.name
            }
            listing.add([
                String(decoding: file.path, as: UTF8.self), "\(file.byteCount)", file.role.name,
                file.linkTarget == nil ? file.format ?? "" : "link", name ?? "",
            ])
        }
        listing.print()
    }

    private func printTensors() {
        guard let snapshot, !tensors.isEmpty else { return }
        print("")
        var listing = Listing(
            ["TENSOR of \(snapshot.name)", "DTYPE", "SHAPE", "BYTES"],
            rightAligned: [3]
        )
        for tensor in tensors {
            listing.add([
                tensor.name, tensor.dtype.rawValue,
                "[\(tensor.shape.map(String.init).joined(separator: ", "))]",
                "\(tensor.byteCount ?? 0)",
            ])
        }
        listing.print()
    }

    var json: JSONText {
        var members: [JSONText.Member] = [
            .init("version", .string(version.reference)),
            .init("id", .string(version.globalID.description)),
            .init("created", .string(Timestamp.text(version.creationTime))),
            .init("message", .string(version.message)),
            .init("tags", .array(tags.map { .string($0) })),
            .init("parents", .array(parents.map { .string($0) })),
            .init("snapshot", snapshot.map { .string($0.name) } ?? .null),
            .init("snapshots", .array(snapshots.map { .string($0.name) })),
            .init(
                "hyperparameters",
                .object(hyperparameters.map { .init($0.name, .raw($0.value)) })
            ),
            .init(
                "measurements",
                .object(measurements.map { .init($0.name, .number($0.value)) })
            ),
            .init("files", .array(files.map(Self.json))),
            .init("tensors", .array(tensors.map(Self.json))),
            .init("network", network?.json ?? .null),
        ]
        if let storage {
            members.append(
                .init(
                    "storage",
                    .object([
                        .init("contents", .integer(Int64(storage.contentCount))),
                        .init("bytes", .integer(Int64(storage.byteCount))),
                        .init("stored_bytes", .integer(Int64(storage.storedByteCount))),
                        .init("deltas", .integer(Int64(storage.deltaCount))),
                        .init("depth", .integer(Int64(storage.depthMax))),
                    ])
                )
            )
        }
        return .object(members)
    }

    private static func json(_ file: FileRecord) -> JSONText {
        let hash = file.hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return .object([
            .init("path", .string(String(decoding: file.path, as: UTF8.self))),
            .init("bytes", .integer(Int64(file.byteCount))),
            .init("sha256", .string(hash)),
            .init("role", .string(file.role.name)),
            .init("format", file.format.map { .string($0) } ?? .null),
        ])
    }

    private static func json(_ tensor: TensorDescription) -> JSONText {
        .object([
            .init("name", .string(tensor.name)),
            .init("dtype", .string(tensor.dtype.rawValue)),
            .init("shape", .array(tensor.shape.map { .integer(Int64($0)) })),
        ])
    }
}
