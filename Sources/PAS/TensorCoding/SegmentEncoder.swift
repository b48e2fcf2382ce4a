import Foundation

/// Encodes segments of a content: alone or against a base, whichever promises fewer bytes.
///
/// Used by one thread at a time, though each segment is encoded by all cores.
public final class SegmentEncoder {
    private let kind: ElementKind
    private let layout: RowLayout
    private let deltaLayout: DeltaLayout
    private let findsLowRank: Bool
    private let sampleFactor: Int
    private let scratch: ScratchPool<EncodingScratch>

    /// Prepares to encode a content.
    ///
    /// - Parameters:
    ///   - kind: What its elements are.
    ///   - layout: How they form rows and columns.
    ///   - deltaLayout: How deltas treat the significance of their bits.
    ///   - findsLowRank: Whether to look for a part of low rank in deltas that are
    ///     ``DeltaLayout/whole``: encoding takes three times as long, and decoding a third longer.
    ///   - pool: What other encoders leave.
    ///   - sampleFactor: How many elements each stands for, if segments are samples of larger ones: they get
    ///     the tables that those would have.
    public init(
        kind: ElementKind,
        layout: RowLayout,
        deltaLayout: DeltaLayout = .whole,
        findsLowRank: Bool = false,
        pool: EncodingScratchPool,
        sampleFactor: Int = 1
    ) {
        self.kind = kind
        self.layout = layout
        self.deltaLayout = deltaLayout
        self.findsLowRank = findsLowRank
        self.sampleFactor = sampleFactor
        scratch = pool.pool
    }

    /// Encodes a segment.
    ///
    /// - Parameters:
    ///   - segment: Its bytes, at most ``ElementKind/segmentByteCount``, aligned for the elements.
    ///   - base: As many bytes of the base, or nil.
    ///   - start: The place of the segment in the content, in bytes: a multiple of the size of a
    ///     full segment.
    public func encode(
        _ segment: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        at start: Int
    ) throws -> EncodedSegment {
        let base = base.flatMap { $0.count == segment.count ? $0 : nil }
        if let base, base.elementsAreEqual(to: segment) {
            let none = chunks(of: segment).map { _ in EncodedChunk(high: [], low: []) }
            return EncodedSegment(coding: .same, model: [], chunks: none)
        }
        guard segment.count % kind.width == 0, kind != .bytes else {
            return try encodeWhole(segment, effort: .normal)
        }
        let way = AloneCoding(segment, kind: kind)
        let alone = way.byteCount
        if let base, kind.hasTokens {
            if let delta = try encodeDelta(segment, base, start: start, below: alone) {
                return delta
            }
        } else if let base {
            if CodingEstimate.delta(segment, base, kind: kind) < alone {
                return try encodeFast(segment, base)
            }
        }
        if let codebook = way.codebook { return try encode(segment, with: codebook) }
        let planes = kind.hasTokens && !way.isPlanes
            ? try encodeRaw(segment) : try encodePlanes(segment)
        return try planes ?? encodeWhole(segment, effort: .normal)
    }

    /// Whether there is a 32-bit NaN whose upper half alone would be infinity.
    ///
    /// No processor makes one, but a file may hold it, and it must be a NaN at every resolution; so it
    /// gets a coding that is always read whole.
    private func hasHiddenNaN(_ segment: UnsafeRawBufferPointer) -> Bool {
        guard kind == .float32, let start = segment.baseAddress else { return false }
        let words = start.assumingMemoryBound(to: UInt32.self)
        let count = segment.count / 4
        var lowest: UInt32 = 0
        var index = 0
        while index < count {
            // The upper half of an infinity becomes 0, and what is less than 1 all ones: no branch.
            let difference = Int32(bitPattern: words[index] & 0x7FFF_0000 ^ 0x7F80_0000)
            lowest |= words[index] & 0xFFFF & UInt32(bitPattern: (difference &- 1) &>> 31)
            index &+= 1
        }
        return lowest != 0
    }

    private func encode(
        _ segment: UnsafeRawBufferPointer,
        with codebook: Codebook
    ) throws -> EncodedSegment {
        let chunks = chunks(of: segment)
        let encoded = try concurrentMap(chunks.count) { index in
            try scratch.use { scratch in
                var frame: [UInt8] = []
                try codebook.indices(of: chunks[index]).withUnsafeBytes {
                    try scratch.compressor.append($0, effort: .low, to: &frame)
                }
                return EncodedChunk(high: frame, low: [])
            }
        }
        return EncodedSegment(coding: .codebook, model: codebook.serialized, chunks: encoded)
    }

    private func chunks(of segment: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        stride(from: 0, to: segment.count, by: kind.chunkByteCount).map { start in
            let end = min(segment.count, start + kind.chunkByteCount)
            return UnsafeRawBufferPointer(rebasing: segment[start..<end])
        }
    }

    /// Encodes floats as tokens of differences; nil if they take less alone.
    private func encodeDelta(
        _ segment: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer,
        start: Int,
        below limit: Double
    ) throws -> EncodedSegment? {
        // Retrained tensors are recognised before the segment is gone through three times.
        let promise = CodingEstimate.delta(segment, base, kind: kind)
        guard promise < limit * 1.05 else { return nil }
        if kind.width == 2 {
            let encoder = tokenEncoder(segment, base, UInt16.self, start: start)
            return try encoder.flatMap { try encodeSmallest($0, $0.plan(), below: limit) }
        }
        guard let encoder = tokenEncoder(segment, base, UInt32.self, start: start) else {
            return nil
        }
        let plan = try encoder.plan()
        guard deltaLayout == .fields, !hasHiddenNaN(segment) else {
            return try encodeSmallest(encoder, plan, below: limit)
        }
        return try encoder.encodeFields(plan, below: limit)
    }

