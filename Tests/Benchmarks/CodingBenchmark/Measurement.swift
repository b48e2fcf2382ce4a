import Foundation
import TensorCoding

/// A way to code a file.
struct CodingWay {
    let label: String
    let parent: WeightFile?
    var deltaLayout = DeltaLayout.whole
    var findsLowRank = false
}

/// Encodes and decodes all tensors of a file, and prints what came of it: ratio and speed, and of reads at low
/// resolutions the bytes and the time as parts of a full read's.
enum Measurement {
    private static let rounds = 5

    /// What decoding took.
    private struct Decoding {
        var seconds = 0.0
        var byteCount = 0

        mutating func keepBetter(_ other: Decoding) {
            if other.seconds < seconds { self = other }
        }
    }

    static func run(child: WeightFile, _ way: CodingWay) throws {
        let parent = way.parent
        var best = (encode: Double.infinity, model: Double.infinity)
        let resolutions = [Resolution.full] + [2, 1].compactMap { Resolution(reducedTo: $0) }
        var decodings = resolutions.map { _ in Decoding(seconds: .infinity) }
        var stored = 0
        var raw = 0
        var high = 0
        var codings: [SegmentCoding: Int] = [:]
        let pool = EncodingScratchPool()
        let decoder = try ChunkDecoder()
        for _ in 0..<rounds {
            var spent = (encode: 0.0, model: 0.0)
            var round = resolutions.map { _ in Decoding() }
            (stored, raw, high, codings) = (0, 0, 0, [:])
            for tensor in child.tensors where !tensor.range.isEmpty {
                var rows = RowLayout()
                rows.append(shape: tensor.shape)
                let encoder = SegmentEncoder(
                    kind: tensor.kind,
                    layout: rows,
                    deltaLayout: way.deltaLayout,
                    findsLowRank: way.findsLowRank,
                    pool: pool
                )
                let other = parent?.tensors.first {
                    $0.name == tensor.name && $0.range.count == tensor.range.count
                }
                for start in stride(from: 0, to: tensor.range.count, by: tensor.kind.segmentByteCount) {
                    let end = min(tensor.range.count, start + tensor.kind.segmentByteCount)
                    let place = tensor.range.lowerBound
                    let segment = UnsafeRawBufferPointer(
                        rebasing: child.bytes[place + start..<place + end]
                    )
                    let base = other.flatMap { other in
                        parent.map {
                            UnsafeRawBufferPointer(
                                rebasing: $0.bytes[
                                    other.range.lowerBound + start..<other.range.lowerBound + end
                                ]
                            )
                        }
                    }
                    let begin = cpuSeconds()
                    let encoded = try encoder.encode(
                        segment,
                        base: base,
                        at: start
                    )
                    spent.encode += cpuSeconds() - begin
                    stored += encoded.byteCount + 8 * encoded.chunks.count
                    high += encoded.chunks.reduce(0) { $0 + $1.high.count }
                    raw += segment.count
                    codings[encoded.coding, default: 0] += segment.count
                    let modelBegin = cpuSeconds()
                    let model = try encoded.model.withUnsafeBytes {
                        try SegmentModel(
                            coding: encoded.coding,
                            modelLayout: encoded.modelLayout,
                            bytes: $0,
                            kind: tensor.kind,
                            layout: rows,
                            start: start,
                            byteCount: segment.count
                        )
                    }
                    spent.model += cpuSeconds() - modelBegin
                    for (index, resolution) in resolutions.enumerated() {
                        round[index].byteCount += encoded.model.count
                        try decode(
                            encoded, model, segment: segment, base: base, resolution, decoder,
                            &round[index]
                        )
                    }
                }
            }
            best.encode = min(best.encode, spent.encode)
            best.model = min(best.model, spent.model)
            for index in resolutions.indices {
                round[index].seconds += spent.model
                decodings[index].keepBetter(round[index])
            }
        }
        let megabytes = Double(raw) / 1e6
        let names = codings.sorted { $0.value > $1.value }.map {
            "\($0.key) \(String(format: "%.1f", Double($0.value) / Double(raw) * 100))%"
        }
        print(
            way.label.padding(toLength: 14, withPad: " ", startingAt: 0),
            String(
                format: "ratio %.4f (high %.4f)  encode %5.0f  decode %5.0f MB/s, models %.1f%%",
                Double(stored) / Double(raw), Double(high) / Double(raw),
                megabytes / best.encode, megabytes / decodings[0].seconds,
                best.model / decodings[0].seconds * 100
            ),
            names.joined(separator: ", ")
        )
        for (resolution, decoding) in zip(resolutions, decodings).dropFirst() {
            print(
                String(
                    format: "    %d high bytes: %.3f of the bytes, %.2f of the time",
                    resolution.byteCount,
                    Double(decoding.byteCount) / Double(decodings[0].byteCount),
                    decoding.seconds / decodings[0].seconds
                )
            )
        }
    }

    private static func decode(
        _ encoded: EncodedSegment,
        _ model: SegmentModel,
        segment: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        _ resolution: Resolution,
        _ decoder: ChunkDecoder,
        _ decoding: inout Decoding
    ) throws {
        let chunkByteCount = model.kind.chunkByteCount
        let (output, original) = (
            UnsafeMutableRawBufferPointer.allocate(byteCount: chunkByteCount, alignment: 64),
            UnsafeMutableRawBufferPointer.allocate(byteCount: chunkByteCount, alignment: 64)
        )
        defer {
            output.deallocate()
            original.deallocate()
        }
        let (high, low) = (StreamBuffer(), StreamBuffer())
        let needsLow = !model.canDecodeUpperAlone || resolution.byteCount > 2
        for (index, chunk) in encoded.chunks.enumerated() {
            let place = index * chunkByteCount
            let count = model.byteCount(ofChunk: index)
            let part = UnsafeMutableRawBufferPointer(rebasing: output[..<count])
            if model.coding.needsBase, let base {
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[place..<place + count]))
            }
            high.prepare(byteCount: chunk.high.count).copyBytes(from: chunk.high)
            low.prepare(byteCount: chunk.low.count).copyBytes(from: chunk.low)
            decoding.byteCount += chunk.high.count + (needsLow ? chunk.low.count : 0)
            let begin = cpuSeconds()
            let upper = high.stream(byteCount: chunk.high.count)
            let lower = needsLow ? low.stream(byteCount: chunk.low.count) : nil
            let sums = upper.checksum ^ (lower?.checksum ?? 0)
            try decoder.decode(index, of: model, high: upper, low: lower, into: part)
            resolution.truncate(part, kind: model.kind)
            decoding.seconds += cpuSeconds() - begin
            let expected = UnsafeMutableRawBufferPointer(rebasing: original[..<count])
            expected.copyMemory(from: UnsafeRawBufferPointer(rebasing: segment[place..<place + count]))
            resolution.truncate(expected, kind: model.kind)
            guard UnsafeRawBufferPointer(part)
                .elementsAreEqual(to: UnsafeRawBufferPointer(expected))
            else {
                print("WRONG: chunk \(index) of \(model.coding) \(sums)")
                exit(1)
            }
        }
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
