import Foundation
public import TensorCoding

/// What it takes to store a content in some way: an edge of the matrix storage graph.
public struct EncodingEstimate: Hashable, Sendable {
    /// The bytes in the packs, index included.
    public let storedByteCount: Int
    /// The seconds that one core takes to decode all chunks, given those of the base: measured, the
    /// checksums included, the reading of the packs not.
    public let decodeSeconds: Double
    /// Whether the base is of any use: else the content is better stored alone.
    public let usesBase: Bool
    /// Whether it has parts of low rank.
    public var hasLowRank: Bool { load.coding == .lowRank }
    /// What its decoding asks for.
    let load: DecodingLoad
}

/// What decoding a content asks for, given its base.
struct DecodingLoad: Hashable, Sendable {
    let kind: ElementKind
    /// How the last of the samples is coded; mostly all are coded alike.
    let coding: SegmentCoding
    let chunkCount: Int
    let byteCount: Int
    /// The bytes of its streams.
    let streamByteCount: Int
}

/// Finds what it takes to store contents against others, by trying it on a part of them.
///
/// Contents of up to four chunks are tried whole; of larger ones two pairs of chunks stand for all, unless
/// the whole is asked for.
/// Nothing is stored. Used by one thread at a time, though it works on all cores.
public final class EncodingEstimator {
    private let store: ParameterStore
    private let encodingPool = EncodingScratchPool()
    private let workspace = SegmentWorkspace()
    private var scratch: VerificationScratch?
    // Kept, so that what is timed cannot be left out.
    private var checksums: UInt64 = 0

    private static let wholeChunkCount = 4
    private static let runChunkCount = 2
    /// Parts of low rank need more rows to show than statistics do.
    private static let lowRankRunChunkCount = 16

    /// Prepares to estimate contents of a store.
    public init(store: ParameterStore) {
        self.store = store
    }

    /// What it takes to store a content against a base.
    ///
    /// - Parameters:
    ///   - id: The content.
    ///   - base: A content of the same size and kind; nil for alone.
    ///   - deltaLayout: How the delta would treat the significance of its bits.
    ///   - isWhole: Whether to try all of it: then the bytes are what ``ContentWriter`` would store, but for
    ///     some that the places of its streams take.
    ///   - findsLowRank: Whether the delta may have parts of low rank.
    /// - Throws: ``ParameterStoreError`` if one cannot be read or they do not fit.
    public func estimate(
        _ id: ContentID,
        base: ContentID?,
        deltaLayout: DeltaLayout = .whole,
        isWhole: Bool = false,
        findsLowRank: Bool = false
    ) throws -> EncodingEstimate {
        let content = try store.content(id)
        let other = try base.map { try store.content($0) }
        if let other { try content.checkFits(other) }
        let kind = content.record.kind
        let runs =
            isWhole
            ? kind.segments(ofByteCount: content.record.byteCount)
            : Self.runs(of: content.record, findsLowRank: findsLowRank)
        let sampled = max(1, runs.first?.count ?? 0)
        let encoder = SegmentEncoder(
            kind: kind,
            layout: content.index.layout,
            deltaLayout: deltaLayout,
            findsLowRank: findsLowRank,
            pool: encodingPool,
            sampleFactor: min(content.record.byteCount, kind.segmentByteCount) / sampled
        )
        var streams = 0
        var models = 0
        var seconds = 0.0
        var usesBase = false
        var coding = SegmentCoding.whole
        var index = ContentIndex(
            highStart: content.record.indexOffset,
            lowStart: content.record.indexOffset,
            layout: content.index.layout
        )
        for run in runs {
            let elements = try workspace.load(
                StoredBytes(id: id, store: store, byteCount: content.record.byteCount),
                run
            )
            let baseElements = try other.map { try workspace.load($0, run, from: store) }
            let segment = try encoder.encode(elements, base: baseElements, at: run.lowerBound)
            models += segment.model.count
            streams += segment.byteCount - segment.model.count
            coding = segment.coding
            index.append(segment, SegmentChecksums(of: segment))
            usesBase = usesBase || coding.needsBase
            let model = try segment.readModel(
                kind: kind,
                layout: content.index.layout,
                start: run.lowerBound,
                byteCount: run.count
            )
            seconds += try decodeSeconds(segment, model, base: baseElements)
        }
        return Self.estimate(
            content.record,
            sampled: runs.reduce(0) { $0 + $1.count },
            streams: streams,
            models: models,
            index: index,
            seconds: seconds,
            usesBase: usesBase,
            coding: coding
        )
    }

