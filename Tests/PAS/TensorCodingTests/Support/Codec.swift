import Foundation
import TestSupport

@testable import TensorCoding

/// A segment that was encoded, with what it takes to decode it.
struct Codec {
    let kind: ElementKind
    var layout = RowLayout()
    var deltaLayout = DeltaLayout.whole
    var findsLowRank = false
    /// Of many elements each, the model is written as that of a large segment.
    var sampleFactor = 1

    func encode(_ bytes: [UInt8], base: [UInt8]?) throws -> EncodedSegment {
        let encoder = SegmentEncoder(
            kind: kind,
            layout: layout,
            deltaLayout: deltaLayout,
            findsLowRank: findsLowRank,
            pool: EncodingScratchPool(),
            sampleFactor: sampleFactor
        )
        return try bytes.withUnsafeBytes { segment in
            guard let base else { return try encoder.encode(segment, base: nil, at: 0) }
            return try base.withUnsafeBytes { try encoder.encode(segment, base: $0, at: 0) }
        }
    }

    func model(
        _ segment: EncodedSegment,
        byteCount: Int
    ) throws -> SegmentModel {
        try segment.model.withUnsafeBytes {
            try SegmentModel(
                coding: segment.coding,
                modelLayout: segment.modelLayout,
                bytes: $0,
                kind: kind,
                layout: layout,
                start: 0,
                byteCount: byteCount
            )
        }
    }

    /// Decodes a whole segment; without its low streams if only the upper halves are wanted.
    func decode(
        _ segment: EncodedSegment,
        byteCount: Int,
        base: [UInt8]?,
        isUpper: Bool = false
    ) throws -> [UInt8] {
        let model = try model(segment, byteCount: byteCount)
        let decoder = try ChunkDecoder()
        var output = base ?? [UInt8](repeating: 0xA5, count: byteCount)
        let (high, low) = (StreamBuffer(), StreamBuffer())
        for (index, chunk) in segment.chunks.enumerated() {
            let start = index * kind.chunkByteCount
            high.prepare(byteCount: chunk.high.count).copyBytes(from: chunk.high)
            low.prepare(byteCount: chunk.low.count).copyBytes(from: chunk.low)
            try output.withUnsafeMutableBytes { output in
                let end = start + model.byteCount(ofChunk: index)
                try decoder.decode(
                    index,
                    of: model,
                    high: high.stream(byteCount: chunk.high.count),
                    low: isUpper ? nil : low.stream(byteCount: chunk.low.count),
                    into: UnsafeMutableRawBufferPointer(rebasing: output[start..<end])
                )
            }
        }
        return output
    }
}

/// Elements of every kind that are hard: NaNs with payloads, zeros of both signs, infinities,
/// denormals, and noise.
struct HardElements {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func bytes(count: Int, kind: ElementKind) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let special = Int.random(in: 0..<4, using: &generator) == 0
            let bits = special ? specialBits(kind) : ordinaryBits(kind)
            for shift in 0..<kind.width { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * shift))) }
        }
        return Array(bytes.prefix(count))
    }

    private mutating func specialBits(_ kind: ElementKind) -> UInt64 {
        let mantissa: UInt64 = UInt64(max(1, kind.mantissaBitCount))
        let width: UInt64 = UInt64(kind.width * 8)
        let infinity: UInt64 = (1 << (width - 1)) - (1 << mantissa)
        let one: UInt64 = 1
        let quiet = infinity | one << (mantissa - 1)
        let normal = one << mantissa
        let choices: [UInt64] = [
            0, 1, infinity, infinity + 1, quiet, infinity - 1, normal - 1, normal,
        ]
        let sign: UInt64 = Bool.random(using: &generator) ? 1 << (width - 1) : 0
        return choices[Int.random(in: 0..<choices.count, using: &generator)] | sign
    }

    private mutating func ordinaryBits(_ kind: ElementKind) -> UInt64 {
        let value = Double.random(in: -2...2, using: &generator)
        switch kind {
        case .float16: return UInt64(Float16(value).bitPattern)
        case .bfloat16: return UInt64(Float(value).bitPattern >> 16)
        case .float32: return UInt64(Float(value).bitPattern)
        case .float64: return value.bitPattern
        default: return UInt64.random(in: 0...300, using: &generator)
        }
    }

    /// Elements near those of a base: most a little off, some the same, some far away.
    mutating func nudged(_ base: [UInt8], kind: ElementKind) -> [UInt8] {
        var bytes = base
        for start in stride(from: 0, to: base.count - kind.width + 1, by: kind.width) {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<3: break
            case 9: for place in 0..<kind.width { bytes[start + place] = .random(in: 0...255, using: &generator) }
            default: bytes[start] &+= UInt8.random(in: 0...9, using: &generator)
            }
        }
        return bytes
    }
}
