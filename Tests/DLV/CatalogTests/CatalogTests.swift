import Foundation
import GRDB
import ParameterStore
import TensorCoding
import Tensors
import TestSupport
import Testing

@testable import Catalog

struct CatalogTests {
    private let directory: TemporaryDirectory
    private let catalog: Catalog

    init() throws {
        directory = try TemporaryDirectory()
        try Catalog.create(at: directory.path("catalog.sqlite"))
        catalog = try Catalog(path: directory.path("catalog.sqlite"), readOnly: false)
    }

    private func content(_ id: Int64, base: Int64? = nil, pack: Int64 = 1) -> ContentRecord {
        ContentRecord(
            id: ContentID(rawValue: id),
            hash: ContentHash(bytes: Array(repeating: UInt8(id), count: 32)),
            byteCount: 100,
            kind: .float32,
            pack: PackID(rawValue: pack),
            indexOffset: 8,
            indexByteCount: 9,
            storedByteCount: 50,
            base: base.map { ContentID(rawValue: $0) },
            depth: base == nil ? 0 : 1
        )
    }

    private func commit(
        _ model: String,
        contents: [ContentRecord] = [],
        uses: [Int64] = [],
        parents: [GlobalID] = [],
        tags: [String] = []
    ) throws -> VersionRecord {
        var commit = CommitRecord(
            model: model,
            number: try catalog.nextNumber(of: model),
            globalID: GlobalID(),
            creationTime: 1_700_000_000_000,
            message: "message"
        )
        commit.parents = parents
        commit.tags = tags
        commit.contents = contents
        let pack = try catalog.nextIDs().pack
        commit.pack = (pack, "pack\(pack.rawValue)")
        commit.snapshots = [SnapshotRecord(ordinal: 0, iteration: 5, label: "ema", isNumbered: false)]
        let description = TensorDescription(name: "w", dtype: .f32, shape: [5, 5], isFortranOrder: true)
        commit.files = uses.map { id in
            let id = ContentID(rawValue: id)
            return CommitRecord.File(
                record: FileRecord(
                    snapshot: 0,
                    path: [0x61, 0xFF],
                    role: .weights,
                    format: "safetensors",
                    byteCount: 100,
                    hash: [1, 2],
                    isExecutable: true,
                    modificationTime: 123_456_789_012_345_678,
                    note: "a note"
                ),
                spans: [SpanRecord(offset: 0, byteCount: 100, content: id, contentOffset: 0)],
                tensors: [TensorRecord(description: description, content: id, byteOffset: 4)]
            )
        }
        commit.hyperparameters = [("lr", "0.1"), ("name", "\"x\"")]
        commit.measurements = [
            MeasurementRecord(name: "loss", iteration: 1, value: 0.5),
            MeasurementRecord(name: "loss", iteration: 2, value: .nan),
            MeasurementRecord(name: "accuracy", iteration: 2, value: 0.9),
        ]
        commit.documents = [
            DocumentRecord(snapshot: nil, kind: .metadata, byteCount: 2, body: .inline([1, 2]))
        ]
        let id = try catalog.insert(commit)
        return try #require(try catalog.version(id))
    }

