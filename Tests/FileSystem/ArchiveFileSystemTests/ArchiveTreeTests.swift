import Archive
import Foundation
import Logging
import ModelFormats
import TestSupport
import Testing

@testable import ArchiveFileSystem

struct ArchiveTreeTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive
    private let tree: ArchiveTree

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
        tree = ArchiveTree(archive: archive, logger: Logger(label: "test"))
    }

    private func commit(_ model: String, _ files: [String: [UInt8]], tags: [String] = []) throws {
        let folder = "run-\(UUID().uuidString)"
        for (name, bytes) in files { try directory.write(bytes, to: "\(folder)/\(name)") }
        var request = CommitRequest(model: model, message: "", paths: [directory.path(folder)])
        request.tags = tags
        _ = try archive.commit(request)
    }

    private var weights: [UInt8] {
        let header = #"{"a.w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        return length + Array(header.utf8) + [0x80, 0x3F, 0x00, 0xC0]
    }

    private func node(_ path: String) throws -> NodeAttributes {
        var found = try tree.attributes(of: .root)
        for part in path.split(separator: "/") {
            found = try tree.lookup(Array(part.utf8), in: found.node)
        }
        return found
    }

    private func names(_ path: String) throws -> [String] {
        try tree.entries(of: node(path).node).map { String(decoding: $0.name, as: UTF8.self) }
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let attributes = try node(path)
        let file = try tree.open(attributes.node) {}
        var bytes = [UInt8](repeating: 0, count: attributes.size + 10)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        #expect(count == attributes.size)
        // Any part is what the whole says.
        for start in stride(from: 0, through: count, by: 3) {
            var part = [UInt8](repeating: 0, count: 5)
            let got = try part.withUnsafeMutableBytes { try file.read(into: $0, at: start) }
            #expect(Array(part.prefix(got)) == Array(bytes[start..<min(count, start + 5)]))
        }
        return Array(bytes.prefix(count))
    }

    @Test
    func everyNodeIsFoundAgainFromItsNumber() throws {
        try commit("a/b", ["w.safetensors": weights, "sub/x": [1]], tags: ["best"])
        try commit("a/b", ["w.safetensors": weights])
        try commit("lenet", ["w.safetensors": weights])
        func walk(_ directory: NodeNumber, _ seen: inout Set<NodeNumber>) throws {
            for entry in try tree.entries(of: directory) {
                #expect(try tree.attributes(of: entry.attributes.node) == entry.attributes)
                #expect(try tree.lookup(entry.name, in: directory) == entry.attributes)
                #expect(seen.insert(entry.attributes.node).inserted)
                #expect(!entry.attributes.node.isInQueryDirectory)
                switch entry.attributes.kind {
                case .directory:
                    #expect(try tree.parent(of: entry.attributes.node) == directory)
                    try walk(entry.attributes.node, &seen)
                case .symbolicLink:
                    #expect(try tree.target(of: entry.attributes.node).count == entry.attributes.size)
                case .regularFile: _ = try tree.open(entry.attributes.node) {}
                }
            }
        }
        var seen: Set<NodeNumber> = []
        try walk(.root, &seen)
        #expect(seen.count > 60)
    }

    @Test
    func aVersionOfVeryManyFilesIsShownWhileItIsRead() throws {
        // More than are read at a time, and so many that a thread of its own reads them.
        let names = (0..<3000).map { "f\($0)" }
        try commit("m", Dictionary(uniqueKeysWithValues: names.map { ("many/\($0)", [1]) }))
        let whole = try Array(tree.entries(of: node("models/m/v1/files/many").node))
        #expect(Set(whole.map(\.name)) == Set(names.map { Array($0.utf8) }))

        let other = ArchiveTree(archive: archive, logger: Logger(label: "test"))
        var folder = NodeNumber.root
        for part in ["models", "m", "v1", "files", "many"] {
            folder = try other.lookup(Array(part.utf8), in: folder).node
        }
        var entries: [DirectoryEntry] = []
        while true {
            let part = try other.entries(of: folder, from: entries.count)
            #expect(part.firstPlace == 0 || part.firstPlace == entries.count)
            entries += part.dropFirst(entries.count - part.firstPlace)
            guard !part.reachesEnd else { break }
            #expect(!part.isEmpty)
        }
        #expect(entries == whole)
        // From any place on, and behind the end.
        #expect(try Array(other.entries(of: folder, from: 2990)) == whole.suffix(10))
        let none = try other.entries(of: folder, from: .max)
        #expect(none.isEmpty && none.reachesEnd && none.firstPlace == 3000)
    }

    @Test
    func manyLookAtOnceAtAVersionOfVeryManyFiles() throws {
        try commit("m", Dictionary(uniqueKeysWithValues: (0..<3000).map { ("many/f\($0)", [1]) }))
        let folder = try node("models/m/v1/files/many").node
        let other = ArchiveTree(archive: archive, logger: Logger(label: "test"))
        DispatchQueue.concurrentPerform(iterations: 16) { number in
            for step in [7, 2999, 0, 1500] {
                let name = Array("f\((step + number * 100) % 3000)".utf8)
                let found = try? other.lookup(name, in: folder)
                #expect(found != nil && found?.node == (try? tree.lookup(name, in: folder).node))
            }
            // What is not there is known once all is there.
            let error = #expect(throws: FileSystemError.self) {
                try other.lookup(Array("none".utf8), in: folder)
            }
            #expect(error?.code == .noSuchEntry)
        }
    }

    @Test
    func theTreeHasTheShapeOfTheDesign() throws {
        try commit("a/b", ["w.safetensors": weights, "config.json": [1, 2]], tags: ["best"])
        #expect(try names("") == ["README.txt", "CACHEDIR.TAG", "models", "lineage"])
        #expect(try names("models") == ["a"])
        #expect(try names("models/a") == ["b"])
        #expect(try names("models/a/b") == ["v1", "latest", "best"])
        #expect(try Set(names("models/a/b/v1")) == [
            "files", "metadata.json", "hyperparameters.json", "measurements.tsv", "lineage.json",
            "model.safetensors", "layers", "snapshots", "network.json", "network.dot",
            "resolution", "config.json",
        ])
        #expect(try names("models/a/b/v1/resolution") == ["1", "2", "3"])
        #expect(
            try names("models/a/b/v1/resolution/2") == ["model.safetensors", "layers", "config.json"]
        )
        #expect(
            try names("models/a/b/v1/snapshots/0") == ["files", "model.safetensors", "layers", "config.json"]
        )
        #expect(try names("models/a/b/v1/layers") == ["index.tsv", "a"])
        #expect(try names("lineage") == ["a+b@v1"])
        #expect(try bytes("models/a/b/v1/files/config.json") == [1, 2])
        #expect(try bytes("models/a/b/v1/model.safetensors") == weights)
    }

    /// A folder that `from_pretrained` takes: what lies beside the weights lies beside `model.safetensors` too.
    @Test
    func companionsOfTheWeightsLieBesideTheModel() throws {
        try commit(
            "m",
            [
                "checkpoint-1/config.json": [1], "checkpoint-1/vocab.txt": [2, 2],
                "checkpoint-1/metadata.json": [3], "checkpoint-1/model.safetensors.index.json": [4],
                "checkpoint-1/sub/x": [5], "checkpoint-1/w.safetensors": weights,
                "checkpoint-2/config.json": [6], "checkpoint-2/w.safetensors": weights, "notes.txt": [7],
            ]
        )
        let own: Set = ["files", "model.safetensors", "layers", "config.json"]
        #expect(try Set(names("models/m/v1/snapshots/1")) == own.union(["vocab.txt", "metadata.json"]))
        #expect(try Set(names("models/m/v1/snapshots/2")) == own)
        // The version's folder shows its latest snapshot, and keeps its own documents.
        #expect(try bytes("models/m/v1/config.json") == [6])
        #expect(try bytes("models/m/v1/resolution/2/config.json") == [6])
        #expect(try bytes("models/m/v1/snapshots/1/vocab.txt") == [2, 2])
        #expect(try bytes("models/m/v1/metadata.json").count > 1)
        #expect(try !names("models/m/v1").contains("notes.txt"))
    }

    @Test
    func foldersOfOtherModelsHaveNoCompanions() throws {
        try commit("plain", ["w.safetensors": weights, "notes.txt": [1]])
        #expect(try !names("models/plain/v1").contains("notes.txt"))
        var files = ["w.safetensors": weights, "config.json": [1]]
        for number in 0..<100 { files["note\(number)"] = [UInt8(number)] }
        try commit("full", files)
        #expect(try !names("models/full/v1").contains("config.json"))
        // The parts of a pipeline are models of their own; the tensor of this one is b.w.
        let vae = weights.enumerated().map { $0.offset == 10 ? UInt8(ascii: "b") : $0.element }
        try commit(
            "pipeline",
            [
                "unet/config.json": [1], "unet/unet.safetensors": weights,
                "vae/config.json": [2], "vae/vae.safetensors": vae,
            ]
        )
        #expect(try names("models/pipeline/v1").contains("model.safetensors"))
        #expect(try !names("models/pipeline/v1").contains("config.json"))
    }

    @Test
    func filesOfOneFolderMayLieApartInTheCommit() throws {
        // In the order of their paths, those of `a` come before and behind those of `a-b` and `a/b`.
        let files = ["a/1", "a/b/2", "a/b/c/3", "a/z/4", "a-b/5", "6", "b/7", "a.b/8"]
        try commit("m", Dictionary(uniqueKeysWithValues: files.map { ($0, Array($0.utf8)) }))
        for file in files { #expect(try bytes("models/m/v1/files/\(file)") == Array(file.utf8)) }
        #expect(try names("models/m/v1/files").sorted() == ["6", "a", "a-b", "a.b", "b"])
        #expect(try names("models/m/v1/files/a").sorted() == ["1", "b", "z"])
        #expect(try names("models/m/v1/files/a/b").sorted() == ["2", "c"])
    }

    @Test
    func narrowFloatsAreShownAsFloats() throws {
        try commit("m", ["w.safetensors": weights])
        let file = try bytes("models/m/v1/layers/a/w.npy")
        #expect(String(decoding: file.prefix(128), as: UTF8.self).contains("'<f4'"))
        #expect(Array(file.suffix(8)) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    }

    /// Two rows of three 16-bit numbers, column-major and big-endian: 1 2 3 / 4 5 6.
    private var turned: [UInt8] {
        let header = NpyHeader.bytes(
            dtype: .i16,
            shape: [2, 3],
            isFortranOrder: true,
            isBigEndian: true
        )
        return header + [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]
    }

    @Test
    func anArrayKeepsItsOrderAndTheModelIsRowMajor() throws {
        try commit("m", ["w.npy": turned])
        #expect(try bytes("models/m/v1/layers/w.npy") == turned)
        let model = try bytes("models/m/v1/model.safetensors")
        #expect(Array(model.suffix(12)) == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0])
        #expect(String(decoding: model, as: UTF8.self).contains(#""dtype":"I16","shape":[2,3]"#))
    }

    @Test
    func whatIsNotThereIsSaidSo() throws {
        try commit("m", ["w": [1]])
        for path in ["x", "models/x", "models/m/v2", "models/m/v01", "models/M", "lineage/m@v2", "lineage/m",
            "models/m/v1/model.safetensors", "models/m/v1/files/x"]
        {
            let error = #expect(throws: FileSystemError.self) { try node(path) }
            #expect(error?.code == .noSuchEntry, "\(path)")
        }
        for number: UInt64 in [99, 1 << 61, 1 << 58 | 999, 2 << 58 | 77 << 26, .max >> 2] {
            #expect(throws: FileSystemError.self) {
                try tree.attributes(of: NodeNumber(rawValue: number))
            }
        }
    }

    @Test
    func aCommitAndARemovalShow() throws {
        try commit("m", ["w": [1]])
        #expect(try names("models/m") == ["v1", "latest"])
        try commit("m", ["w": [2]])
        #expect(try names("models/m") == ["v1", "v2", "latest"])
        #expect(try tree.target(of: node("models/m/latest").node) == Array("v2".utf8))
        let old = try node("models/m/v2/files/w").node
        try archive.remove(try archive.version(Reference("m@v2")))
        #expect(try names("models/m") == ["v1", "latest"])
        #expect(throws: FileSystemError.self) { try node("models/m/v2") }
        _ = old
    }
}

extension ReadableTree {
    /// All entries of a directory but `.` and `..`, in the order in which they are listed.
    fileprivate func entries(of directory: NodeNumber) throws(FileSystemError) -> DirectoryListing {
        var listing = try entries(of: directory, from: 0)
        while !listing.reachesEnd {
            let more = try entries(of: directory, from: listing.count)
            for entry in more.dropFirst(listing.count - more.firstPlace) {
                listing.add(entry.name, entry.attributes)
            }
            listing.reachesEnd = more.reachesEnd
        }
        return listing
    }
}
