import Foundation

/// Codes a segment of floats as differences to a base, in tokens under contexts.
///
/// Statistics come first, over the whole segment; then contexts and tokens are counted; then each chunk
/// is coded with the tables that the counts give. Chunks are worked on by all cores.
struct TokenSegmentEncoder<Word: FixedWidthInteger & UnsignedInteger> {
    let words: UnsafePointer<Word>
    private(set) var base: UnsafePointer<Word>
    private let decay: WeightDecayFit<Word>?
    private var lowRank: LowRankFit<Word>?
    private let count: Int
    private let sampleFactor: Int
    let rows: SegmentRows
    let kind: ElementKind
    let scratch: ScratchPool<EncodingScratch>

    /// Prepares to code a segment.
    ///
    /// - Parameters:
    ///   - words: Its elements.
    ///   - base: As many of the base.
    ///   - findsDecay: Whether to look for rows that decay.
    ///   - sampleFactor: How many elements each stands for.
    init(
        words: UnsafePointer<Word>,
        base: UnsafePointer<Word>,
        count: Int,
        rows: SegmentRows,
        kind: ElementKind,
        findsDecay: Bool,
        sampleFactor: Int,
        scratch: ScratchPool<EncodingScratch>
    ) {
        decay =
            findsDecay ? WeightDecayFit(words, base, count: count, rows: rows, kind: kind) : nil
        lowRank = nil
        self.words = words
        self.base = decay?.decayedBase ?? base
        self.count = count
        self.sampleFactor = sampleFactor
        self.rows = rows
        self.kind = kind
        self.scratch = scratch
    }

    /// Prepares to code the same segment as another encoder, its base changed by a part of low rank.
    private init(_ other: Self, lowRank: LowRankFit<Word>) {
        self = other
        self.lowRank = lowRank
        base = lowRank.predictedBase
    }

    /// An encoder that takes off a part of low rank before differences are taken; nil if none is in sight.
    func withLowRank() throws -> Self? {
        let fit = try LowRankFit(words, base, count: count, rows: rows, kind: kind, scratch: scratch)
        return fit.map { Self(self, lowRank: $0) }
    }

    /// How what this encoder makes is coded.
    var coding: SegmentCoding { lowRank == nil ? .tokens : .lowRank }

    /// A way to code the segment, and the bytes that it takes.
    struct Plan {
        let model: [UInt8]
        let frequencies: TokenFrequencies
        let scales: ScaleModel
        let byteCount: Double

        /// What a plan is judged by: the bytes, and for each doubling of the tables some more.
        ///
        /// A decoder goes to and fro in the tables of all contexts. With 40 contexts of 1,024 states they fill
        /// 160 KiB, with half of both 40, which the nearest cache holds: decoding takes a quarter less time.
        var cost: Double {
            byteCount * (1 + 0.003 * Double(frequencies.stateBits - frequencies.contextSpan))
        }
    }

    var chunkCount: Int {
        (count + ElementKind.chunkElementCount - 1) / ElementKind.chunkElementCount
    }

    func elements(ofChunk chunk: Int) -> Range<Int> {
        let start = chunk * ElementKind.chunkElementCount
        return start..<min(count, start + ElementKind.chunkElementCount)
    }

    // MARK: - Planning

    /// Below so many elements, every set of scales is tried; above, rows and columns always pay.
    private static var exhaustiveCount: Int { 1 << 19 }

    /// Finds the scales and tables that take the fewest bytes.
    func plan() throws -> Plan {
        let statistics = try statistics()
        let isSmall = count < Self.exhaustiveCount
        var options = [ScaleOptions(usesRows: true, usesColumns: true)]
        if isSmall {
            options += [
                ScaleOptions(usesRows: true, usesColumns: false),
                ScaleOptions(usesRows: false, usesColumns: false),
            ]
        }
        let quantumBits = isSmall ? 4 : 3
        var best: Plan?
        for option in options {
            let fit = ScaleFit(statistics, rows, options: option, quantumBits: quantumBits)
            var scales = fit.model(
                words,
                base,
                count: count,
                kind: kind,
                quantumBits: quantumBits
            )
            decay?.mark(&scales)
            lowRank?.mark(&scales)
            let plan = try plan(scales)
            if best.map({ plan.cost < $0.cost }) ?? true { best = plan }
        }
        guard let best else { preconditionFailure("there is at least one option") }
        return best
    }

