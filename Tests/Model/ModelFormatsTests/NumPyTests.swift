import Tensors
import TestSupport
import Testing

@testable import ModelFormats

struct NumPyTests {
    private func npy(_ text: String, version: UInt8 = 1, data: [UInt8] = []) -> [UInt8] {
        let length = text.utf8.count
        let size = version == 1 ? 2 : 4
        return [0x93] + Array("NUMPY".utf8) + [version, 0]
            + (0..<size).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(text.utf8) + data
    }

    private func mapping(_ bytes: [UInt8], _ name: String = "x/w.npy") throws -> FileMapping {
        try mapFile(named: name, MemoryBytes(bytes))
    }

    private func tensor(_ bytes: [UInt8]) throws -> MappedTensor {
        guard case .mapped(let map) = try mapping(bytes) else { throw ModelFormatError("kept whole") }
        return map.tensors[0]
    }

    @Test
    func headersOfEveryVersionAreRead() throws {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n"
        for version: UInt8 in 1...3 {
            let bytes = npy(text, version: version, data: Array(repeating: 0, count: 30))
            let tensor = try tensor(bytes)
            #expect(tensor.description == TensorDescription(name: "w", dtype: .f32, shape: [2, 3]))
            // Six bytes behind the array belong to nobody, and are kept.
            #expect(tensor.byteRange == bytes.count - 30..<bytes.count - 6)
        }
    }

    @Test
    func whatWeWriteIsRead() throws {
        for dtype in DType.allCases
        where dtype.bitWidth >= 8 && !NpyHeader.isWidened(dtype) && dtype != .opaque {
            for shape in [[], [3], [2, 0], [4, 1, 2]] {
                let header = NpyHeader.bytes(dtype: dtype, shape: shape, isFortranOrder: false)
                #expect(header.count % 64 == 0)
                let size = TensorDescription(name: "", dtype: dtype, shape: shape).byteCount ?? 0
                let tensor = try tensor(header + Array(repeating: 1, count: size))
                #expect(tensor.description == TensorDescription(name: "w", dtype: dtype, shape: shape))
                #expect(tensor.byteRange.lowerBound == header.count)
            }
        }
    }

    @Test
    func bigEndianArraysSayThatTheyAre() throws {
        let header = NpyHeader.bytes(
            dtype: .f64,
            shape: [2, 2],
            isFortranOrder: true,
            isBigEndian: true
        )
        let tensor = try tensor(header + Array(repeating: 0, count: 32))
        #expect(tensor.description.isBigEndian && tensor.description.strides == [1, 2])
        let bytes = npy("{'descr': '>u1', 'fortran_order': False, 'shape': (2,), }", data: [1, 2])
        #expect(try !self.tensor(bytes).description.isBigEndian)
    }

    @Test
    func columnMajorArraysKeepTheirOrder() throws {
        let text = "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }"
        #expect(try tensor(npy(text, data: Array(repeating: 0, count: 32))).description.isFortranOrder)
        let flat = "{'descr': '<f8', 'fortran_order': True, 'shape': (4,), }"
        #expect(try !tensor(npy(flat, data: Array(repeating: 0, count: 32))).description.isFortranOrder)
    }

