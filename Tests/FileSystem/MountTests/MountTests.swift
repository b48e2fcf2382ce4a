import ArchiveFileSystem
import Glibc
import TestSupport
import Testing

@testable import Mount

struct MountTests {
    @Test
    func errorsHaveTheNumbersOfTheirNames() {
        #expect(FileSystemError(.noSuchEntry, "").errno == ENOENT)
        #expect(FileSystemError(.readOnly, "").errno == EROFS)
        #expect(FileSystemError(.inputOutput, "").errno == EIO)
        #expect(FileSystemError(.noMedium, "").errno == ENOMEDIUM)
    }

    @Test
    func handlesAreUsedAgainOnlyAfterAClose() {
        let handles = Handles<String>()
        let first = handles.add("a")
        let second = handles.add("b")
        #expect(first != second && handles.value(first) == "a")
        #expect(handles.remove(first) == "a" && handles.value(first) == nil)
        #expect(handles.remove(first) == nil)
        #expect(handles.add("c") == first)
        #expect(handles.value(99) == nil && handles.value(.max) == nil)
    }

    @Test
    func mountPointsThatCannotServeAreNamed() throws {
        let directory = try TemporaryDirectory()
        try directory.write([1], to: "full/file")
        for path in ["full", "full/file", "missing"] {
            let error = #expect(throws: MountError.self) {
                try MountPoint.prepare(directory.path(path))
            }
            #expect(error?.description.contains(directory.path(path)) == true)
        }
        #expect(throws: MountError.self) { try RunningMount.unmount(directory.path("full")) }
    }

    @Test
    func executorsRunEverythingAndEnd() {
        let executors = QueryExecutors()
        let results = Handles<Int>()
        for number in 0..<50 { executors.run { _ = results.add(number) } }
        executors.end()
        #expect((0..<50).allSatisfy { results.value(UInt64($0)) != nil })
        #expect(executors.isEnding)
    }
}