    private func statistics() throws -> ScaleStatistics {
        let all = try inParts { chunks, scratch in
            var statistics = ScaleStatistics(rows)
            for chunk in chunks {
                statistics.add(
                    words,
                    base,
                    elements(ofChunk: chunk),
                    rows,
                    kind: kind,
                    scratch: scratch.differences
                )
            }
            return statistics
        }
        return all.dropFirst().reduce(into: all[0]) { $0.add($1) }
    }

    /// Runs a function for as many parts of the chunks as there are cores.
    func inParts<Value: Sendable>(
        _ body: (Range<Int>, EncodingScratch) throws -> Value
    ) throws -> [Value] {
        try concurrentParts(chunkCount) { chunks in
            try scratch.use { try body(chunks, $0) }
        }
    }

    /// Counts the tokens under scales, and chooses the tables.
    private func plan(_ scales: ScaleModel) throws -> Plan {
        let counts = try counts(scales)
        let rawBits = Self.rawBits(counts)
        let live = sampleFactor * counts.reduce(0) { $0 + Int($1) }
        let stateCount = TokenStream.stateCount(
            forElements: live / max(1, chunkCount),
            isNarrow: kind.width == 2
        )
        let joined = Self.joined(counts)
        let options = Self.tableSizes(live).flatMap { size in Self.surprises.map { (size, $0) } }
        var best: Plan?
        for (size, surprise) in options {
            let spanned = size.contextSpan == 0 ? counts : joined
            let frequencies = frequencies(spanned, size, surprise: surprise)
            let model = try model(scales, frequencies)
            let bits = frequencies.bitCount(of: spanned) + rawBits
            let headerByteCount = TokenStream.Header.byteCount(
                stateCount: stateCount,
                stateBits: frequencies.stateBits
            )
            let plan = Plan(
                model: model,
                frequencies: frequencies,
                scales: scales,
                byteCount: bits / 8 + Double(model.count)
                    + Double(chunkCount * (headerByteCount + 16))
            )
            if best.map({ plan.cost < $0.cost }) ?? true { best = plan }
        }
        guard let best else { preconditionFailure("there is at least one size") }
        return best
    }

    /// How many halves of a bit a context spans, as a shift, and log2 of the states that it has.
    struct TableSize {
        let contextSpan: Int
        let stateBits: Int
    }

    /// The sizes of tables that may suit so many elements: the models of few take more bytes than fine tables save.
    private static func tableSizes(_ live: Int) -> [TableSize] {
        [
            TableSize(contextSpan: 0, stateBits: live < 1 << 19 ? 9 : 10),
            TableSize(contextSpan: 1, stateBits: 9),
        ]
    }

    /// How the model of the segment is written.
    var modelLayout: ModelLayout { ModelLayout(forElements: sampleFactor * count) }

    private func model(_ scales: ScaleModel, _ frequencies: TokenFrequencies) throws -> [UInt8] {
        var writer = ModelWriter(modelLayout)
        scales.encode(rows, to: &writer)
        lowRank?.delta.encode(rows, scales, to: &writer)
        frequencies.encode(to: &writer)
        return try scratch.use { scratch in
            let factors = try lowRank?.delta.frames(rows, scales, scratch.huffman)
            return try writer.finish(factors: factors, scratch.huffman)
        }
    }

    /// Counts for contexts of twice the span.
    private static func joined(_ counts: [UInt32]) -> [UInt32] {
        var joined = [UInt32](repeating: 0, count: counts.count)
        for (index, count) in counts.enumerated() {
            let (context, token) = index.quotientAndRemainder(dividingBy: Tokens.classCount)
            // Context 0 is that of columns without a change, and 1 that of all that lie lower.
            let wide = context == 0 ? 0 : max(1, context >> 1)
            joined[wide * Tokens.classCount + token] += count
        }
        return joined
    }

    /// The bits that an unexpected level may be taken to cost: what serves best depends on how often
    /// levels are unexpected at all.
    private static var surprises: [Double] { [3, 6] }

