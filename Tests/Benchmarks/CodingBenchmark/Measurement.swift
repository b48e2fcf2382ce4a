import Foundation
import TensorCoding

/// Encodes and decodes all tensors of a file, and prints what came of it.
enum Measurement {
    private static let rounds = 5

    static func run(
        child: WeightFile,
        parent: WeightFile?,
        layout: DeltaLayout,
        label: String
    ) throws {
        var best = (encode: Double.infinity, decode: Double.infinity, model: Double.infinity)
        var stored = 0
        var raw = 0
        var high = 0
        var codings: [SegmentCoding: Int] = [:]
        let pool = EncodingScratchPool()
        let decoder = try ChunkDecoder()
        for _ in 0..<rounds {
            var spent = (encode: 0.0, decode: 0.0, model: 0.0)
            (stored, raw, high, codings) = (0, 0, 0, [:])
            for tensor in child.tensors where !tensor.range.isEmpty {
                var rows = RowLayout()
                rows.append(shape: tensor.shape)
                let encoder = SegmentEncoder(
                    kind: tensor.kind,
                    layout: rows,
                    deltaLayout: layout,
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
                            bytes: $0,
                            kind: tensor.kind,
                            layout: rows,
                            start: start,
                            byteCount: segment.count
                        )
                    }
                    spent.model += cpuSeconds() - modelBegin
                    spent.decode += try decode(
                        encoded, model, segment: segment, base: base, decoder
                    )
                }
            }
            best.encode = min(best.encode, spent.encode)
            best.decode = min(best.decode, spent.decode + spent.model)
            best.model = min(best.model, spent.model)
        }
        let megabytes = Double(raw) / 1e6
        let names = codings.sorted { $0.value > $1.value }.map {
            "\($0.key) \(String(format: "%.1f", Double($0.value) / Double(raw) * 100))%"
        }
        print(
            label.padding(toLength: 14, withPad: " ", startingAt: 0),
            String(
                format: "ratio %.4f (high %.4f)  encode %5.0f  decode %5.0f MB/s, models %.1f%%",
                Double(stored) / Double(raw), Double(high) / Double(raw),
                megabytes / best.encode, megabytes / best.decode, best.model / best.decode * 100
            ),
            names.joined(separator: ", ")
        )
    }

    private static func decode(
        _ encoded: EncodedSegment,
        _ model: SegmentModel,
        segment: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        _ decoder: ChunkDecoder
    ) throws -> Double {
        let output = UnsafeMutableRawBufferPointer.allocate(
            byteCount: model.kind.chunkByteCount,
            alignment: 64
        )
        defer { output.deallocate() }
        let (high, low) = (StreamBuffer(), StreamBuffer())
        var spent = 0.0
        for (index, chunk) in encoded.chunks.enumerated() {
            let place = index * model.kind.chunkByteCount
            let count = model.byteCount(ofChunk: index)
            let part = UnsafeMutableRawBufferPointer(rebasing: output[..<count])
            if model.coding.needsBase, let base {
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[place..<place + count]))
            }
            high.prepare(byteCount: chunk.high.count).copyBytes(from: chunk.high)
            low.prepare(byteCount: chunk.low.count).copyBytes(from: chunk.low)
            let begin = cpuSeconds()
            let streams = (
                high.stream(byteCount: chunk.high.count), low.stream(byteCount: chunk.low.count)
            )
            let sums = streams.0.checksum ^ streams.1.checksum
            try decoder.decode(index, of: model, high: streams.0, low: streams.1, into: part)
            spent += cpuSeconds() - begin
            let original = UnsafeRawBufferPointer(rebasing: segment[place..<place + count])
            guard UnsafeRawBufferPointer(part).elementsAreEqual(to: original) else {
                print("WRONG: chunk \(index) of \(model.coding) \(sums)")
                exit(1)
            }
        }
        return spent
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
