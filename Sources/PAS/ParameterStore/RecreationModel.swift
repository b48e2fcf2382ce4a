import PackFiles
import TensorCoding

/// What decoding takes on this machine, fitted to a short calibration.
///
/// For each kind of elements and coding, the time of a chunk is a constant, a share of its bytes and a
/// share of its streams' bytes; so is that of loading its streams, whatever the coding. Reading a content
/// through the store adds a constant and a share of its bytes, whatever its chain.
public struct RecreationModel: Sendable {
    private struct Key: Hashable {
        let kind: ElementKind
        let coding: SegmentCoding
    }

    private var decoding: [Key: LinearFit] = [:]
    private var loading = LinearFit(weights: [0, 0])
    private var reading = LinearFit(weights: [0, 0])

    /// The contents whose reading is timed.
    private static let readCountMax = 32

    /// Fits times.
    ///
    /// - Parameters:
    ///   - estimates: Ways to store contents, with the times that decoding their samples took.
    ///   - alone: Contents that are stored alone, and what that was estimated to cost: some of them are read
    ///     on the calling thread.
    ///   - store: Where they are.
    /// - Throws: ``ParameterStoreError`` if a content cannot be read.
    public init(
        _ estimates: [EncodingEstimate],
        alone: [(ContentID, EncodingEstimate)],
        in store: ParameterStore
    ) throws {
        var classes: [Key: [LinearFit.Point]] = [:]
        for estimate in estimates {
            let load = estimate.load
            let count = Double(max(1, load.chunkCount))
            let terms = [1, Double(load.byteCount) / count, Double(load.streamByteCount) / count]
            classes[Key(kind: load.kind, coding: load.coding), default: []]
                .append(.init(terms, estimate.decodeSeconds / count))
        }
        decoding = classes.mapValues { LinearFit($0) }
        try calibrateReading(alone, store)
    }

    /// The seconds that decoding a content takes one core, once its bases are there.
    ///
    /// - Parameters:
    ///   - estimate: What was measured of the content.
    ///   - isWhole: Whether the content is coded alone: then the way through the store is counted, which
    ///     each read takes once.
    public func seconds(_ estimate: EncodingEstimate, isWhole: Bool) -> Double {
        let load = estimate.load
        let count = Double(max(1, load.chunkCount))
        let terms = [1, Double(load.byteCount) / count, Double(load.streamByteCount) / count]
        let fit = decoding[Key(kind: load.kind, coding: load.coding)]
        let decoded = (fit?.value(terms) ?? 0) * Double(load.chunkCount)
            + loading.value([Double(load.chunkCount), Double(load.streamByteCount)])
        return decoded + (isWhole ? reading.value([1, Double(load.byteCount)]) : 0)
    }

    /// Fits what a read takes beyond decoding to contents that are stored alone.
    private mutating func calibrateReading(
        _ alone: [(ContentID, EncodingEstimate)],
        _ store: ParameterStore
    ) throws {
        let sorted = alone.sorted { $0.1.load.byteCount < $1.1.load.byteCount }
        let count = min(sorted.count, Self.readCountMax)
        let sample = (0..<count).map { sorted[$0 * sorted.count / count] }
        loading = LinearFit(
            try sample.map { id, estimate in
                let load = estimate.load
                let terms = [Double(load.chunkCount), Double(load.streamByteCount)]
                return .init(terms, try store.secondsOfLoad(id))
            }
        )
        var points: [LinearFit.Point] = []
        for (id, estimate) in sample {
            // Snapshots are sums, in which large contents weigh most; so they do here.
            let whole = try store.secondsOfRead(id)
            let beyond = max(0, whole - seconds(estimate, isWhole: false))
            points.append(.init([1, Double(estimate.load.byteCount)], beyond, of: whole))
        }
        reading = LinearFit(points)
    }
}

extension ParameterStore {
    /// The processor time of loading the streams of a content from packs that are in memory.
    ///
    /// - Throws: ``ParameterStoreError`` if one cannot be loaded.
    func secondsOfLoad(_ id: ContentID) throws -> Double {
        let content = try content(id)
        let buffer = StreamBuffer()
        return try TimedRounds.least {
            let start = TimedRounds.threadSeconds()
            for chunk in content.index.chunks {
                for (stream, part) in [(chunk.high, PackPart.high), (chunk.low, .low)]
                where stream.byteCount > 0 {
                    let bytes = buffer.prepare(byteCount: stream.byteCount)
                    try content.pack.read(part, at: stream.offset, into: bytes)
                }
            }
            return TimedRounds.threadSeconds() - start
        }
    }

