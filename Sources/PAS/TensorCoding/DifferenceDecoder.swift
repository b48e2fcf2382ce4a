/// Decodes the chunks of differences to a base: the codings `tokens`, `lowRank` and `fields`.
///
/// It goes through a chunk in blocks, each predicted, taken from the stream and added before the next, so
/// that what lies between these steps stays in the processor's nearest cache.
///
/// Owns buffers, so it is used by one thread at a time.
final class DifferenceDecoder {
    /// Elements that lie side by side in the segment.
    private struct Run {
        let start: Int
        var count: Int
    }

    /// The elements of a block: a multiple of the states of a stream.
    private static let blockElementCount = 2048

    private let contexts = UnsafeMutablePointer<UInt8>.allocate(capacity: blockElementCount)
    private let differences = UnsafeMutablePointer<UInt32>.allocate(capacity: blockElementCount)
    private let residuals = UnsafeMutablePointer<UInt32>.allocate(capacity: blockElementCount)
    private let runs = UnsafeMutablePointer<Run>.allocate(capacity: blockElementCount)
    private var runCount = 0
    private var count = 0

    deinit {
        contexts.deallocate()
        differences.deallocate()
        residuals.deallocate()
        runs.deallocate()
    }

    /// The streams of a chunk as far as they were read.
    private struct Readers {
        var high: TokenReader?
        var low: TokenReader?
        var isSound = true
    }

    /// Decodes a chunk, or the first elements of one.
    ///
    /// - Parameters:
    ///   - chunk: The number of the chunk in its segment.
    ///   - model: The model of the segment.
    ///   - high: The stream of the tokens, or of those of the upper halves.
    ///   - low: That of the tokens of the lower halves; nil if there is none, or if it is not wanted.
    ///   - isWhole: Whether the output is of all elements of the chunk, so that the streams end with them.
    ///   - output: Holds the base, and gets the chunk.
    /// - Returns: Whether the streams are sound.
    func decode<Word: FixedWidthInteger & UnsignedInteger>(
        _ chunk: Int,
        of model: SegmentModel,
        _ high: UnsafeRawBufferPointer,
        _ low: UnsafeRawBufferPointer?,
        _ isWhole: Bool,
        as _: Word.Type,
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let first = output.baseAddress?.assumingMemoryBound(to: Word.self),
            let scales = model.scales, let tables = model.tables
        else { return output.isEmpty }
        let start = chunk * ElementKind.chunkElementCount
        let elements = start..<start + output.count / model.kind.width
        // The segment, of which only these elements are in memory.
        let words = first - start
        let predictor = TokenContexts(
            scales,
            kind: model.kind,
            contextSpan: tables.contextSpan,
            contexts: tables.contexts
        )
        var readers = Readers()
        (runCount, count) = (0, 0)
        model.rows.forEachRun(in: elements) { place, length, row, column in
            let rowClass = scales.rowClasses[row]
            if rowClass.isDecayed {
                scales.decay.withUnsafeBufferPointer { steps in
                    guard let steps = steps.baseAddress else { return }
                    WeightDecay.apply(steps, to: words + place, count: length, kind: model.kind)
                }
            }
            guard rowClass.isLive else { return }
            var done = 0
            while done < length {
                let part = min(length - done, Self.blockElementCount - count)
                if let lowRank = model.lowRank {
                    lowRank.add(
                        to: words + place + done,
                        count: part,
                        row: row,
                        column: column + done,
                        model.rows,
                        kind: model.kind,
                        // Not in use before the stream is read.
                        scratch: UnsafeMutableRawPointer(differences)
                    )
                }
                predictor.fill(
                    UnsafePointer(words + place + done),
                    count: part,
                    row: row,
                    column: column + done,
                    into: contexts + count
                )
                append(place + done, part)
                done += part
                if count == Self.blockElementCount { add(to: words, model, high, low, &readers) }
            }
        }
        if count > 0 { add(to: words, model, high, low, &readers) }
        guard readers.isSound, isWhole else { return readers.isSound }
        // A chunk without elements has no streams.
        return (readers.high?.isAtEnd ?? high.isEmpty)
            && (low == nil || readers.low?.isAtEnd ?? low?.isEmpty ?? true)
    }

    /// Puts elements into the block.
    private func append(_ start: Int, _ length: Int) {
        count += length
        if runCount > 0 {
            let last = runs + (runCount - 1)
            if last.pointee.start + last.pointee.count == start {
                last.pointee.count += length
                return
            }
        }
        (runs + runCount).initialize(to: Run(start: start, count: length))
        runCount += 1
    }

    /// Takes the elements of the block from the streams, and adds them to the words.
    private func add<Word: FixedWidthInteger & UnsignedInteger>(
        to words: UnsafeMutablePointer<Word>,
        _ model: SegmentModel,
        _ high: UnsafeRawBufferPointer,
        _ low: UnsafeRawBufferPointer?,
        _ readers: inout Readers
    ) {
        defer { (runCount, count) = (0, 0) }
        guard readers.isSound else { return }
        let isFields = model.coding == .fields
        readers.isSound = take(
            from: &readers.high, high, model.tables, into: differences
        )
        if readers.isSound, let low {
            FieldWords.lowContexts(
                contexts,
                high: UnsafePointer(differences),
                count: count,
                contextMax: model.lowTables?.contexts.upperBound ?? 0
            )
            readers.isSound = take(
                from: &readers.low, low, model.lowTables, into: residuals
            )
        }
        guard readers.isSound else { return }
        var next = 0
        for index in 0..<runCount {
            let run = runs[index]
            let high = UnsafePointer(differences + next)
            if isFields {
                let words = UnsafeMutableRawPointer(words + run.start)
                    .assumingMemoryBound(to: UInt32.self)
                if low != nil {
                    let low = UnsafePointer(residuals + next)
                    FieldWords.add(high: high, low: low, to: words, count: run.count)
                } else {
                    FieldWords.addUpper(high, to: words, count: run.count)
                }
            } else {
                FloatWords.add(high, to: words + run.start, count: run.count)
            }
            next += run.count
        }
    }

    private func take(
        from reader: inout TokenReader?,
        _ stream: UnsafeRawBufferPointer,
        _ tables: DecodingTables?,
        into differences: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        guard let tables else { return false }
        if reader == nil { reader = TokenReader(stream, tables) }
        return reader?.take(contexts: UnsafePointer(contexts), count: count, into: differences) ?? false
    }
}
