import Foundation

/// Codes a segment of floats as differences to a base, in tokens under contexts.
///
/// Statistics come first, over the whole segment; then contexts and tokens are counted; then each chunk
/// is coded with the tables that the counts give. Chunks are worked on by all cores.
struct TokenSegmentEncoder<Word: FixedWidthInteger & UnsignedInteger> {
    private let words: UnsafePointer<Word>
    private let base: UnsafePointer<Word>
    private let decay: WeightDecayFit<Word>
    private let count: Int
    private let rows: SegmentRows
    private let kind: ElementKind
    private let scratch: ScratchPool<EncodingScratch>

    /// Prepares to code a segment.
    ///
    /// - Parameters:
    ///   - words: Its elements.
    ///   - base: As many of the base.
    init(
        words: UnsafePointer<Word>,
        base: UnsafePointer<Word>,
        count: Int,
        rows: SegmentRows,
        kind: ElementKind,
        scratch: ScratchPool<EncodingScratch>
    ) {
        decay = WeightDecayFit(words, base, count: count, rows: rows, kind: kind)
        self.words = words
        self.base = decay.decayedBase ?? base
        self.count = count
        self.rows = rows
        self.kind = kind
        self.scratch = scratch
    }

    /// A way to code the segment, and the bytes that it takes.
    struct Plan {
        let model: [UInt8]
        let frequencies: TokenFrequencies
        let scales: ScaleModel
        let byteCount: Double
    }

    private var chunkCount: Int {
        (count + ElementKind.chunkElementCount - 1) / ElementKind.chunkElementCount
    }

    private func elements(ofChunk chunk: Int) -> Range<Int> {
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
            decay.mark(&scales)
            let plan = try plan(scales, spans: isSmall ? [0, 1] : [0])
            if best.map({ plan.byteCount < $0.byteCount }) ?? true { best = plan }
        }
        guard let best else { preconditionFailure("there is at least one option") }
        return best
    }

    private func statistics() throws -> ScaleStatistics {
        let parts = min(ProcessInfo.processInfo.activeProcessorCount, max(1, chunkCount))
        let all = try concurrentMap(parts) { part in
            var statistics = ScaleStatistics(rows)
            let chunks = chunkCount * part / parts..<chunkCount * (part + 1) / parts
            try scratch.use { scratch in
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
            }
            return statistics
        }
        return all.dropFirst().reduce(into: all[0]) { $0.add($1) }
    }

    /// Counts the tokens under scales, and chooses the tables.
    private func plan(_ scales: ScaleModel, spans: [Int]) throws -> Plan {
        let counts = try counts(scales)
        var rawBits = 0.0
        for (index, count) in counts.enumerated() where count > 0 {
            rawBits += Double(count) * Double(Tokens.rawBitCount(index % Tokens.classCount))
        }
        let live = counts.reduce(0) { $0 + Int($1) }
        let stateBits = live < 1 << 19 ? 9 : 10
        let precision = live < 1 << 20 ? 2 : 3
        var best: Plan?
        for span in spans {
            let spanned = span == 0 ? counts : Self.joined(counts)
            let frequencies = TokenFrequencies(
                counts: spanned,
                stateBits: stateBits,
                precision: precision,
                contextSpan: span
            )
            var encoder = BinaryEncoder()
            scales.encode(rows, to: &encoder)
            frequencies.encode(to: &encoder)
            let model = encoder.finish()
            let bits = frequencies.bitCount(of: spanned) + rawBits
            let plan = Plan(
                model: model,
                frequencies: frequencies,
                scales: scales,
                byteCount: bits / 8 + Double(model.count)
                    + Double(chunkCount * (TokenStream.headerByteCount + 16))
            )
            if best.map({ plan.byteCount < $0.byteCount }) ?? true { best = plan }
        }
        guard let best else { preconditionFailure("there is at least one span") }
        return best
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

    private func counts(_ scales: ScaleModel) throws -> [UInt32] {
        let parts = min(ProcessInfo.processInfo.activeProcessorCount, max(1, chunkCount))
        let reader = TokenContexts(scales, kind: kind, contextSpan: 0, contextMax: TokenFrequencies.contextMax)
        let all = try concurrentMap(parts) { part in
            try scratch.use { scratch in
                var counts = [UInt32](
                    repeating: 0,
                    count: TokenFrequencies.contextCount * Tokens.classCount
                )
                for chunk in chunkCount * part / parts..<chunkCount * (part + 1) / parts {
                    let live = fill(scratch, elements(ofChunk: chunk), reader)
                    let contexts = scratch.contexts
                    let differences = scratch.differences
                    counts.withUnsafeMutableBufferPointer { counts in
                        guard let counts = counts.baseAddress else { return }
                        for index in 0..<live {
                            let token = Tokens.token(differences[index])
                            counts[
                                Int(contexts[index]) &* Tokens.classCount &+ token &>> 1
                            ] &+= 1
                        }
                    }
                }
                return counts
            }
        }
        return all.dropFirst().reduce(into: all[0]) { sum, part in
            for index in sum.indices { sum[index] &+= part[index] }
        }
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
            contextMax: TokenFrequencies.contextMax >> plan.frequencies.contextSpan
        )
        return try concurrentMap(chunkCount) { chunk in
            try scratch.use { scratch in
                let live = fill(scratch, elements(ofChunk: chunk), reader)
                let tokens = scratch.tokens
                let differences = scratch.differences
                for index in 0..<live {
                    tokens[index] = UInt8(truncatingIfNeeded: Tokens.token(differences[index]))
                }
                let stream = TokenStream.encode(
                    UnsafePointer(differences),
                    tokens: UnsafePointer(tokens),
                    contexts: UnsafePointer(scratch.contexts),
                    count: live,
                    tables,
                    scratch: scratch.stream
                )
                return EncodedChunk(high: stream, low: [])
            }
        }
    }
}