    /// Frequencies for counts.
    func frequencies(
        _ counts: [UInt32],
        _ size: TableSize,
        surprise: Double = 3
    ) -> TokenFrequencies {
        let live = sampleFactor * counts.reduce(0) { $0 + Int($1) }
        return TokenFrequencies(
            counts: counts,
            stateBits: size.stateBits,
            precision: live < 1 << 20 ? 2 : 3,
            contextSpan: size.contextSpan,
            surprise: surprise
        )
    }

    /// The raw bits of counted tokens.
    static func rawBits(_ counts: [UInt32]) -> Double {
        counts.enumerated().reduce(0) { bits, element in
            let (index, count) = element
            return bits + Double(count) * Double(Tokens.rawBitCount(index % Tokens.classCount))
        }
    }

    static var noCounts: [UInt32] {
        Array(repeating: 0, count: TokenFrequencies.contextCount * Tokens.classCount)
    }

    static func sum(_ parts: [[UInt32]]) -> [UInt32] {
        parts.dropFirst().reduce(into: parts[0]) { sum, part in
            for index in sum.indices { sum[index] &+= part[index] }
        }
    }

    /// Counts the classes of differences by the contexts that are in the scratch.
    static func count(
        _ differences: UnsafePointer<UInt32>,
        _ live: Int,
        _ scratch: EncodingScratch,
        in counts: inout [UInt32]
    ) {
        let block = scratch.block
        counts.withUnsafeMutableBufferPointer { counts in
            guard let counts = counts.baseAddress else { return }
            var start = 0
            while start < live {
                let count = min(TokenKeys.countMax, live - start)
                block.fill(differences + start, scratch.contexts + start, count: count)
                // Without the sign, a key is context · class count + class.
                for index in 0..<count { counts[Int(block.keys[index] &>> 1)] &+= 1 }
                start += count
            }
        }
    }

    private func counts(_ scales: ScaleModel) throws -> [UInt32] {
        let reader = TokenContexts(
            scales,
            kind: kind,
            contextSpan: 0,
            contexts: 1...TokenFrequencies.contextMax
        )
        let all = try inParts { chunks, scratch in
            var counts = Self.noCounts
            for chunk in chunks {
                let live = fill(scratch, elements(ofChunk: chunk), reader)
                Self.count(scratch.differences, live, scratch, in: &counts)
            }
            return counts
        }
        return Self.sum(all)
    }

    /// Fills the scratch with the contexts and differences of a chunk's live elements.
    ///
    /// - Returns: The number of live elements.
    private func fill(
        _ scratch: EncodingScratch,
        _ elements: Range<Int>,
        _ reader: TokenContexts
    ) -> Int {
        var live = 0
        rows.forEachRun(in: elements) { start, count, row, column in
            guard reader.isLive(row) else { return }
            reader.fill(
                base + start,
                count: count,
                row: row,
                column: column,
                into: scratch.contexts + live
            )
            FloatWords.difference(
                words + start,
                base + start,
                count: count,
                into: scratch.differences + live
            )
            live += count
        }
        return live
    }

    // MARK: - Encoding

    /// Codes all chunks by a plan.
    func encode(_ plan: Plan) throws -> [EncodedChunk] {
        let tables = EncodingTables(plan.frequencies)
        let reader = TokenContexts(
            plan.scales,
            kind: kind,
            contextSpan: plan.frequencies.contextSpan,
            contexts: 1...(TokenFrequencies.contextMax >> plan.frequencies.contextSpan)
        )
        return try concurrentMap(chunkCount) { chunk in
            try scratch.use { scratch in
                let live = fill(scratch, elements(ofChunk: chunk), reader)
                let stream = encode(
                    scratch, scratch.differences, live, tables, isNarrow: kind.width == 2
                )
                return EncodedChunk(high: stream, low: [])
            }
        }
    }

    /// Codes differences under the contexts that are in the scratch.
    func encode(
        _ scratch: EncodingScratch,
        _ differences: UnsafePointer<UInt32>,
        _ live: Int,
        _ tables: EncodingTables,
        isNarrow: Bool
    ) -> [UInt8] {
        TokenStream.encode(
            differences,
            contexts: UnsafePointer(scratch.contexts),
            count: live,
            tables,
            isNarrow: isNarrow,
            block: scratch.block,
            scratch: scratch.stream
        )
    }
}
