import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ArchiveFileSystem

/// A runner whose queries are words: `fail` fails, anything else links to itself.
final class WordRunner: QueryRunner {
    let runs = Atomic<Int>(0)
    let generation = Atomic<Int>(0)

    func compilationError(name: String, text: [UInt8]) -> [UInt8]? {
        String(decoding: text, as: UTF8.self).contains("fail") ? Array("\(name): no\n".utf8) : nil
    }

    func answerKey(name: String, text: [UInt8]) -> String {
        "\(generation.load(ordering: .relaxed)) \(text)"
    }

    func run(name: String, text: [UInt8], isCancelled: @Sendable () -> Bool) -> QueryOutcome {
        runs.wrappingAdd(1, ordering: .relaxed)
        if let error = compilationError(name: name, text: text) { return .failure(error) }
        return .answer(
            QueryAnswerFiles(
                links: [.init(name: "a@v1", target: "x")],
                documents: [.init(name: "results.tsv", bytes: text), .init(name: "results.json", bytes: [])],
                explanation: [9]
            )
        )
    }
}

struct QueryDirectoryTests {
    private let directory: TemporaryDirectory
    private let runner = WordRunner()
    private let queries: QueryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        queries = QueryDirectory(path: directory.path, isWritable: true, runner: runner)
    }

    private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func write(_ text: String, to file: String) throws(FileSystemError) {
        let (_, handle) = try queries.create(name(file), isExclusive: false, truncating: true)
        defer { queries.release(handle) }
        // Shells close a copy of the descriptor before the first byte.
        try queries.flush(handle)
        try write(text, to: handle, at: 0)
        try queries.flush(handle)
    }

    private func write(_ text: String, to handle: QueryHandle, at offset: Int) throws(FileSystemError) {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, FileSystemError> in
            do throws(FileSystemError) {
                return .success(try queries.write(handle, bytes, at: offset))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private func read(_ path: String) throws -> String {
        var found = try queries.attributes(of: QueryDirectory.root)
        for part in path.split(separator: "/") { found = try queries.lookup(name(String(part)), in: found.node) }
        let handle = try queries.open(found.node, forWriting: false)
        defer { queries.release(handle) }
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = bytes.withUnsafeMutableBytes { queries.read(handle, into: $0, at: 0) }
        #expect(count == found.size, "\(path)")
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private func names(_ directory: NodeNumber = QueryDirectory.root) throws -> [String] {
        try queries.entries(of: directory).map { String(decoding: $0.name, as: UTF8.self) }
    }

    private func answer(_ query: String) throws -> NodeNumber {
        try queries.lookup(name(query), in: QueryDirectory.root).node
    }

    @Test
    func aQueryIsSavedAndHasAnAnswer() throws {
        try write("word", to: "q.dql")
        #expect(try read("q.dql") == "word")
        #expect(FileManager.default.contents(atPath: directory.path("q.dql")) == Data("word".utf8))
        #expect(try names() == ["README.txt", "q", "q.dql"])
        #expect(runner.runs.load(ordering: .relaxed) == 0)
        #expect(try names(answer("q")) == ["a@v1", "results.tsv", "results.json"])
        #expect(try read("q/results.tsv") == "word")
        #expect(runner.runs.load(ordering: .relaxed) == 1)
    }

    @Test
    func hiddenNotesNeverRunTheQuery() throws {
        try write("word", to: "q.dql")
        #expect(try read("q/.status").contains("not run"))
        #expect(try read("q/.explain").contains("not run"))
        #expect(runner.runs.load(ordering: .relaxed) == 0)
        _ = try names(answer("q"))
        #expect(try read("q/.status").contains("ok"))
        let node = try answer("q")
        #expect(!queries.mayRunQuery(list: node))
    }

    @Test
    func anAnswerIsMadeOnceForAGeneration() throws {
        try write("word", to: "q.dql")
        let node = try answer("q")
        let before = try queries.entries(of: node)
        #expect(try queries.entries(of: node) == before)
        #expect(runner.runs.load(ordering: .relaxed) == 1)
        runner.generation.wrappingAdd(1, ordering: .relaxed)
        #expect(queries.mayRunQuery(list: node))
        let after = try queries.entries(of: node)
        #expect(runner.runs.load(ordering: .relaxed) == 2)
        #expect(try answer("q") == node)
        // Children belong to their answer; those of the old one stay readable.
        #expect(before[1].attributes.node != after[1].attributes.node)
        #expect(try queries.attributes(of: before[1].attributes.node).size == 4)
    }

    @Test
    func aBrokenQueryIsKeptAndCloseTells() throws {
        let error = #expect(throws: FileSystemError.self) { try write("fail", to: "q.dql") }
        #expect(error?.code == .invalidArgument)
        #expect(try read("q.dql") == "fail")
        #expect(try names(answer("q")) == ["error"])
        #expect(try read("q/error") == "q: no\n")
        try write("word", to: "q.dql")
        #expect(try names(answer("q")).contains("results.tsv"))
        let lenient = QueryDirectory(
            path: directory.path,
            isWritable: true,
            runner: runner,
            reportsErrorsAtClose: false
        )
        let (_, handle) = try lenient.create(name("r.dql"), isExclusive: true, truncating: false)
        let text = Array("fail".utf8)
        try text.withUnsafeBytes { try lenient.write(handle, $0, at: 0) }
        try lenient.flush(handle)
        lenient.release(handle)
    }

    @Test
    func anEmptyTextIsAStateAndNoError() throws {
        try write("", to: "q.dql")
        #expect(try names(answer("q")).isEmpty)
        #expect(runner.runs.load(ordering: .relaxed) == 0)
    }

    @Test
    func namesFollowTheRules() throws {
        for bad in ["a b.dql", "ä.dql", "-x.dql", "_x.dql"] {
            let error = #expect(throws: FileSystemError.self) { try write("x", to: bad) }
            #expect(error?.code == .invalidArgument, "\(bad)")
        }
        for scratch in [".q.dql.swp", "4913", "x~", ".dql", ".hidden.dql"] {
            try write("x", to: scratch)
            #expect(try read(scratch) == "x")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test
    func renamingOntoAQuerySavesIt() throws {
        try write("one", to: "q.dql")
        try write("two", to: ".new")
        try queries.rename(name(".new"), to: name("q.dql"), isExclusive: false)
        #expect(try read("q.dql") == "two")
        #expect(try names() == ["README.txt", "q", "q.dql"])
        try queries.rename(name("q.dql"), to: name("backup~"), isExclusive: false)
        #expect(try names() == ["README.txt", "backup~"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        try write("x", to: "q.dql")
        let error = #expect(throws: FileSystemError.self) {
            try queries.rename(name("backup~"), to: name("q.dql"), isExclusive: true)
        }
        #expect(error?.code == .exists)
    }

    @Test
    func aDeletedQueryTakesItsAnswerAlong() throws {
        try write("word", to: "q.dql")
        let handle = try queries.open(
            queries.lookup(name("q.dql"), in: QueryDirectory.root).node,
            forWriting: true
        )
        try queries.unlink(name("q.dql"))
        #expect(try names() == ["README.txt"])
        #expect(throws: FileSystemError.self) { try answer("q") }
        // Whoever has it open writes on, into nothing.
        try write("more", to: handle, at: 0)
        try queries.flush(handle)
        queries.release(handle)
        #expect(try names() == ["README.txt"])
        #expect(throws: FileSystemError.self) { try queries.unlink(name("q.dql")) }
        #expect(throws: FileSystemError.self) { try queries.unlink(name("README.txt")) }
    }

    @Test
    func queriesOfOtherProcessesShow() throws {
        try directory.write(Array("word".utf8), to: "other.dql")
        #expect(try names() == ["README.txt", "other", "other.dql"])
        #expect(try read("other/results.tsv") == "word")
        try FileManager.default.removeItem(atPath: directory.path("other.dql"))
        #expect(try names() == ["README.txt"])
    }

    @Test
    func writesAndSizesAreBounded() throws {
        let (attributes, handle) = try queries.create(name("s"), isExclusive: true, truncating: false)
        try write("end", to: handle, at: 5)
        #expect(try read("s") == "\0\0\0\0\0end")
        try queries.resize(attributes.node, to: 6)
        #expect(try read("s") == "\0\0\0\0\0e")
        let error = #expect(throws: FileSystemError.self) { try write("x", to: handle, at: 1 << 20) }
        #expect(error?.code == .fileTooBig)
        #expect(throws: FileSystemError.self) { try queries.resize(attributes.node, to: 1 << 30) }
        queries.release(handle)
    }

    @Test
    func anArchiveThatCannotBeWrittenRefuses() throws {
        try directory.write(Array("word".utf8), to: "q.dql")
        let fixed = QueryDirectory(path: directory.path, isWritable: false, runner: runner)
        #expect(throws: FileSystemError.self) {
            try fixed.create(name("x.dql"), isExclusive: false, truncating: false)
        }
        #expect(throws: FileSystemError.self) { try fixed.unlink(name("q.dql")) }
        let node = try fixed.lookup(name("q.dql"), in: QueryDirectory.root).node
        #expect(throws: FileSystemError.self) { try fixed.open(node, forWriting: true) }
        _ = try fixed.open(node, forWriting: false)
    }

    /// Random operations give what a dictionary of texts gives.
    @Test(arguments: 1...20)
    func randomOperationsAgreeWithAModel(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var model: [String: String] = [:]
        let files = ["a.dql", "b.dql", "s1", ".s2"]
        for step in 0..<60 {
            let file = files[Int.random(in: 0..<4, using: &generator)]
            let other = files[Int.random(in: 0..<4, using: &generator)]
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                try write("t\(step)", to: file)
                model[file] = "t\(step)"
            case 2:
                let result = Result { try queries.unlink(name(file)) }
                #expect(((try? result.get()) != nil) == (model[file] != nil))
                model[file] = nil
            default:
                let result = Result { try queries.rename(name(file), to: name(other), isExclusive: false) }
                #expect(((try? result.get()) != nil) == (model[file] != nil))
                if file != other, let text = model[file] {
                    model[other] = text
                    model[file] = nil
                }
            }
            let expected = model.keys + model.keys.filter { $0.hasSuffix(".dql") }.map { String($0.dropLast(4)) }
            #expect(try Set(names()) == Set(expected + ["README.txt"]), "step \(step)")
            for (file, text) in model { #expect(try read(file) == text, "step \(step)") }
        }
    }
}
