import Tensors
import TestSupport
import Testing

@testable import ModelFormats

struct SafetensorsTests {
    private func file(_ header: String, data: Int = 16, length: UInt64? = nil) -> [UInt8] {
        let count = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8)
            + Array(repeating: 7, count: data)
    }

    private func map(_ bytes: [UInt8]) throws -> SpanMap {
        guard case .mapped(let map) = try mapFile(named: "a.safetensors", MemoryBytes(bytes)) else {
            throw ModelFormatError("kept whole")
        }
        return map
    }

    @Test
    func tensorsAreFoundWhereTheyLie() throws {
        let header = """
             {"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,2],"data_offsets":[8,16]},\
            "a\\u00e9\\"":{"shape":[],"data_offsets":[0,8],"dtype":"I64"} }   
            """
        let bytes = file(header)
        let map = try map(bytes)
        #expect(map.tensors.map(\.description.name) == ["aé\"", "b"])
        #expect(map.tensors.map(\.description.dtype) == [.i64, .f16])
        #expect(map.tensors[1].byteRange == bytes.count - 8..<bytes.count)
        #expect(map.gaps == [0..<bytes.count - 16])
    }

    @Test
    func emptyTensorsTakeNothing() throws {
        let map = try map(
            file(#"{"z":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]}}"#, data: 0)
        )
        #expect(map.tensors[0].byteRange.isEmpty)
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}}"#,
        #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0]}}"#,
        #"{"a":{"dtype":"F32","shape":[4]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
        #"{"a":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}} x"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}"#,
        #"{"\ud800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
        "[]", "{]", "", "{\"a", "{\"a\":1}", "\"\\x\"", "{\"__metadata__\":{\"a\":1}}",
    ])
    func brokenHeadersAreRefusedWithASentence(header: String) {
        let error = #expect(throws: ModelFormatError.self) { try map(file(header)) }
        #expect(error?.message.hasSuffix(".") == true)
    }

    @Test(arguments: ["F99", "C128", "Q4_0"])
    func aDTypeThatTheFormatDoesNotHaveYetIsBytes(dtype: String) throws {
        let header = "{\"a\":{\"dtype\":\"\(dtype)\",\"shape\":[7,3],\"data_offsets\":[0,16]}}"
        let tensor = try map(file(header)).tensors[0]
        #expect(tensor.description == TensorDescription(name: "a", dtype: .opaque, shape: [16]))
    }

    @Test
    func lengthsThatLieAreRefused() {
        for length in [17, 1 << 40, UInt64(Int.max), .max] {
            #expect(throws: ModelFormatError.self) { try map(file("{}", data: 0, length: length)) }
        }
        for count in 0..<8 {
            #expect(throws: ModelFormatError.self) { try map(Array(repeating: 0, count: count)) }
        }
    }

    @Test
    func mutatedFilesNeverCrashNorMapOutside() {
        let good = file(
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}}"#
        )
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    UInt8.random(in: .min ... .max, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0...2, using: &generator))
            guard let map = try? map(bytes) else { continue }
            #expect(map.tensors.allSatisfy { $0.byteRange.upperBound <= bytes.count })
        }
    }

    @Test
    func aLargeHeaderIsReadInOnePass() throws {
        var header = "{"
        for index in 0..<5000 {
            header += index == 0 ? "" : ","
            header += "\"layer.\(index).weight\":{\"dtype\":\"U8\",\"shape\":[1],"
            header += "\"data_offsets\":[\(index),\(index + 1)]}"
        }
        #expect(try map(file(header + "}", data: 5000)).tensors.count == 5000)
    }

    /// What safetensors 0.8.0 writes for these tensors (`safetensors.numpy.save`, format pt).
    @Test
    func theLayoutIsThatOfTheReferenceWriter() {
        let layout = SafetensorsHeader.layout(of: [
            TensorDescription(name: "a", dtype: .f16, shape: [3]),
            TensorDescription(name: "z", dtype: .f32, shape: [2, 1]),
            TensorDescription(name: "b", dtype: .f32, shape: []),
            TensorDescription(name: "i", dtype: .i64, shape: [0]),
        ])
        #expect(layout.order == [3, 2, 1, 0])
        let text = String(decoding: layout.header.dropFirst(8), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"__metadata__":{"format":"pt"},"i":{"dtype":"I64","shape":[0],"data_offsets":[0,0]},"#
                    + #""b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#
                    + #""z":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"#
                    + #""a":{"dtype":"F16","shape":[3],"data_offsets":[12,18]}}"#
            )
        )
        #expect(layout.header.count % 8 == 0)
        #expect(layout.header[0] == UInt8(layout.header.count - 8 & 0xFF))
    }

    @Test
    func tensorsAreShownRowMajorAndLittleEndian() {
        let turned = TensorDescription(name: "", dtype: .f32, shape: [2, 3], isFortranOrder: true)
        #expect(SafetensorsHeader.isRepresentable(turned))
        #expect(
            SafetensorsHeader.shown(turned) == TensorDescription(name: "", dtype: .f32, shape: [2, 3])
        )
        let blocks = TensorDescription(name: "", dtype: .q4_0, shape: [3, 64])
        #expect(
            SafetensorsHeader.shown(blocks) == TensorDescription(name: "", dtype: .u8, shape: [3, 36])
        )
        let nibbles = TensorDescription(name: "", dtype: .i4, shape: [3])
        #expect(
            SafetensorsHeader.shown(nibbles) == TensorDescription(name: "", dtype: .u8, shape: [2])
        )
        let complex = TensorDescription(name: "", dtype: .c128, shape: [2])
        #expect(!SafetensorsHeader.isRepresentable(complex))
    }
}