    /// The parts of a content that are tried, in bytes.
    private static func runs(of record: ContentRecord, findsLowRank: Bool) -> [Range<Int>] {
        guard record.byteCount > 0 else { return [] }
        let size = record.kind.chunkByteCount
        let most = findsLowRank ? lowRankRunChunkCount : wholeChunkCount
        guard record.chunkCount > most else {
            return record.kind.segments(ofByteCount: record.byteCount)
        }
        if findsLowRank {
            let first = (record.chunkCount - lowRankRunChunkCount) / 2
            return [first * size..<(first + lowRankRunChunkCount) * size]
        }
        return [record.chunkCount / 4, record.chunkCount * 3 / 4].map { chunk in
            let first = min(chunk, record.chunkCount - runChunkCount)
            return first * size..<min(record.byteCount, (first + runChunkCount) * size)
        }
    }

    private static func estimate(
        _ record: ContentRecord,
        sampled: Int,
        streams: Int,
        models: Int,
        index: ContentIndex,
        seconds: Double,
        usesBase: Bool,
        coding: SegmentCoding
    ) -> EncodingEstimate {
        let scale = Double(record.byteCount) / Double(max(1, sampled))
        let segments = (record.chunkCount + ElementKind.segmentChunkCount - 1)
            / ElementKind.segmentChunkCount
        let isWhole = sampled >= record.byteCount
        let model: Double
        if isWhole {
            model = Double(models)
        } else if coding == .lowRank {
            // A segment has four times the rows of the sample, but hardly more columns.
            model = Double(models * segments) * 1.3
        } else {
            // The scales of rows grow with a segment, its tables hardly do: a model of 64 chunks is some
            // four times as large as one of two.
            model = Double(models) / 2 * 4 * Double(segments)
        }
        // The index of samples is none of a content.
        let indexByteCount = isWhole ? index.serialized.count : 48 + record.chunkCount * 14
        return EncodingEstimate(
            storedByteCount: Int(Double(streams) * scale + model) + indexByteCount,
            decodeSeconds: seconds * scale,
            usesBase: usesBase,
            load: DecodingLoad(
                kind: record.kind,
                coding: coding,
                chunkCount: record.chunkCount,
                byteCount: record.byteCount,
                streamByteCount: Int(Double(streams) * scale)
            )
        )
    }

    /// The processor time of decoding a segment's chunks: the best of some rounds, more of them where they
    /// are short.
    private func decodeSeconds(
        _ segment: EncodedSegment,
        _ model: SegmentModel,
        base: UnsafeRawBufferPointer?
    ) throws -> Double {
        let scratch = try self.scratch ?? VerificationScratch()
        self.scratch = scratch
        let size = model.kind.chunkByteCount
        return try TimedRounds.least {
            var spent = 0.0
            for (index, chunk) in segment.chunks.enumerated() {
                let range = index * size..<index * size + model.byteCount(ofChunk: index)
                let output = UnsafeMutableRawBufferPointer(
                    rebasing: scratch.output[..<range.count]
                )
                if let base { output.copyMemory(from: UnsafeRawBufferPointer(rebasing: base[range])) }
                let start = TimedRounds.threadSeconds()
                let checksums = try scratch.decode(chunk, index, model, into: output)
                spent += TimedRounds.threadSeconds() - start
                self.checksums ^= checksums.high ^ checksums.low
            }
            return spent
        }
    }
}

/// Times something that takes the same every time: whatever else the machine does only adds.
enum TimedRounds {
    private static let roundCountMin = 3
    private static let roundCountMax = 12
    /// A short thing is repeated until it has taken so long.
    private static let secondsMin = 1e-3

    /// The least time of some rounds.
    ///
    /// - Parameter round: Does it, and gives the seconds that it took.
    static func least(_ round: () throws -> Double) rethrows -> Double {
        var least = Double.infinity
        var sum = 0.0
        for count in 0..<roundCountMax where count < roundCountMin || sum < secondsMin {
            let seconds = try round()
            least = min(least, seconds)
            sum += seconds
        }
        return least
    }

    /// The processor time of the calling thread.
    static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

extension ParameterStore {
    /// Whether a content is coded as a delta with parts of low rank.
    ///
    /// - Throws: ``ParameterStoreError`` if its index cannot be read.
    public func hasLowRank(_ id: ContentID) throws -> Bool {
        try content(id).index.segments.contains { $0.coding == .lowRank }
    }
}

extension StoredContent {
    /// Checks that a content can be the base of this one.
    ///
    /// - Throws: ``ParameterStoreError`` if it is of another size or kind.
    func checkFits(_ base: StoredContent) throws(ParameterStoreError) {
        guard base.record.byteCount == record.byteCount, base.record.kind == record.kind else {
            throw ParameterStoreError(
                .system,
                "Content \(record.id.rawValue) cannot be coded against content "
                    + "\(base.record.id.rawValue): it is of another size or kind."
            )
        }
    }
}
