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
        let directory = FuseDirectory(
            own: attributes(),
            parent: attributes(),
            names: Array("x\0yz\0".utf8),
            nameStarts: [0, 2],
            attributes: [attributes(), attributes()]
        )
        func names(from first: Int, atMost count: Int = 4) -> [String] {
            var names: [String] = []
            directory.forEachEntry(from: first) { index, name, _ in
                #expect(index == first + names.count)
                guard names.count < count else { return false }
                names.append(String(cString: name))
                return true
            }
            return names
        }
        #expect(directory.count == 4 && directory.isWhole && directory.holds(9))
        #expect(names(from: 0) == [".", "..", "x", "yz"])
        #expect(names(from: 0, atMost: 1) == ["."] && names(from: 0, atMost: 3) == [".", "..", "x"])
        #expect(names(from: 1) == ["..", "x", "yz"])
        #expect(names(from: 3) == ["yz"] && names(from: 4) == [] && names(from: 9) == [])
    }
    @Test
    func aPartOfAListingKnowsWhereItLies() {
        func part(reachesEnd: Bool) -> FuseDirectory {
            FuseDirectory(
                own: attributes(),
                parent: attributes(),
                names: Array("x\0yz\0".utf8),
                nameStarts: [0, 2],
                attributes: [attributes(), attributes()],
                firstEntry: 100,
                reachesEnd: reachesEnd
            )
        }
        let middle = part(reachesEnd: false)
        #expect(!middle.isWhole && middle.count == 104)
        #expect(!middle.holds(101) && middle.holds(102) && middle.holds(103) && !middle.holds(104))
        var found: [String] = []
        middle.forEachEntry(from: 102) { place, name, _ in
            found.append("\(place) \(String(cString: name))")
            return true
        }
        #expect(found == ["102 x", "103 yz"])
        #expect(part(reachesEnd: true).holds(104) && !part(reachesEnd: true).isWhole)
        #expect(FuseDirectory.entry(at: 0) == 0 && FuseDirectory.entry(at: 102) == 100)
    }
}
