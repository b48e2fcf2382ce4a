import Foundation

/// About how many bytes elements will take, from samples of them.
public enum CodingEstimate {
    /// The elements in a run that is looked at, and the most runs.
    private static let runCount = 4096
    private static let runsMax = 16

    /// The bytes of elements alone.
    public static func alone(_ elements: UnsafeRawBufferPointer, kind: ElementKind) -> Double {
        perElement(elements, kind: kind) { run, _ in
            guard kind.hasTokens else { return planeBits(run, kind: kind) }
            let top = kind.width == 4 ? 23 : 7
            let exponents = withHistogram(256) { histogram in
                for index in 0..<run.count / kind.width {
                    histogram[(word(run, index, kind) >> top) & 255] &+= 1
                }
                return entropy(histogram)
            }
            // Huffman's code is some hundredths of a bit longer than the entropy.
            return exponents + 0.03 + Double((kind.width - 1) * 8)
        }
    }

    /// The bytes of elements alone, each byte plane by itself: less than ``alone(_:kind:)`` for floats whose
    /// mantissas are no noise.
    static func planes(_ elements: UnsafeRawBufferPointer, kind: ElementKind) -> Double {
        // One table serves a chunk, so the runs count together: what varies slowly gains nothing.
        withHistogram(256 * kind.width) { histograms in
            let count = perElement(elements, kind: kind) { run, _ in
                withUnsafeTemporaryAllocation(byteCount: run.count, alignment: 16) { planes in
                    ChunkPlanes.split(run, kind: kind, into: planes)
                    let size = run.count / kind.width
                    for plane in 0..<kind.width {
                        for index in plane * size..<(plane + 1) * size {
                            histograms[plane << 8 | Int(planes[index])] &+= 1
                        }
                    }
                }
                return 8
            }
            return (0..<kind.width).reduce(0) {
                $0 + entropy(histograms.extracting($1 << 8..<($1 + 1) << 8))
            } * count / 8
        }
    }

    /// The bytes of elements as numbers of a codebook.
    static func codebook(
        _ codebook: Codebook,
        _ elements: UnsafeRawBufferPointer,
        kind: ElementKind
    ) -> Double {
        Double(codebook.serialized.count)
            + perElement(elements, kind: kind) { run, _ in
                withHistogram(Codebook.wordCountMax) { histogram in
                    for index in codebook.indices(of: run) { histogram[Int(index)] &+= 1 }
                    return entropy(histogram) + 0.05
                }
            }
    }

    /// The bytes of elements as differences to a base.
    public static func delta(
        _ elements: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer,
        kind: ElementKind
    ) -> Double {
        let folded = UnsafeMutableRawBufferPointer.allocate(
            byteCount: runCount * max(4, kind.width),
            alignment: 64
        )
        defer { folded.deallocate() }
        return perElement(elements, kind: kind) { run, place in
            let other = UnsafeRawBufferPointer(rebasing: base[place..<place + run.count])
            if run.elementsAreEqual(to: other) { return 0 }
            if kind.hasTokens { return tokenBits(run, other, kind: kind, scratch: folded) }
            let part = UnsafeMutableRawBufferPointer(rebasing: folded[..<run.count])
            ChunkPlanes.difference(run, other, kind: kind, into: part)
            return planeBits(UnsafeRawBufferPointer(part), kind: kind)
        }
    }

    /// The bits of a token: the entropy of the change's logarithm, which does not depend on the
    /// exponent of the base as much as the difference does, and the raw bits.
    private static func tokenBits(
        _ run: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer,
        kind: ElementKind,
        scratch: UnsafeMutableRawBufferPointer
    ) -> Double {
        let count = run.count / kind.width
        let differences = scratch.assumingMemoryBound(to: UInt32.self)
        guard let output = differences.baseAddress, let left = run.baseAddress,
            let right = base.baseAddress
        else { return 0 }
        if kind.width == 4 {
            FloatWords.difference(
                left.assumingMemoryBound(to: UInt32.self),
                right.assumingMemoryBound(to: UInt32.self),
                count: count,
                into: output
            )
        } else {
            FloatWords.difference(
                left.assumingMemoryBound(to: UInt16.self),
                right.assumingMemoryBound(to: UInt16.self),
                count: count,
                into: output
            )
        }
        return withHistogram(1024) { histogram in
            var rest = 0
            let mask = Int(kind.exponentMask)
            for index in 0..<count {
                let token = Tokens.token(output[index])
                let exponent = word(base, index, kind) >> kind.mantissaBitCount & mask
                // Differences of 0 have no logarithm; others have a sign as well.
                histogram[token == 0 ? 0 : token >> 1 + 2 * exponent] &+= 1
                rest += Tokens.rawBitCount(token >> 1) + (token == 0 ? 0 : 1)
            }
            return entropy(histogram) + Double(rest) / Double(max(1, count))
        }
    }

    /// The mean of a function of runs, in bits an element, times the elements.
    private static func perElement(
        _ elements: UnsafeRawBufferPointer,
        kind: ElementKind,
        _ bits: (UnsafeRawBufferPointer, Int) -> Double
    ) -> Double {
        let count = elements.count / kind.width
        guard count > 0 else { return Double(elements.count) }
        let runs = min(runsMax, (count + runCount - 1) / runCount)
        var sum = 0.0
        for run in 0..<runs {
            let start = runs == 1 ? 0 : (count - runCount) / (runs - 1) * run
            let place = start * kind.width
            let end = min(count, start + runCount) * kind.width
            sum += bits(UnsafeRawBufferPointer(rebasing: elements[place..<end]), place)
        }
        return sum / Double(runs) / 8 * Double(count)
    }

    private static func planeBits(_ run: UnsafeRawBufferPointer, kind: ElementKind) -> Double {
        let count = run.count / kind.width
        return withUnsafeTemporaryAllocation(byteCount: run.count, alignment: 16) { planes in
            ChunkPlanes.split(run, kind: kind, into: planes)
            return (0..<kind.width).reduce(0) { bits, plane in
                let bytes = planes[plane * count..<(plane + 1) * count]
                return bits + PlaneEntropy.bitsPerByte(UnsafeRawBufferPointer(rebasing: bytes))
            }
        }
    }

    private static func word(_ run: UnsafeRawBufferPointer, _ index: Int, _ kind: ElementKind) -> Int {
        kind.width == 4
            ? Int(run.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            : Int(run.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }

    /// The entropy of counted things in bits each.
    private static func entropy(_ histogram: UnsafeMutableBufferPointer<Int>) -> Double {
        let total = Double(histogram.reduce(0, +))
        return histogram.reduce(0) { sum, count in
            count == 0 ? sum : sum - Double(count) / total * log2(Double(count) / total)
        }
    }

    /// Calls a function with so many zeros. An array would be checked for other owners at every count.
    private static func withHistogram(
        _ count: Int,
        _ body: (UnsafeMutableBufferPointer<Int>) -> Double
    ) -> Double {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { histogram in
            histogram.initialize(repeating: 0)
            return body(histogram)
        }
    }
}
