import Glibc
import Testing

@testable import Fuse

struct FuseAttributesTests {
    private func attributes(size: Int = 0, time: Int64 = 0) -> FuseAttributes {
        FuseAttributes(
            node: 7,
            kind: .regularFile,
            permissions: 0o444,
            size: size,
            modificationTime: time,
            timeoutSeconds: 60
        )
    }

    @Test
    func statusHasSizeBlocksAndKind() {
        let status = attributes(size: 1025).status
        #expect(status.st_size == 1025 && status.st_blocks == 3)
        #expect(status.st_mode == S_IFREG | 0o444 && status.st_nlink == 1 && status.st_ino == 7)
        #expect(attributes(size: 0).status.st_blocks == 0)
    }

    @Test(arguments: [
        (0, 0, 0), (1_500_000_000, 1, 500_000_000), (-1, -1, 999_999_999), (-2_000_000_000, -2, 0),
    ])
    func timesBefore1970HavePositiveNanoseconds(time: Int64, seconds: Int, nanoseconds: Int) {
        let status = attributes(time: time).status
        #expect(status.st_mtim.tv_sec == seconds && status.st_mtim.tv_nsec == nanoseconds)
        _ = attributes(time: .min).status
        _ = attributes(time: .max).status
    }

    @Test
    func anEntryKeepsItsTimeout() {
        let entry = attributes().entry
        #expect(entry.ino == 7 && entry.attr_timeout == 60 && entry.entry_timeout == 60)
    }

    @Test
    func listingsBeginWithDots() {
        var builder = FuseDirectory.Builder(own: attributes(), parent: attributes(), count: 1)
        builder.add(Array("x".utf8), attributes())
        let directory = FuseDirectory(builder)
        let names = directory.withNames { names in
            (0..<directory.count).map { String(cString: directory.entry($0, names).name) }
        }
        #expect(names == [".", "..", "x"])
    }
}
