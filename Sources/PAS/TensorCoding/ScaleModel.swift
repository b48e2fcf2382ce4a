/// What a segment knows of its rows and columns: which of them change, and how much.
///
/// It gives every element a context, the predicted length of its difference in halves of a bit:
///
///     context = (scale of its row + scale of its column + slope · exponent of its base) / 32
///
/// in units of 1/64 bit, at least 1; 0 in columns without a change. Rows without a change have no
/// elements in the stream at all.
struct ScaleModel: Sendable {
    /// What happens to the elements of a row.
    enum RowClass: UInt8, Sendable {
        /// Nothing: they are those of the base.
        case same = 0
        /// They are coded as differences to the base.
        case changed = 1
        /// They are what the decay of weights makes of the base, and nothing else.
        case decayed = 2
        /// They are coded as differences to what the decay of weights makes of the base.
        case decayedAndChanged = 3

        /// Whether its elements are in the stream.
        var isLive: Bool { self == .changed || self == .decayedAndChanged }

        /// Whether its elements decay.
        var isDecayed: Bool { self == .decayed || self == .decayedAndChanged }
    }

    /// The class of each row.
    var rowClasses: [RowClass]
    /// The scale of each row, a multiple of the quantum.
    var rowScales: [Int16]
    /// The scale of each column, a multiple of the quantum.
    var columnScales: [Int16]
    /// 255 for a column that changes, 0 for one that does not.
    var columnMasks: [UInt8]
    /// What a step of the base's exponent changes.
    var slope: Int16
    /// log2 of the quantum of scales.
    var quantumBits: Int
    /// How far decay moves a float's bits, by the highest bits of its mantissa; empty if no row decays.
    var decay: [Int16]

    /// A model of rows that do not change.
    init(_ rows: SegmentRows) {
        rowClasses = Array(repeating: .same, count: rows.rowCount)
        rowScales = Array(repeating: 0, count: rows.rowCount)
        columnScales = Array(repeating: 0, count: rows.columnCount)
        columnMasks = Array(repeating: 255, count: rows.columnCount)
        slope = 0
        quantumBits = 3
        decay = []
    }

    /// The rows of a band whose elements are in the stream, counted from its first.
    func liveRows(of band: SegmentRows.Band) -> [Int] {
        (0..<band.rowCount).filter { rowClasses[band.firstRow + $0].isLive }
    }

    /// The columns of a band that change, counted from its first.
    func liveColumns(of band: SegmentRows.Band) -> [Int] {
        (0..<band.columnCount).filter { columnMasks[band.columnBase + $0] > 0 }
    }

    /// Half-bits from the lowest context to a difference of one: shorter predictions share it.
    static let contextOffset = 4 * 64
}

// MARK: - Serialization

extension ScaleModel {
    /// Appends the model.
    func encode(_ rows: SegmentRows, to writer: inout ModelWriter) {
        writer.write(Int(UInt16(bitPattern: slope)), bitCount: 16)
        writer.write(quantumBits, bitCount: 3)
        encodeDecay(to: &writer)
        let classes = (0..<4).map { _ in BitTree(bitCount: 2) }
        var last = RowClass.changed
        for band in rows.bands {
            var scales = ScaleCoder()
            for row in band.firstRow..<band.firstRow + band.rowCount {
                writer.write(Int(rowClasses[row].rawValue), classes[Int(last.rawValue)], to: .rows)
                last = rowClasses[row]
                guard last.isLive else { continue }
                scales.encode(Int(rowScales[row]) >> quantumBits, to: &writer)
            }
        }
        let masks = (0..<2).map { _ in BitTree(bitCount: 1) }
        var isChanged = true
        for band in rows.bands {
            var scales = ScaleCoder()
            for column in band.columnBase..<band.columnBase + band.columnCount {
                let tree = masks[isChanged ? 1 : 0]
                isChanged = columnMasks[column] > 0
                writer.write(isChanged ? 1 : 0, tree, to: .columns)
                guard isChanged else { continue }
                scales.encode(Int(columnScales[column]) >> quantumBits, to: &writer)
            }
        }
    }

    private func encodeDecay(to writer: inout ModelWriter) {
        writer.write(decay.isEmpty ? 0 : 1, bitCount: 1)
        guard !decay.isEmpty else { return }
        var steps = ScaleCoder()
        for step in decay { steps.encode(Int(step), to: &writer) }
    }

    /// Reads a model; of bytes that are none it makes numbers of no meaning, within their bounds.
    init(_ rows: SegmentRows, kind: ElementKind, from source: inout ModelReader) {
        self.init(rows)
        var reader = source
        defer { source = reader }
        slope = Int16(truncatingIfNeeded: reader.number(bitCount: 16))
        quantumBits = reader.number(bitCount: 3)
        if reader.number(bitCount: 1) == 1 {
            var steps = ScaleCoder()
            decay = (0..<1 << WeightDecay.indexBitCount(of: kind)).map { _ in
                Int16(truncatingIfNeeded: steps.decode(from: &reader))
            }
        }
        let classes = (0..<4).map { _ in BitTree(bitCount: 2) }
        var last = RowClass.changed
        for band in rows.bands {
            var scales = ScaleCoder()
            for row in band.firstRow..<band.firstRow + band.rowCount {
                let value = reader.symbol(bitCount: 2, classes[Int(last.rawValue)], from: .rows)
                last = RowClass(rawValue: UInt8(value)) ?? .same
                // Rows cannot decay without a table.
                if decay.isEmpty, last.rawValue > 1 { last = .same }
                rowClasses[row] = last
                guard last.isLive else { continue }
                let scale = scales.decode(from: &reader) << quantumBits
                rowScales[row] = Int16(truncatingIfNeeded: scale)
            }
        }
        let masks = (0..<2).map { _ in BitTree(bitCount: 1) }
        var isChanged = true
        for band in rows.bands {
            var scales = ScaleCoder()
            for column in band.columnBase..<band.columnBase + band.columnCount {
                isChanged = reader.symbol(bitCount: 1, masks[isChanged ? 1 : 0], from: .columns) > 0
                columnMasks[column] = isChanged ? 255 : 0
                guard isChanged else { continue }
                let scale = scales.decode(from: &reader) << quantumBits
                columnScales[column] = Int16(truncatingIfNeeded: scale)
            }
        }
    }
}
