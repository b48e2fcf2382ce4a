import Foundation
import TestSupport
import Testing

@testable import Archive

struct IdentificationTests {
    private let directory: TemporaryDirectory
    private let archive: ModelArchive

    init() throws {
        directory = try TemporaryDirectory()
        try ModelArchive.create(at: directory.path("zoo"))
        archive = try ModelArchive(at: directory.path("zoo"))
        let path = try directory.write(try Samples.bytes("state_dict.pt"), to: "iter_7.pt")
        _ = try archive.commit(CommitRequest(model: "lenet", message: "", paths: [path]))
        let views = try directory.write(try Samples.bytes("views.pt"), to: "views.pt")
        _ = try archive.commit(CommitRequest(model: "views", message: "", paths: [views]))
    }

    private func identify(_ bytes: [UInt8], as name: String) throws -> Identification {
        try archive.identify(try directory.write(bytes, to: name))
    }

    @Test
    func aCopyIsKnownByItsBytesWhateverItsName() throws {
        let found = try identify(try Samples.bytes("state_dict.pt"), as: "download (2).bin")
        #expect(found.files.map(\.snapshotReference) == ["lenet@v1:7"])
        #expect(found.files.map(\.path) == ["iter_7.pt"])
        #expect(found.snapshots.first?.reference == "lenet@v1:7")
        #expect(found.snapshots.first?.tensorCount == 9)
    }

    @Test
    func tensorsAreKnownInAnotherFile() throws {
        // The same state, written at another time by another function.
        let found = try identify(try Samples.bytes("via_fileobj.pth"), as: "x.pth")
        #expect(found.files.isEmpty)
        #expect(found.snapshots.first?.reference == "lenet@v1:7")
        #expect(found.snapshots.first?.tensorCount == 9)
    }

    @Test
    func aTransposedTensorIsKnownByItsElements() throws {
        // A column of the stored tensor, as a row-major file of its own.
        let version = try archive.version(Reference("views"))
        let file = try #require(try archive.catalog.files(of: version.id).first)
        let column = try #require(
            try archive.catalog.tensors(of: file.id).first { $0.description.name == "col" }
        )
        #expect(column.description.strides == [8])
        let bytes = try Samples.bytes("views.pt")
        var values: [UInt8] = []
        for place in stride(from: 1164, to: 1164 + 5 * 32, by: 32) {
            values += bytes[place..<place + 4]
        }
        let header = #"{"c":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}"#
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        let found = try identify(length + Array(header.utf8) + values, as: "c.safetensors")
        #expect(found.tensors.first?.places.first?.tensor == "col")
    }

    @Test
    func whatIsNotKnownIsSaidSo() throws {
        let found = try identify(try Samples.bytes("model.gguf"), as: "model.gguf")
        #expect(found.files.isEmpty && found.snapshots.isEmpty && found.tensors.count == 12)
        #expect(found.format == "gguf")
        let text = try identify([1, 2, 3], as: "notes.txt")
        #expect(text.format == nil && text.files.isEmpty)
        #expect(throws: ArchiveError.self) { try archive.identify(directory.path("none")) }
    }
}