    @Test
    func everythingOfACommitComesBack() throws {
        let version = try commit("a/b", contents: [content(1)], uses: [1], tags: ["best"])
        #expect(version.reference == "a/b@v1" && version.message == "message")
        #expect(version.creationTime == 1_700_000_000_000)
        let file = try #require(try catalog.files(of: version.id).first)
        #expect(file.path == [0x61, 0xFF] && file.role == .weights && file.isExecutable)
        #expect(file.modificationTime == 123_456_789_012_345_678 && file.note == "a note")
        let listing = try catalog.listedFiles(of: version.id)
        let listed = try #require(listing.files.first)
        #expect(listed.id == file.id && listed.snapshot == file.snapshot)
        #expect(Array(listing.path(of: listed)) == file.path && listing.target(of: listed) == nil)
        #expect(listed.role == file.role && listing.format(of: listed) == file.format)
        #expect(listed.byteCount == file.byteCount && listed.isExecutable && !listed.isLink)
        #expect(listed.modificationTime == file.modificationTime)
        #expect(
            try catalog.listedVersions(of: version.modelID) == [
                ListedVersion(id: version.id, number: 1, creationTime: version.creationTime)
            ]
        )
        #expect(try catalog.newestTimes().map(\.newestTime) == [version.creationTime])
        _ = try commit("a-b")
        _ = try commit("B")
        // By the bytes of their names, as `versions` has them.
        #expect(try catalog.listedVersions().map(\.model) == ["B", "a-b", "a/b"])
        #expect(try catalog.listedVersions().map(\.versions.count) == [1, 1, 1])
        #expect(
            try catalog.listedVersions().flatMap(\.versions).map(\.id) == catalog.versions().map(\.id)
        )
        #expect(try catalog.spans(of: file.id).map(\.byteCount) == [100])
        let tensor = try #require(try catalog.tensors(of: file.id).first)
        #expect(tensor.description.shape == [5, 5] && tensor.description.isFortranOrder)
        #expect(tensor.byteOffset == 4)
        #expect(try catalog.snapshots(of: version.id).map(\.name) == ["5-ema"])
        #expect(try catalog.hyperparameters(of: version.id).map(\.value) == ["0.1", "\"x\""])
        let measurements = try catalog.measurements(of: version.id)
        #expect(measurements.map(\.name) == ["accuracy", "loss", "loss"])
        #expect(measurements[2].value.isNaN)
        let document = try catalog.document(of: version.id, snapshot: nil, kind: .metadata)
        #expect(document?.body == .inline([1, 2]))
        #expect(try catalog.document(of: version.id, snapshot: 0, kind: .layerIndex) == nil)
        #expect(try catalog.version(of: "a/b", tag: "best")?.id == version.id)
        #expect(try catalog.record(of: ContentID(rawValue: 1)) == content(1))
        #expect(try catalog.id(of: content(1).hash) == ContentID(rawValue: 1))
    }

    @Test(arguments: [0, -0.0, 1.5, -3.25e-12, 0.1, 1e300, .leastNonzeroMagnitude, .infinity, -.infinity, .nan])
    func numbersOfFactsComeBackBitByBit(value: Double) throws {
        let facts = TensorFacts(
            hash: [1, 2, 3, 4, 5], elementCount: 1, minimum: value, maximum: -value, mean: value,
            norm: 0.1, zeroCount: 0, nanCount: 0, infinityCount: 0
        )
        _ = try catalog.write { try Catalog.row(of: facts, in: $0) }
        let stored = try #require(try catalog.tensorFacts([1, 2, 3, 4, 5]))
        #expect(stored.minimum.bitPattern == value.bitPattern || value.isNaN && stored.minimum.isNaN)
        #expect(stored.maximum == -value || value.isNaN && stored.maximum.isNaN)
        #expect(stored.norm == 0.1)
        #expect(try catalog.tensorFacts([1, 2, 3, 4, 6]) == nil)
    }

    @Test
    func aCatalogThatHasGrownGetsLargerPages() throws {
        let path = directory.path("grown.sqlite")
        try Catalog.create(at: path)
        func pageByteCount() throws -> Int? {
            try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "PRAGMA page_size") }
        }
        func open(_ body: (Catalog) throws -> Void) throws {
            try body(try Catalog(path: path, readOnly: false))
        }
        #expect(try pageByteCount() == CatalogPages.initialByteCount)
        try open { catalog in
            try catalog.write { database in
                for id in 1...2000 {
                    try database.execute(
                        sql: "INSERT INTO network VALUES (?, ?, '', 0, 0, ?)",
                        arguments: [id, Data([UInt8(id & 255), UInt8(id >> 8)]), Data(count: 600)]
                    )
                }
            }
            try catalog.checkpoint()
            // Someone has it open: it stays as it is, and serves.
            try open { other in
                let networks = try other.networksByVersion()
                #expect(networks.isEmpty)
            }
        }
        #expect(try pageByteCount() == CatalogPages.initialByteCount)
        try open { catalog in
            var count = 0
            try catalog.forEachNetwork { _, graph in count += graph.count == 600 ? 1 : 0 }
            #expect(count == 2000)
            let mode = try catalog.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(mode == "wal")
        }
        #expect(try pageByteCount() == CatalogPages.grownByteCount)
    }

    @Test
    func hashesAreFoundByTheirFirstBytes() throws {
        for table in ["content", "file", "tensorFact"] {
            let plan = try catalog.read { database in
                try Row.fetchAll(
                    database,
                    sql: "EXPLAIN QUERY PLAN SELECT id FROM \(table) WHERE \(CatalogSchema.isHash("hash"))",
                    arguments: [Data([1, 2, 3, 4, 5])]
                ).map { $0["detail"] as String }
            }
            #expect(plan == ["SEARCH \(table) USING INDEX \(table)ByHash (<expr>=?)"])
        }
    }

    @Test
    func numbersAndIDsAreNeverUsedAgain() throws {
        let first = try commit("m", contents: [content(1)], uses: [1])
        let second = try commit("m", contents: [content(2, pack: 2)], uses: [2])
        try catalog.remove(second.id, at: 1)
        _ = try catalog.collectContents()
        #expect(try catalog.nextNumber(of: "m") == 3)
        #expect(try catalog.nextIDs().content.rawValue == 3)
        #expect(try catalog.nextIDs().pack.rawValue == 3)
        #expect(try catalog.newestVersion(of: "m")?.id == first.id)
        #expect(try catalog.version(second.id)?.removalTime == 1)
        #expect(try catalog.files(of: second.id).isEmpty)
    }

    @Test
    func basesOfNeededContentsStay() throws {
        let base = try commit("m", contents: [content(1)], uses: [1])
        _ = try commit("m", contents: [content(2, base: 1, pack: 2)], uses: [2])
        _ = try commit("n", contents: [content(3, pack: 3)])
        try catalog.remove(base.id, at: 1)
        let collected = try catalog.collectContents()
        #expect(collected.count == 1 && collected.storedByteCount == 50)
        #expect(try catalog.record(of: ContentID(rawValue: 1)) != nil)
        #expect(try catalog.packNames() == ["pack1", "pack2"])
    }

    @Test
    func aFailedCommitChangesNothing() throws {
        _ = try commit("m", contents: [content(1)], uses: [1])
        let generation = try catalog.generation()
        // A span of a content that is not there breaks a foreign key.
        #expect(throws: CatalogError.self) { try commit("m", uses: [77]) }
        #expect(try catalog.generation() == generation)
        #expect(try catalog.versions().count == 1)
        #expect(try catalog.nextNumber(of: "m") == 2)
    }

    @Test
    func lineageIsFollowedBothWays() throws {
        let parent = try commit("m")
        let missing = GlobalID()
        let child = try commit("n", parents: [parent.globalID, missing])
        let parents = try catalog.parents(of: child.id)
        #expect(parents.map(\.record?.reference) == ["m@v1", nil])
        #expect(parents[1].globalID == missing)
        #expect(try catalog.children(of: parent.globalID).map(\.reference) == ["n@v1"])
    }

    @Test
    func namesAreEqualUnderCaseFolding() throws {
        _ = try commit("LeNet")
        #expect(try catalog.model(named: "lenet")?.name == "LeNet")
    }

    @Test
    func everyChangeCounts() throws {
        var seen = [try catalog.generation()]
        let version = try commit("m")
        seen.append(try catalog.generation())
        try catalog.setTag("t", on: version)
        seen.append(try catalog.generation())
        #expect(try catalog.removeTag("t", of: version.modelID))
        seen.append(try catalog.generation())
        #expect(try catalog.removeTag("t", of: version.modelID) == false)
        try catalog.remove(version.id, at: 1)
        seen.append(try catalog.generation())
        #expect(Set(seen).count == 5 && seen == seen.sorted())
    }

    @Test
    func factsOfAllVersionsAreListed() throws {
        let first = try commit("m", tags: ["x"])
        let second = try commit("m", parents: [first.globalID])
        var last: [String] = []
        try catalog.forEachMeasurement(atEveryIterationOf: []) { version, name, iteration, value in
            last.append("\(version.rawValue) \(name) \(iteration) \(value)")
        }
        #expect(last.sorted() == [
            "\(first.id.rawValue) accuracy 2 0.9", "\(first.id.rawValue) loss 2 nan",
            "\(second.id.rawValue) accuracy 2 0.9", "\(second.id.rawValue) loss 2 nan",
        ])
        var losses = 0
        try catalog.forEachMeasurement(atEveryIterationOf: ["loss"]) { _, name, _, _ in
            losses += name == "loss" ? 1 : 0
        }
        #expect(losses == 4)
        var parents: [String] = []
        try catalog.forEachParent { version, parent in
            parents.append("\(version.rawValue) \(parent.reference)")
        }
        #expect(parents == ["\(second.id.rawValue) m@v1"])
    }

    @Test
    func whatIsNoCatalogIsRefused() throws {
        try directory.write(Array("no database at all, but long enough to look at".utf8), to: "text")
        let foreign = #expect(throws: CatalogError.self) {
            try Catalog(path: directory.path("text"), readOnly: false)
        }
        #expect(foreign?.code == .notACatalog)
        let missing = #expect(throws: CatalogError.self) {
            try Catalog(path: directory.path("nowhere"), readOnly: false)
        }
        #expect(missing?.code == .missing)
        try catalog.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        let newer = #expect(throws: CatalogError.self) {
            try Catalog(path: directory.path("catalog.sqlite"), readOnly: true)
        }
        #expect(newer?.code == .newerFormat && newer?.message.contains("99") == true)
    }

    @Test
    func aCatalogOfAnEarlierFormatIsReadAndMarkedByWhoWrites() throws {
        let path = directory.path("catalog.sqlite")
        func format() throws -> Int32? {
            try catalog.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") }
        }
        try catalog.write { try $0.execute(sql: "PRAGMA user_version = 1") }
        _ = try Catalog(path: path, readOnly: true)
        #expect(try format() == 1)
        let other = try Catalog(path: path, readOnly: false)
        _ = try other.models()
        #expect(try format() == 1)
        _ = try commit("m")
        #expect(try format() == 3)
    }

    @Test
    func aCatalogOpenForReadingRefusesChanges() throws {
        let version = try commit("m")
        let reader = try Catalog(path: directory.path("catalog.sqlite"), readOnly: true)
        #expect(try reader.versions().map(\.reference) == ["m@v1"])
        let error = #expect(throws: CatalogError.self) { try reader.remove(version.id, at: 1) }
        #expect(error?.code == .readOnly)
    }
}