    @Test(arguments: [
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|V4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (1,), }",
    ])
    func arraysThatAreNoTensorsAreKeptWhole(text: String) throws {
        guard case .keptWhole(let reason) = try mapping(npy(text, data: [0, 0, 0, 0])) else {
            Issue.record("mapped")
            return
        }
        #expect(reason?.hasSuffix(".") == true)
    }

    @Test(arguments: [
        "", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (100,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [[[[[", "{'descr': '<f4",
    ])
    func brokenHeadersAreRefused(text: String) {
        #expect(throws: ModelFormatError.self) { try mapping(npy(text, data: [0, 0, 0, 0])) }
    }

    @Test
    func otherFilesAreKeptWholeWithoutAWord() throws {
        #expect(try mapping([1, 2, 3], "config.json") == .keptWhole(reason: nil))
        #expect(try mapping([], "noname") == .keptWhole(reason: nil))
    }

    /// A zip archive of stored members, as `numpy.savez` lays it out but for the zip64 extras.
    private func zip(_ members: [(name: String, data: [UInt8])], method: UInt8 = 0) -> [UInt8] {
        func number(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let start = bytes.count
            let sizes = number(0, 4) + number(member.data.count, 4) + number(member.data.count, 4)
            bytes += [0x50, 0x4B, 3, 4, 20, 0, 0, 0, method, 0, 0, 0, 0x21, 0] + sizes
            bytes += number(member.name.utf8.count, 2) + [0, 0] + Array(member.name.utf8) + member.data
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0, method, 0, 0, 0, 0x21, 0] + sizes
            directory += number(member.name.utf8.count, 2) + Array(repeating: 0, count: 12)
            directory += number(start, 4) + Array(member.name.utf8)
        }
        let start = bytes.count
        return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + number(members.count, 2)
            + number(members.count, 2) + number(directory.count, 4) + number(start, 4) + [0, 0]
    }

    private var array: [UInt8] {
        npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", data: [1, 0, 2, 0])
    }

    @Test
    func membersOfAnNpzAreTensors() throws {
        let bytes = zip([("a.npy", array), ("note.txt", [9]), ("b.c.npy", array)])
        guard case .mapped(let map) = try mapping(bytes, "w.npz") else {
            Issue.record("kept whole")
            return
        }
        #expect(map.tensors.map(\.description.name) == ["a", "b.c"])
        for tensor in map.tensors { #expect(Array(bytes[tensor.byteRange]) == [1, 0, 2, 0]) }
    }

    @Test
    func compressedMembersKeepTheFileWhole() throws {
        let mapping = try mapping(zip([("a.npy", array)], method: 8), "w.npz")
        guard case .keptWhole(let reason?) = mapping else {
            Issue.record("mapped")
            return
        }
        #expect(reason.contains("compressed"))
    }

    @Test
    func brokenZipsAreRefusedAndMutantsNeverCrash() throws {
        let good = zip([("a.npy", array), ("b.npy", array)])
        for count in 0..<22 {
            #expect(throws: ModelFormatError.self) { try mapping(Array(good.prefix(count)), "w.npz") }
        }
        #expect(throws: ModelFormatError.self) { try mapping([], "w.npz") }
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    UInt8.random(in: .min ... .max, using: &generator)
            }
            guard case .mapped(let map)? = try? mapping(bytes, "w.npz") else { continue }
            #expect(map.tensors.allSatisfy { $0.byteRange.upperBound <= bytes.count })
        }
    }

    @Test
    func narrowFloatsWidenExactly() {
        func widened(_ dtype: DType, _ bytes: [UInt8]) -> [Float] {
            let count = bytes.count / dtype.storageWidth
            var output = [Float](repeating: 0, count: count)
            bytes.withUnsafeBytes { source in
                output.withUnsafeMutableBytes { FloatWidening.widen(dtype, source, into: $0) }
            }
            return output
        }
        #expect(widened(.bf16, [0x80, 0x3F, 0x00, 0xC0, 0x80, 0x7F]) == [1, -2, .infinity])
        #expect(widened(.f8E4M3, [0x38, 0xC0, 0x7E, 0x01, 0x00]) == [1, -2, 448, 0x1p-9, 0])
        #expect(widened(.f8E4M3, [0x7F, 0xFF]).allSatisfy { $0.isNaN })
        #expect(widened(.f8E5M2, [0x3C, 0x7B, 0x7C, 0xFC, 0x01]) == [1, 57344, .infinity, -.infinity, 0x1p-16])
        #expect(widened(.f8E5M2, [0x7D]).allSatisfy { $0.isNaN })
        #expect(widened(.f8E4M3FNUZ, [0x40, 0x7F, 0x00]) == [1, 240, 0])
        #expect(widened(.f8E5M2FNUZ, [0x40, 0x7F]) == [1, 57344])
        #expect(widened(.f8E4M3FNUZ, [0x80]).allSatisfy { $0.isNaN })
        #expect(widened(.f8E8M0, [127, 128, 0]) == [1, 2, 0x1p-127])
        #expect(widened(.f8E8M0, [0xFF]).allSatisfy { $0.isNaN })
    }
}
