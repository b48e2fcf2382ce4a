import Dispatch
import Testing

@testable import ArchiveFileSystem

struct GrowingTreeTests {
    private struct Failure: Error {}

    private func add(_ names: [String], to tree: GrowingTree) {
        tree.grow { tree in
            if tree.entries.isEmpty { _ = tree.addDirectory([], in: 0, modificationTime: 0) }
            for name in names {
                _ = tree.add(Array(name.utf8)[...], in: 0, .file(1), modificationTime: 0)
            }
        }
        tree.showGrowth()
    }

    private func names(_ tree: VersionTree) -> [String] {
        var names: [String] = []
        tree.forEachChild(of: 0, from: 0) { names.append(String(decoding: tree.name(of: $0), as: UTF8.self)) }
        return names
    }

    @Test
    func aLookWaitsForWhatItNeedsAndNoLonger() throws {
        let tree = GrowingTree()
        add(["a"], to: tree)
        #expect(try tree.look(until: { $0.childCount(of: 0) > 0 }, names) == ["a"])
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { add(["b"], to: tree) }
        #expect(try tree.look(until: { $0.childCount(of: 0) > 1 }, names) == ["a", "b"])
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { _ = tree.complete() }
        #expect(try tree.look(until: { _ in false }, names) == ["a", "b"])
    }

    @Test
    func whoWaitsForWhatFailsIsTold() throws {
        let tree = GrowingTree()
        add(["a"], to: tree)
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { tree.fail(Failure()) }
        #expect(throws: Failure.self) { try tree.look(until: { _ in false }, names) }
        #expect(throws: Failure.self) { try tree.look(until: { $0.childCount(of: 0) > 1 }, names) }
    }

    @Test
    func namesAreFoundInTheirDirectory() {
        var tree = VersionTree()
        let root = tree.addDirectory([], in: 0, modificationTime: 0)
        // So many that the table of names grows several times.
        var directories: [Int] = []
        for number in 0..<40 {
            let name = Array("d\(number)".utf8)[...]
            directories.append(tree.addDirectory(name, in: root, modificationTime: 0))
            #expect(tree.addDirectory(name, in: root, modificationTime: 0) == directories[number])
            for file in 0..<50 {
                _ = tree.add(
                    Array("f\(file)".utf8)[...],
                    in: directories[number],
                    .file(Int64(file)),
                    modificationTime: 0
                )
            }
        }
        #expect(tree.entries.count == 1 + 40 * 51 && tree.childCount(of: root) == 40)
        for directory in directories {
            for file in 0..<50 {
                let name = Array("f\(file)".utf8)[...]
                guard let entry = tree.entry(named: name, in: directory) else {
                    Issue.record("f\(file) is not found")
                    continue
                }
                #expect(tree.parent(of: entry) == directory && tree.name(of: entry) == name)
                guard case .file(Int64(file)) = tree.content(of: entry) else {
                    Issue.record("f\(file) has another content")
                    continue
                }
            }
            #expect(tree.entry(named: [], in: directory) == nil)
            #expect(tree.entry(named: Array("d0".utf8)[...], in: directory) == nil)
        }
        var last: [Int] = []
        tree.forEachChild(of: root, from: 38) { last.append($0) }
        #expect(last == directories.suffix(2))
    }
}
