import TestSupport
import Testing

@testable import TensorCoding

/// What decoders make of bytes that no encoder wrote. Whether streams are what was written is for their
/// checksums to tell; the decoders must not leave their bounds whatever they are given, and fail or fill
/// the output.
struct DamageTests {
    private static let kinds: [ElementKind] = [
        .bytes, .integer8, .integer32, .float16, .bfloat16, .float32, .float64,
    ]

    /// With so many elements for each of a segment it has a model of the layout `framed`.
    private static let largeFactor = 1 << 12

    /// A segment of every coding, with the base that it needs.
    private func segments(
        _ kind: ElementKind
    ) throws -> [(codec: Codec, segment: EncodedSegment, bytes: [UInt8], base: [UInt8]?)] {
        var hard = HardElements(seed: 11)
        let base = hard.bytes(count: 700 * kind.width, kind: kind)
        let near = hard.nudged(base, kind: kind)
        var layout = RowLayout()
        layout.append(shape: [35, 20])
        let lowRank = try LowRankSamples(kind: kind).map { sample in
            let segment = try sample.codec.encode(sample.bytes, base: sample.base)
            #expect(segment.coding == .lowRank)
            return (sample.codec, segment, sample.bytes, sample.base as [UInt8]?)
        }
        let others = try [DeltaLayout.whole, .fields].flatMap { deltaLayout in
            try [1, Self.largeFactor].flatMap { factor in
                let codec = Codec(
                    kind: kind,
                    layout: layout,
                    deltaLayout: deltaLayout,
                    sampleFactor: factor
                )
                return try [nil, base].map { other in
                    (codec, try codec.encode(near, base: other), near, other)
                }
            }
        }
        return others + (lowRank.map { [$0] } ?? [])
    }

    @Test(arguments: kinds)
    func everyFlippedBitOfAStreamChangesItsChecksum(kind: ElementKind) throws {
        for (_, segment, _, _) in try segments(kind) {
            let chunk = try #require(segment.chunks.first)
            for stream in [segment.model, chunk.high, chunk.low] where !stream.isEmpty {
                let sum = stream.withUnsafeBytes { StreamChecksum.of($0) }
                var damaged = stream
                var found = 0
                for bit in 0..<stream.count * 8 {
                    damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                    if damaged.withUnsafeBytes({ StreamChecksum.of($0) }) != sum { found += 1 }
                    damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                }
                #expect(found == stream.count * 8)
            }
        }
    }

    @Test(arguments: kinds)
    func damagedStreamsAndModelsStayWithinBounds(kind: ElementKind) throws {
        var generator = SeededGenerator(seed: 12)
        for (codec, segment, bytes, base) in try segments(kind) {
            for _ in 0..<150 {
                let damaged = damage(segment, &generator)
                let output = try? codec.decode(damaged, byteCount: bytes.count, base: base)
                #expect(output == nil || output?.count == bytes.count)
            }
        }
    }

    private func damage(
        _ segment: EncodedSegment,
        _ generator: inout SeededGenerator
    ) -> EncodedSegment {
        var streams = [segment.model, segment.chunks[0].high, segment.chunks[0].low]
        let index = Int.random(in: 0..<3, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            streams[index] = Array(
                streams[index].prefix(Int.random(in: 0...streams[index].count, using: &generator))
            )
        case 1:
            streams[index] += (0..<20).map { _ in .random(in: 0...255, using: &generator) }
        case 2:
            streams[index] = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
                .random(in: 0...255, using: &generator)
            }
        default:
            for _ in 0..<3 where !streams[index].isEmpty {
                let place = Int.random(in: 0..<streams[index].count, using: &generator)
                streams[index][place] = .random(in: 0...255, using: &generator)
            }
        }
        return EncodedSegment(
            coding: segment.coding,
            modelLayout: segment.modelLayout,
            model: streams[0],
            chunks: [EncodedChunk(high: streams[1], low: streams[2])]
        )
    }

    @Test
    func aModelOfAnotherSegmentIsAnErrorOrStaysWithinBounds() throws {
        var hard = HardElements(seed: 13)
        let base = hard.bytes(count: 4000, kind: .float32)
        let bytes = hard.nudged(base, kind: .float32)
        var layout = RowLayout()
        layout.append(shape: [50, 20])
        let segment = try Codec(kind: .float32, layout: layout).encode(bytes, base: base)
        #expect(segment.coding == .tokens)
        for shape in [[1000], [20, 50], [1, 1000], [4, 250], [1 << 40, 1 << 10], [0]] {
            var other = RowLayout()
            other.append(shape: shape)
            _ = try? Codec(kind: .float32, layout: other)
                .decode(segment, byteCount: bytes.count, base: base)
        }
        for (coding, modelLayout) in SegmentCoding.allCases.flatMap({ coding in
            ModelLayout.allCases.map { (coding, $0) }
        }) {
            let candidate = EncodedSegment(
                coding: coding,
                modelLayout: modelLayout,
                model: segment.model,
                chunks: segment.chunks
            )
            for kind in Self.kinds {
                let decoded = try? Codec(kind: kind, layout: layout)
                    .decode(candidate, byteCount: bytes.count, base: base)
                let isItself = coding == .tokens && modelLayout == .coded && kind == .float32
                #expect(isItself == (decoded == bytes))
            }
        }
    }
}
