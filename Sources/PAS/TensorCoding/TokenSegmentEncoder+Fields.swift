extension TokenSegmentEncoder where Word == UInt32 {
    /// Codes the upper halves of differences apart from the lower ones.
    ///
    /// - Parameters:
    ///   - plan: The plan of whole differences, of which the scales are taken.
    ///   - limit: The bytes that the segment takes alone.
    /// - Returns: Nil if the segment takes no less than alone.
    func encodeFields(_ plan: Plan, below limit: Double) throws -> EncodedSegment? {
        let counts = try fieldCounts(plan.scales)
        // Twice the states would save .2 %, and a decoder, which has two tables here, is an eighth faster so.
        let size = TableSize(contextSpan: 0, stateBits: 9)
        let high = frequencies(counts.high, size)
        let low = frequencies(counts.low, size)
        var writer = ModelWriter(modelLayout)
        plan.scales.encode(rows, to: &writer)
        high.encode(to: &writer)
        low.encode(to: &writer)
        let model = try scratch.use { try writer.finish($0.huffman) }
        let bits = high.bitCount(of: counts.high) + Self.rawBits(counts.high)
            + low.bitCount(of: counts.low) + Self.rawBits(counts.low)
        guard bits / 8 + Double(model.count) < limit else { return nil }
        let tables = (high: EncodingTables(high), low: EncodingTables(low))
        let reader = fieldContexts(plan.scales)
        let chunks = try concurrentMap(chunkCount) { chunk in
            try scratch.use { scratch in
                let live = fillFields(scratch, elements(ofChunk: chunk), reader)
                let upper = encode(scratch, scratch.differences, live, tables.high, isNarrow: true)
                FieldWords.lowContexts(
                    scratch.contexts,
                    high: UnsafePointer(scratch.differences),
                    count: live,
                    contextMax: TokenFrequencies.contextMax
                )
                let lower = encode(scratch, scratch.residuals, live, tables.low, isNarrow: true)
                return EncodedChunk(high: upper, low: lower)
            }
        }
        return EncodedSegment(
            coding: .fields,
            modelLayout: modelLayout,
            model: model,
            chunks: chunks
        )
    }

    private func fieldContexts(_ scales: ScaleModel) -> TokenContexts {
        TokenContexts(
            scales,
            kind: kind,
            contextSpan: 0,
            contexts: 1...TokenFrequencies.contextMax
        )
    }

    private func fieldCounts(_ scales: ScaleModel) throws -> (high: [UInt32], low: [UInt32]) {
        let reader = fieldContexts(scales)
        let all = try inParts { chunks, scratch in
            var counts = (high: Self.noCounts, low: Self.noCounts)
            for chunk in chunks {
                let live = fillFields(scratch, elements(ofChunk: chunk), reader)
                Self.count(scratch.differences, live, scratch, in: &counts.high)
                FieldWords.lowContexts(
                    scratch.contexts,
                    high: UnsafePointer(scratch.differences),
                    count: live,
                    contextMax: TokenFrequencies.contextMax
                )
                Self.count(scratch.residuals, live, scratch, in: &counts.low)
            }
            return FieldCounts(high: counts.high, low: counts.low)
        }
        return (Self.sum(all.map(\.high)), Self.sum(all.map(\.low)))
    }

    private struct FieldCounts: Sendable {
        let high: [UInt32]
        let low: [UInt32]
    }

    /// Fills the scratch with contexts, upper differences and residuals of a chunk's live elements.
    private func fillFields(
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
            FieldWords.difference(
                words + start,
                base + start,
                count: count,
                high: scratch.differences + live,
                low: scratch.residuals + live
            )
            live += count
        }
        return live
    }
}
