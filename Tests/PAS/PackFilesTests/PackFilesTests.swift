import Foundation
import TestSupport
import Testing

@testable import PackFiles

struct PackFilesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func write(_ name: String, _ streams: [[UInt8]]) throws {
        let writer = try PackWriter(name: name, directory: directory.path)
        for stream in streams { try writer.append(stream, to: .high) }
        try writer.finish()
    }

    private func read(_ reader: PackReader, _ part: PackPart, at offset: Int, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try reader.read(part, at: offset, into: $0) }
        return bytes
    }

    @Test
    func streamsAreReadBackWhereTheyWereWritten() throws {
        let writer = try PackWriter(name: "a", directory: directory.path)
        #expect(writer.offset(in: .high) == 8)
        try writer.append([1, 2, 3], to: .high)
        try writer.append([9], to: .low)
        #expect(writer.offset(in: .high) == 11)
        try writer.append([4, 5], to: .high)
        try writer.finish()
        let reader = try PackReader(name: "a", directory: directory.path)
        #expect(try read(reader, .high, at: 8, count: 5) == [1, 2, 3, 4, 5])
        #expect(try read(reader, .low, at: 8, count: 1) == [9])
    }

    @Test
    func flushedStreamsCanBeReadBeforeTheEnd() throws {
        let writer = try PackWriter(name: "a", directory: directory.path)
        try writer.append(Array(repeating: 7, count: 3_000_000), to: .low)
        try writer.flush()
        let reader = try PackReader(name: "a", directory: directory.path)
        #expect(try read(reader, .low, at: 2_000_000, count: 3) == [7, 7, 7])
        writer.discard()
    }

    @Test
    func anExistingPackIsNeverOverwritten() throws {
        try write("a", [[1]])
        #expect(throws: PackFileError.self) {
            try PackWriter(name: "a", directory: directory.path)
        }
        let reader = try PackReader(name: "a", directory: directory.path)
        #expect(try read(reader, .high, at: 8, count: 1) == [1])
    }

    @Test
    func aDiscardedPackIsGone() throws {
        let writer = try PackWriter(name: "a", directory: directory.path)
        try writer.append([1], to: .high)
        writer.discard()
        #expect(try PackDirectory(path: directory.path).list().isEmpty)
    }

    @Test
    func missingCutAndForeignFilesAreErrors() throws {
        #expect(throws: PackFileError(.missing, "The pack 'a.high' is missing.")) {
            try PackReader(name: "a", directory: directory.path)
        }
        try write("a", [[1, 2, 3]])
        let reader = try PackReader(name: "a", directory: directory.path)
        let error = #expect(throws: PackFileError.self) {
            try read(reader, .high, at: 9, count: 3)
        }
        #expect(error?.code == .truncated)
        try directory.write(Array("something else".utf8), to: "b.high")
        try directory.write([], to: "b.low")
        let foreign = #expect(throws: PackFileError.self) {
            try PackReader(name: "b", directory: directory.path)
        }
        #expect(foreign?.code == .notAPack)
    }

    @Test
    func aPackThatAReaderHoldsIsNotRemoved() throws {
        try write("a", [[1]])
        let packs = PackDirectory(path: directory.path)
        do {
            let reader = try PackReader(name: "a", directory: directory.path)
            #expect(try packs.remove("a") == false)
            #expect(try read(reader, .high, at: 8, count: 1) == [1])
        }
        #expect(try packs.remove("a"))
        #expect(try packs.list().isEmpty)
    }

    @Test
    func theListNamesPacksWithTheirSizes() throws {
        try write("b", [[1, 2]])
        try write("a", [])
        try directory.write([0], to: "other.txt")
        let list = try PackDirectory(path: directory.path).list()
        #expect(list.map(\.name) == ["a", "b"])
        #expect(list.map(\.byteCount) == [16, 18])
    }
}