    private func tokenEncoder<Word: FixedWidthInteger & UnsignedInteger>(
        _ segment: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer,
        _: Word.Type,
        start: Int
    ) -> TokenSegmentEncoder<Word>? {
        guard let words = segment.baseAddress?.assumingMemoryBound(to: Word.self),
            let baseWords = base.baseAddress?.assumingMemoryBound(to: Word.self)
        else { return nil }
        let count = segment.count / kind.width
        let first = start / kind.width
        return TokenSegmentEncoder(
            words: words,
            base: baseWords,
            count: count,
            rows: SegmentRows(layout, elements: first..<first + count),
            kind: kind,
            findsDecay: kind.width == 2 || deltaLayout == .whole,
            sampleFactor: sampleFactor,
            scratch: scratch
        )
    }

    /// A part of low rank must save this share of a segment, for it takes time to add.
    private static let lowRankGainMin = 0.01

    /// Encodes with a part of low rank, if that is wanted and saves enough; else without.
    private func encodeSmallest<Word: FixedWidthInteger & UnsignedInteger>(
        _ encoder: TokenSegmentEncoder<Word>,
        _ plan: TokenSegmentEncoder<Word>.Plan,
        below limit: Double
    ) throws -> EncodedSegment? {
        if findsLowRank, kind.width == 2 || deltaLayout == .whole, let other = try encoder.withLowRank() {
            let smaller = try other.plan()
            if smaller.byteCount < plan.byteCount * (1 - Self.lowRankGainMin) {
                return try encodeTokens(other, smaller, below: limit)
            }
        }
        return try encodeTokens(encoder, plan, below: limit)
    }

    private func encodeTokens<Word: FixedWidthInteger & UnsignedInteger>(
        _ encoder: TokenSegmentEncoder<Word>,
        _ plan: TokenSegmentEncoder<Word>.Plan,
        below limit: Double
    ) throws -> EncodedSegment? {
        guard plan.byteCount < limit else { return nil }
        return EncodedSegment(
            coding: encoder.coding,
            modelLayout: encoder.modelLayout,
            model: plan.model,
            chunks: try encoder.encode(plan)
        )
    }

    private func encodeWhole(
        _ segment: UnsafeRawBufferPointer,
        effort: ZstdCompressor.Effort
    ) throws -> EncodedSegment {
        let chunks = chunks(of: segment)
        let encoded = try concurrentMap(chunks.count) { index in
            try scratch.use { scratch in
                var frame: [UInt8] = []
                try scratch.compressor.append(chunks[index], effort: effort, to: &frame)
                return EncodedChunk(high: frame, low: [])
            }
        }
        return EncodedSegment(coding: .whole, model: [], chunks: encoded)
    }

    /// Encodes elements by plane; nil if they are bytes, or a NaN of them is hidden.
    private func encodePlanes(_ segment: UnsafeRawBufferPointer) throws -> EncodedSegment? {
        guard kind.width > 1 else { return nil }
        return try encodeVisible(segment, .planes) { try $0.encodePlanes(of: $1, kind: kind) }
    }

    /// Encodes floats raw; nil if a NaN of them is hidden.
    private func encodeRaw(_ segment: UnsafeRawBufferPointer) throws -> EncodedSegment? {
        try encodeVisible(segment, .raw) { try $0.encodeRaw($1, kind: kind) }
    }

    /// Encodes chunk by chunk; nil if a NaN is hidden. A chunk is looked at when the core is about to encode
    /// it, so that it comes from memory once.
    private func encodeVisible(
        _ segment: UnsafeRawBufferPointer,
        _ coding: SegmentCoding,
        _ encode: (EncodingScratch, UnsafeRawBufferPointer) throws -> EncodedChunk
    ) throws -> EncodedSegment? {
        let chunks = chunks(of: segment)
        let encoded = try concurrentMap(chunks.count) { index in
            guard !hasHiddenNaN(chunks[index]) else { return EncodedChunk?.none }
            return try scratch.use { try encode($0, chunks[index]) }
        }
        let visible = encoded.compactMap { $0 }
        guard visible.count == chunks.count else { return nil }
        return EncodedSegment(coding: coding, model: [], chunks: visible)
    }

    private func encodeFast(
        _ segment: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer
    ) throws -> EncodedSegment {
        let (chunks, bases) = (chunks(of: segment), chunks(of: base))
        let encoded = try concurrentMap(chunks.count) { index in
            try scratch.use { scratch in
                let count = chunks[index].count
                let folded = UnsafeMutableRawBufferPointer(rebasing: scratch.folded[..<count])
                ChunkPlanes.difference(chunks[index], bases[index], kind: kind, into: folded)
                return try scratch.encodePlanes(of: UnsafeRawBufferPointer(folded), kind: kind)
            }
        }
        return EncodedSegment(coding: .fast, model: [], chunks: encoded)
    }
}

/// Scratch that encoders of many contents share.
public struct EncodingScratchPool: Sendable {
    let pool = ScratchPool { try EncodingScratch() }

    /// Makes an empty pool.
    public init() {}
}

extension UnsafeRawBufferPointer {
    /// Whether two buffers of one size hold the same bytes. The corresponding C function is `memcmp`.
    public func elementsAreEqual(to other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, count) == 0
    }
}
