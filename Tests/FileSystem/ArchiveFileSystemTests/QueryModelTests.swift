import Foundation
import TestSupport
import Testing

@testable import ArchiveFileSystem

/// Random operations on the writable part of the mount, beside a model that is as simple as can be: a
/// dictionary of bytes.
struct QueryModelTests {
    /// Takes every text for a query that compiles.
    private struct Runner: QueryRunner {
        func compilationError(name: String, text: [UInt8]) -> [UInt8]? { nil }
        func answerKey(name: String, text: [UInt8]) -> String { "\(text)" }
        func run(name: String, text: [UInt8], isCancelled: @Sendable () -> Bool) -> QueryOutcome {
            .failure([])
        }
    }

    private static let names = ["a.dql", "b.dql", "long-name_2.dql", ".a.dql.swp", "scratch", "4913"]

    @Test(arguments: 0..<12)
    func anySequenceOfOperationsGivesWhatAPlainDirectoryWould(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        var queries = QueryDirectory(
            path: directory.path,
            isWritable: true,
            runner: Runner(),
            reportsErrorsAtClose: true
        )
        var generator = SeededGenerator(seed: seed)
        var model: [String: [UInt8]] = [:]
        for step in 0..<400 {
            let name = Self.names.randomElement(using: &generator) ?? ""
            let other = Self.names.randomElement(using: &generator) ?? ""
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<9: try write(name, &queries, &model, &generator)
            case 9..<12: try truncate(name, queries, &model, &generator)
            case 12..<15: try rename(name, to: other, queries, &model)
            case 15..<18: try unlink(name, queries, &model)
            case 18:
                // A new mount of the same archive has the queries and none of the scratch.
                queries = QueryDirectory(
                    path: directory.path,
                    isWritable: true,
                    runner: Runner(),
                    reportsErrorsAtClose: true
                )
                model = model.filter { $0.key.hasSuffix(".dql") }
            default: try compare(queries, model, step)
            }
        }
        try compare(queries, model, 400)
    }

    private func write(
        _ name: String,
        _ queries: inout QueryDirectory,
        _ model: inout [String: [UInt8]],
        _ generator: inout SeededGenerator
    ) throws {
        let isTruncating = Bool.random(using: &generator)
        let (_, handle) = try queries.create(
            Array(name.utf8),
            isExclusive: false,
            truncating: isTruncating
        )
        var bytes = isTruncating ? [] : model[name] ?? []
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let offset = Int.random(in: 0...200, using: &generator)
            let part = (0..<Int.random(in: 1...50, using: &generator)).map { _ in
                UInt8.random(in: 32...126, using: &generator)
            }
            try part.withUnsafeBytes { try queries.write(handle, $0, at: offset) }
            if bytes.count < offset + part.count {
                bytes += [UInt8](repeating: 0, count: offset + part.count - bytes.count)
            }
            bytes.replaceSubrange(offset..<offset + part.count, with: part)
            if Bool.random(using: &generator) { try queries.flush(handle) }
        }
        try queries.flush(handle)
        queries.release(handle)
        model[name] = bytes
    }

    private func truncate(
        _ name: String,
        _ queries: QueryDirectory,
        _ model: inout [String: [UInt8]],
        _ generator: inout SeededGenerator
    ) throws {
        let size = Int.random(in: 0...300, using: &generator)
        guard var bytes = model[name] else {
            #expect(throws: FileSystemError.self) { try node(name, queries) }
            return
        }
        try queries.resize(node(name, queries).node, to: size)
        bytes = Array(bytes.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - bytes.count))
        model[name] = bytes
    }

    private func rename(
        _ name: String,
        to other: String,
        _ queries: QueryDirectory,
        _ model: inout [String: [UInt8]]
    ) throws {
        guard let bytes = model[name] else {
            #expect(throws: FileSystemError.self) {
                try queries.rename(Array(name.utf8), to: Array(other.utf8), isExclusive: false)
            }
            return
        }
        if name != other, model[other] != nil {
            #expect(throws: FileSystemError.self) {
                try queries.rename(Array(name.utf8), to: Array(other.utf8), isExclusive: true)
            }
        }
        try queries.rename(Array(name.utf8), to: Array(other.utf8), isExclusive: false)
        model[name] = nil
        model[other] = bytes
    }

    private func unlink(
        _ name: String,
        _ queries: QueryDirectory,
        _ model: inout [String: [UInt8]]
    ) throws {
        if model.removeValue(forKey: name) != nil {
            try queries.unlink(Array(name.utf8))
        } else {
            #expect(throws: FileSystemError.self) { try queries.unlink(Array(name.utf8)) }
        }
    }

    private func node(_ name: String, _ queries: QueryDirectory) throws -> NodeAttributes {
        try queries.lookup(Array(name.utf8), in: QueryDirectory.root, isCancelled: { false })
    }

    private func compare(_ queries: QueryDirectory, _ model: [String: [UInt8]], _ step: Int) throws {
        let entries = try queries.entries(of: QueryDirectory.root, isCancelled: { false })
        let files = entries.filter { $0.attributes.kind == .regularFile }
            .map { String(decoding: $0.name, as: UTF8.self) }.filter { $0 != "README.txt" }
        #expect(Set(files) == Set(model.keys), "step \(step)")
        #expect(files.count == model.count, "each name is listed once")
        for (name, bytes) in model {
            let attributes = try node(name, queries)
            #expect(attributes.size == bytes.count, "step \(step), \(name)")
            let handle = try queries.open(attributes.node, forWriting: false, truncating: false)
            defer { queries.release(handle) }
            var read = [UInt8](repeating: 0, count: bytes.count + 10)
            let count = read.withUnsafeMutableBytes { queries.read(handle, into: $0, at: 0) }
            #expect(Array(read.prefix(count)) == bytes, "step \(step), \(name)")
        }
    }
}