    /// The processor time of reading a content, chain and all, from packs that are in memory: that of one
    /// core, for it is read chunk by chunk, so that no other thread has anything to help with.
    ///
    /// - Throws: ``ParameterStoreError`` if it cannot be read.
    public func secondsOfRead(_ id: ContentID) throws -> Double {
        let record = try content(id).record
        let byteCount = record.byteCount
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, byteCount),
            alignment: 64
        )
        defer { buffer.deallocate() }
        return try TimedRounds.least {
            // Chunks of its bases may be there too: they would make it too quick.
            cache.remove { _ in true }
            let start = TimedRounds.threadSeconds()
            for index in 0..<record.chunkCount {
                let place = index * record.kind.chunkByteCount
                let end = place + record.byteCount(ofChunk: index)
                try read(
                    id, at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[place..<end])
                )
            }
            return TimedRounds.threadSeconds() - start
        }
    }
}

/// A sum of terms with weights that are not negative, fitted by least squares of errors that points weigh.
struct LinearFit: Sendable {
    struct Point: Sendable {
        let terms: [Double]
        let value: Double
        /// What an error of one counts.
        fileprivate let scale: Double

        /// A point whose error counts as a part of the value; but small values must not rule by their noise.
        init(_ terms: [Double], _ value: Double) {
            self.terms = terms
            self.value = value
            scale = 1 / max(value, 2e-5)
        }

        /// A point that is a part of a longer time, to which longer ones matter more.
        init(_ terms: [Double], _ value: Double, of whole: Double) {
            self.terms = terms
            self.value = value
            scale = 1 / max(whole, 2e-5).squareRoot()
        }
    }

    private let weights: [Double]

    init(weights: [Double]) {
        self.weights = weights
    }

    /// Fits points of at most a few terms: of all subsets of terms whose weights come out positive, the
    /// one that errs least.
    init(_ points: [Point]) {
        let termCount = points.first?.terms.count ?? 0
        var best: (weights: [Double], error: Double)?
        for subset in 1..<max(1, 1 << termCount) {
            let terms = (0..<termCount).filter { subset >> $0 & 1 == 1 }
            guard let solved = Self.solve(points, terms), solved.allSatisfy({ $0 >= 0 }) else { continue }
            var weights = [Double](repeating: 0, count: termCount)
            for (term, weight) in zip(terms, solved) { weights[term] = weight }
            let error = points.reduce(0) { sum, point in
                let value = zip(point.terms, weights).reduce(0) { $0 + $1.0 * $1.1 }
                let miss = (value - point.value) * point.scale
                return sum + miss * miss
            }
            if best.map({ error < $0.error }) ?? true { best = (weights, error) }
        }
        weights = best?.weights ?? [Double](repeating: 0, count: termCount)
    }

    func value(_ terms: [Double]) -> Double {
        zip(terms, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The normal equations, by elimination; nil if the terms depend on each other.
    private static func solve(_ points: [Point], _ terms: [Int]) -> [Double]? {
        var rows = terms.map { first -> [Double] in
            let squares = terms.map { second in
                points.reduce(0) {
                    $0 + $1.terms[first] * $1.terms[second] * $1.scale * $1.scale
                }
            }
            return squares + [
                points.reduce(0) {
                    $0 + $1.terms[first] * $1.value * $1.scale * $1.scale
                }
            ]
        }
        for pivot in rows.indices {
            let diagonal = rows[pivot][pivot]
            let largest = rows[pivot].dropLast().map(abs).max() ?? 0
            guard diagonal > 1e-9 * largest, diagonal > 0 else { return nil }
            for row in rows.indices where row != pivot {
                let factor = rows[row][pivot] / diagonal
                for column in rows[row].indices { rows[row][column] -= factor * rows[pivot][column] }
            }
        }
        return rows.indices.map { rows[$0][terms.count] / rows[$0][$0] }
    }
}
