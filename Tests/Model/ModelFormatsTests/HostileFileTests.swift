import Foundation
import Tensors
import TestSupport
import Testing

@testable import ModelFormats

/// Files that were made to do harm: each is kept whole with a sentence, in a moment and little memory.
struct HostileFileTests {
    private func reason(_ bytes: [UInt8], _ name: String) throws -> String? {
        switch try mapFile(named: name, MemoryBytes(bytes)) {
        case .mapped: return nil
        case .keptWhole(let reason):
            #expect(reason?.hasSuffix(".") == true, "\(name): \(reason ?? "no reason")")
            return reason
        }
    }

    private func little(_ number: UInt64, _ width: Int = 8) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    // MARK: - Zip

    /// A zip archive of stored members.
    private func zip(
        _ members: [(name: String, bytes: [UInt8])],
        change: (inout [UInt8], _ directory: Int) -> Void = { _, _ in }
    ) -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, bytes) in members {
            let sizes = little(UInt64(bytes.count), 4) + little(UInt64(bytes.count), 4)
            let names = little(UInt64(name.utf8.count), 2)
            directory += [0x50, 0x4B, 1, 2] + little(0, 12) + sizes.withZeroCRC + names + little(0, 12)
                + little(UInt64(file.count), 4) + Array(name.utf8)
            file += [0x50, 0x4B, 3, 4] + little(0, 10) + sizes.withZeroCRC + names + [0, 0]
            file += Array(name.utf8) + bytes
        }
        let start = file.count
        file += directory + [0x50, 0x4B, 5, 6] + little(0, 4)
        let count = little(UInt64(members.count), 2)
        file += count + count + little(UInt64(directory.count), 4) + little(UInt64(start), 4) + [0, 0]
        change(&file, start)
        return file
    }

    /// A pickle of one tensor of four floats in the storage `key`.
    private func pickle(key: String = "0", count: UInt8 = 4, shape: [UInt8] = [4]) -> [UInt8] {
        func text(_ value: String) -> [UInt8] {
            [UInt8(ascii: "X")] + little(UInt64(value.utf8.count), 4) + Array(value.utf8)
        }
        func global(_ value: String) -> [UInt8] { Array("c\(value)\n".utf8) }
        let storage = [UInt8(ascii: "(")] + text("storage") + global("torch\nFloatStorage") + text(key)
            + text("cpu") + [UInt8(ascii: "K"), count, UInt8(ascii: "t"), UInt8(ascii: "Q")]
        let numbers = [UInt8(ascii: "(")] + shape.flatMap { [UInt8(ascii: "K"), $0] } + [UInt8(ascii: "t")]
        let ones = [UInt8(ascii: "(")] + shape.flatMap { _ in [UInt8(ascii: "K"), 1] } + [UInt8(ascii: "t")]
        return [0x80, 2] + [UInt8(ascii: "}")] + text("w") + global("torch._utils\n_rebuild_tensor_v2")
            + [UInt8(ascii: "(")] + storage + [UInt8(ascii: "K"), 0] + numbers + ones
            + [0x89, UInt8(ascii: "}"), UInt8(ascii: "t"), UInt8(ascii: "R"), UInt8(ascii: "s"), UInt8(ascii: ".")]
    }

    private func checkpoint(_ pickle: [UInt8]) -> [UInt8] {
        zip([("m/data.pkl", pickle), ("m/data/0", Array(repeating: 1, count: 16))])
    }

    @Test
    func theHandMadeCheckpointMaps() throws {
        guard case .mapped(let map) = try mapFile(named: "x.pt", MemoryBytes(checkpoint(pickle()))) else {
            Issue.record("kept whole")
            return
        }
        #expect(map.tensors.map(\.description) == [TensorDescription(name: "w", dtype: .f32, shape: [4])])
    }

    @Test
    func zipsThatLookDifferentToOthersAreKeptWhole() throws {
        let members = [("m/data.pkl", pickle()), ("m/data/0", Array(repeating: UInt8(1), count: 16))]
        // Trailing bytes, a hidden hole, an encrypted member, a second end.
        #expect(try reason(zip(members) + [0], "x.pt")?.contains("follow the end") == true)
        #expect(
            try reason(zip(members) { file, _ in file.insert(contentsOf: [1, 2], at: file.count - 22) }, "x.pt")
                != nil
        )
        #expect(
            try reason(zip(members) { $0[$1 + 8] |= 1 }, "x.pt")?.contains("encrypted") == true
        )
        // The second member begins where the first does.
        #expect(
            try reason(
                zip([members[0], members[0]]) { file, start in
                    file.replaceSubrange(start + 56 + 42..<start + 56 + 46, with: [0, 0, 0, 0])
                },
                "x.pt"
            ) != nil
        )
        #expect(try reason(zip(members + [members[1]]), "x.pt")?.contains("have the name") == true)
        // A local header with another name.
        #expect(try reason(zip(members) { file, _ in file[30] = 0x78 }, "x.pt")?.contains("disagree") == true)
        // A deflated member that would become four gigabytes is never inflated.
        let bomb = zip([("m/data.pkl", [1, 2, 3])]) { file, start in
            file[start + 10] = 8
            file.replaceSubrange(start + 24..<start + 28, with: [0xFF, 0xFF, 0xFF, 0x7F])
        }
        #expect(try reason(bomb, "x.pt") != nil)
    }

    // MARK: - Pickles

    @Test
    func picklesThatLieAboutTheirStoragesAreKeptWhole() throws {
        #expect(try reason(checkpoint(pickle(key: "../0")), "x.pt") != nil)
        #expect(try reason(checkpoint(pickle(key: "..")), "x.pt") != nil)
        #expect(try reason(checkpoint(pickle(key: "9")), "x.pt")?.contains("missing") == true)
        #expect(try reason(checkpoint(pickle(count: 5)), "x.pt")?.contains("should have 20") == true)
        #expect(try reason(checkpoint(pickle(shape: [5])), "x.pt")?.contains("outside") == true)
        let many = pickle(shape: Array(repeating: 255, count: 200))
        #expect(try reason(checkpoint(many), "x.pt") != nil)
    }

    /// `os.system('…')` is four names and a text here: nothing runs, and nothing is looked up.
    @Test
    func picklesThatWouldRunSomethingRunNothing() throws {
        let shell = Array("cos\nsystem\n(X".utf8) + little(9, 4) + Array("touch pwn".utf8)
        let attack = [0x80, 2] + shell + Array("tR.".utf8)
        guard case .mapped(let map) = try mapFile(named: "x.pt", MemoryBytes(checkpoint(attack))) else {
            Issue.record("kept whole")
            return
        }
        #expect(map.tensors.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: "pwn"))
    }

    @Test
    func picklesWithoutEndCostLittle() throws {
        // A list that holds itself, and 2^60 paths through thirty lists of two.
        let cycle: [UInt8] = [0x80, 2] + Array("]q\0h\0a.".utf8)
        var shared: [UInt8] = [0x80, 2] + Array("]q\0".utf8)
        for _ in 0..<60 { shared += Array("](h\0h\0eq\0".utf8) }
        // Three hundred tuples inside one another; a stack that is empty; a mark that is not there.
        let deep = [0x80, 2] + [UInt8](repeating: UInt8(ascii: ")"), count: 1)
            + [UInt8](repeating: 0x85, count: 300) + [UInt8(ascii: ".")]
        for bytes in [cycle, shared + [UInt8(ascii: ".")]] {
            guard case .mapped(let map) = try mapFile(named: "x.pt", MemoryBytes(checkpoint(bytes))) else {
                Issue.record("kept whole")
                return
            }
            #expect(map.tensors.isEmpty)
        }
        #expect(try reason(checkpoint(deep), "x.pt")?.contains("deep") == true)
        for text in ["0.", "t.", "R.", "h\u{7}.", "s.", "X\u{1}", "Q.", "b."] {
            #expect(try reason(checkpoint([0x80, 2] + Array(text.utf8)), "x.pt") != nil, "\(text)")
        }
        let long = [0x80, 2, UInt8(ascii: "X"), 0xFF, 0xFF, 0xFF, 0xFF]
        #expect(try reason(checkpoint(long), "x.pt")?.contains("ends too early") == true)
    }

    // MARK: - Protobuf

    private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var length = bytes.count
        var encoded: [UInt8] = []
        while length > 0x7F {
            encoded.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        return [number << 3 | 2] + encoded + [UInt8(length)] + bytes
    }

    @Test
    func messagesAThousandDeepAreKeptWhole() throws {
        var graph: [UInt8] = []
        // A node with an attribute with a graph with a node …
        for _ in 0..<1000 { graph = field(1, field(5, field(6, graph))) }
        #expect(try reason(field(7, graph), "x.onnx")?.contains("deep") == true)
    }

    @Test
    func lengthsBeyondTheEndAreKeptWhole() throws {
        let endless: [UInt8] = [0x3A] + Array(repeating: 0xFF, count: 9) + [1]
        let beyond: [UInt8] = [0x3A, 0x7F, 1, 2]
        let group: [UInt8] = [0x3B, 1, 2]
        let forever: [UInt8] = [0x38] + Array(repeating: 0x80, count: 40)
        for name in ["x.onnx", "x.caffemodel"] {
            for bytes in [endless, beyond, group, forever, []] {
                #expect(try reason(bytes, name) != nil, "\(name): \(bytes)")
            }
        }
    }

    @Test
    func shapesThatOverflowAreKeptWhole() throws {
        let dimension: [UInt8] = [0x08] + Array(repeating: 0xFF, count: 8) + [0x7F]
        let type: [UInt8] = [0x10, 1]
        let tensor = dimension + dimension + type + field(9, [1, 2, 3, 4])
        #expect(try reason(field(7, field(5, tensor)), "x.onnx") != nil)
        let negative: [UInt8] = [0x08] + Array(repeating: 0xFF, count: 9) + [1]
        #expect(try reason(field(7, field(5, negative + type + field(9, [0, 0, 0, 0]))), "x.onnx") != nil)
    }

    // MARK: - GGUF

    @Test(arguments: [UInt64(1) << 60, .max, 1 << 63, 1 << 40])
    func countsThatLieAreKeptWhole(count: UInt64) throws {
        let head = GGUFFile.magic + little(3, 4)
        let room = [UInt8](repeating: 0, count: 200)
        #expect(try reason(head + little(count) + little(0) + room, "x.gguf") != nil)
        #expect(try reason(head + little(0) + little(count) + room, "x.gguf") != nil)
        // A list of that many texts, and a name of that length.
        let list = little(1) + [0x61] + little(9, 4) + little(8, 4) + little(count)
        #expect(try reason(head + little(0) + little(1) + list + room, "x.gguf") != nil)
        #expect(try reason(head + little(1) + little(0) + little(count) + room, "x.gguf") != nil)
        // Dimensions whose product wraps around to a small number.
        let entry = little(1) + [0x61] + little(4, 4) + little(count) + little(count) + little(count)
        let sizes = entry + little(count) + little(0, 4) + little(0)
        #expect(try reason(head + little(1) + little(0) + sizes + room, "x.gguf") != nil)
        let offset = little(1) + [0x61] + little(1, 4) + little(4) + little(0, 4) + little(count)
        #expect(try reason(head + little(1) + little(0) + offset + room, "x.gguf") != nil)
    }

    @Test
    func aTypeOfNextYearIsBytes() throws {
        let entry = little(1) + [0x61] + little(1, 4) + little(64) + little(99, 4) + little(0)
        var file = GGUFFile.magic + little(3, 4) + little(1) + little(0) + entry
        file += [UInt8](repeating: 7, count: (32 - file.count % 32) % 32 + 100)
        guard case .mapped(let map) = try mapFile(named: "x.gguf", MemoryBytes(file)) else {
            Issue.record("kept whole")
            return
        }
        #expect(map.tensors[0].description == TensorDescription(name: "a", dtype: .opaque, shape: [100]))
    }
}

extension [UInt8] {
    /// The sizes of a zip header with the CRC before them, which nobody checks.
    fileprivate var withZeroCRC: [UInt8] { [0, 0, 0, 0] + self }
}
