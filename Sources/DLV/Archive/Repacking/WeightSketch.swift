import ParameterStore
import TensorCoding

/// A short description of weights by which near-duplicates find each other.
///
/// It holds the high-order bits of some weights, at the same places for all contents of one size and
/// kind: training on changes most weights by less than these bits show. Sketches are cut into bands;
/// contents that share a band are candidates (locality-sensitive hashing with AND within bands and OR
/// between them), so that all pairs are found in time that is near-linear.
struct WeightSketch {
    /// The high-order bits of the sampled weights.
    private let values: [UInt16]

    /// Values of a band: unrelated weights share four of eleven bits once in a million.
    private static let bandValueCount = 4
    private static let bandCount = 64
    private static let windowCount = 2

    /// Reads the sketch of a content; nil for one without weights, or of too few.
    init?(_ record: ContentRecord, in store: ParameterStore) throws {
        let width = record.kind.width
        let count = record.byteCount / width
        let perWindow = Self.bandCount * Self.bandValueCount / Self.windowCount
        guard record.kind.isFloatingPoint, count >= 2 * perWindow else { return nil }
        var values: [UInt16] = []
        for window in 0..<Self.windowCount {
            // A window lies within few chunks, so that few are decoded.
            let length = min(count / Self.windowCount, ElementKind.chunkElementCount / 2)
            let start = (count - length) / (Self.windowCount - 1) * window
            var bytes = [UInt8](repeating: 0, count: length * width)
            try bytes.withUnsafeMutableBytes {
                try store.read(record.id, at: start * width, into: $0)
            }
            for sample in 0..<perWindow {
                let place = Self.scattered(sample, below: length)
                let end = (place + 1) * width
                values.append(UInt16(bytes[end - 1]) << 8 | UInt16(bytes[end - 2]))
            }
        }
        let dropped: UInt16 =
            switch record.kind {
            case .float64: 2
            case .float16: 6
            default: 5
            }
        self.values = values.map { $0 >> dropped }
    }

    /// The keys of the bands; none for one that is all zeros, as dead rows are.
    var bands: [UInt64] {
        (0..<Self.bandCount).compactMap { band in
            let part = values[band * Self.bandValueCount..<(band + 1) * Self.bandValueCount]
            guard Set(part).count > 1 else { return nil }
            return part.reduce(UInt64(band)) { ($0 << 14 ^ $0 >> 50) ^ UInt64($1) }
        }
    }

    /// Places that are spread evenly but not regularly (Fibonacci hashing).
    private static func scattered(_ index: Int, below count: Int) -> Int {
        let mixed = UInt64(index &+ 1) &* 0x9E37_79B9_7F4A_7C15
        return Int(mixed.multipliedFullWidth(by: UInt64(count)).high)
    }
}

/// Finds look-alikes among the sketches that it was shown.
struct SketchIndex {
    private struct Key: Hashable {
        let byteCount: Int
        let kind: ElementKind
        let band: UInt64
    }

    private var buckets: [Key: [Int]] = [:]

    /// Near-duplicates come in rows; the last of a bucket are enough to join it.
    private static let bucketCountMax = 4
    private static let sharedBandCountMin = 2

    /// The nodes most like a new one, best first; it is remembered for those that follow.
    mutating func add(
        _ node: Int,
        _ sketch: WeightSketch,
        of record: ContentRecord,
        limit: Int
    ) -> [Int] {
        var shared: [Int: Int] = [:]
        for band in sketch.bands {
            let key = Key(byteCount: record.byteCount, kind: record.kind, band: band)
            var bucket = buckets[key, default: []]
            for other in bucket { shared[other, default: 0] += 1 }
            bucket.append(node)
            if bucket.count > Self.bucketCountMax { bucket.removeFirst() }
            buckets[key] = bucket
        }
        return shared.filter { $0.value >= Self.sharedBandCountMin }
            .sorted { ($0.value, $0.key) > ($1.value, $1.key) }
            .prefix(limit).map(\.key)
    }
}
