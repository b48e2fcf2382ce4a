/// What the chunks of a segment share, ready to decode them; used by any number of threads.
public final class SegmentModel: Sendable {
    /// How the chunks are coded.
    public let coding: SegmentCoding
    /// What the elements are.
    public let kind: ElementKind
    /// The bytes of the segment.
    public let segmentByteCount: Int

    let rows: SegmentRows
    let scales: ScaleModel?
    let tables: DecodingTables?
    let lowTables: DecodingTables?
    let codebook: Codebook?
    let lowRank: LowRankDelta?

    /// Reads a model.
    ///
    /// - Parameters:
    ///   - coding: How the chunks are coded.
    ///   - modelLayout: How the model is written.
    ///   - bytes: The model as an encoder wrote it.
    ///   - kind: What the elements are.
    ///   - layout: How those of the content form rows and columns.
    ///   - start: The place of the segment in the content, in bytes.
    ///   - byteCount: The bytes of the segment.
    /// - Throws: ``TensorCodingError`` if the bytes are no model of such a segment.
    public init(
        coding: SegmentCoding,
        modelLayout: ModelLayout,
        bytes: UnsafeRawBufferPointer,
        kind: ElementKind,
        layout: RowLayout,
        start: Int,
        byteCount: Int
    ) throws(TensorCodingError) {
        self.coding = coding
        self.kind = kind
        segmentByteCount = byteCount
        guard (0...kind.segmentByteCount).contains(byteCount) else {
            throw TensorCodingError(.damaged, "a segment has an impossible size")
        }
        let hasScales = coding == .tokens || coding == .fields || coding == .lowRank
        codebook = coding == .codebook ? try Codebook(model: bytes, kind: kind) : nil
        guard hasScales else {
            guard bytes.isEmpty || codebook != nil else {
                throw TensorCodingError(.damaged, "a segment has a model that it does not need")
            }
            rows = SegmentRows(RowLayout(), elements: 0..<0)
            (scales, tables, lowTables, lowRank) = (nil, nil, nil, nil)
            return
        }
        guard kind.hasTokens, byteCount % kind.width == 0, coding != .fields || kind.width == 4
        else { throw TensorCodingError(.damaged, "a segment has a coding that its kind lacks") }
        let first = start / kind.width
        rows = SegmentRows(layout, elements: first..<first + byteCount / kind.width)
        var reader = try ModelReader(
            bytes,
            modelLayout,
            hasFactors: coding == .lowRank,
            symbolCountMax: Self.symbolCountMax(rows, kind)
        )
        let scales = ScaleModel(rows, kind: kind, from: &reader)
        // Decay depends on bits that the upper halves lack.
        guard coding != .fields || scales.decay.isEmpty else {
            throw TensorCodingError(.damaged, "a model has decay where there can be none")
        }
        self.scales = scales
        lowRank =
            coding == .lowRank
            ? try LowRankDelta(rows, scales, from: &reader) : nil
        // Contexts of lower halves are made of those of upper ones, so both have all of them.
        let firstContext = coding == .fields ? 1 : nil
        tables = DecodingTables(try TokenFrequencies(from: &reader), firstContext: firstContext)
        lowTables =
            coding == .fields
            ? DecodingTables(try TokenFrequencies(from: &reader), firstContext: firstContext) : nil
        guard reader.isAtEnd else {
            throw TensorCodingError(.damaged, "a model is cut off, or longer than its segment needs")
        }
    }

    /// Classes, masks, scales and those of low rank, steps of decay, and levels of two tables.
    private static func symbolCountMax(_ rows: SegmentRows, _ kind: ElementKind) -> Int {
        3 * (rows.rowCount + rows.columnCount) + (1 << WeightDecay.indexBitCount(of: kind))
            + 2 * TokenFrequencies.contextCount * Tokens.classCount
    }

    /// Whether the upper halves of the elements come from the stream of high-order planes alone.
    public var canDecodeUpperAlone: Bool {
        kind == .float32 && coding.hasUpperAlone
    }

    /// Whether chunks have a stream in the pack of low-order planes.
    var hasLowStreams: Bool {
        switch coding {
        case .planes, .fast: kind.highPlaneCount < kind.width
        case .raw: kind.width > 2
        case .fields: true
        case .whole, .tokens, .same, .codebook, .lowRank: false
        }
    }

    /// The memory that it takes.
    public var byteCount: Int {
        1024 + rows.bands.count * 48 + rows.rowCount * 3 + rows.columnCount * 3
            + (tables?.byteCount ?? 0) + (lowTables?.byteCount ?? 0) + (lowRank?.byteCount ?? 0)
    }

    /// The bytes of one of its chunks.
    public func byteCount(ofChunk chunk: Int) -> Int {
        min(kind.chunkByteCount, segmentByteCount - chunk * kind.chunkByteCount)
    }
}
