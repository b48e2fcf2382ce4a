/// Gives the contexts of elements, from the scales of a segment and the elements of the base.
struct TokenContexts {
    private let scales: ScaleModel
    private let kind: ElementKind
    private let shift: Int16
    private let contexts: ClosedRange<Int>

    /// Prepares for a segment.
    ///
    /// - Parameters:
    ///   - contextSpan: How many halves of a bit a context spans, as a shift.
    ///   - contexts: The lowest context above 0 that there is, which is then numbered 1, and the highest.
    init(_ scales: ScaleModel, kind: ElementKind, contextSpan: Int, contexts: ClosedRange<Int>) {
        self.scales = scales
        self.kind = kind
        shift = Int16(5 + contextSpan)
        self.contexts = contexts
    }

    /// Whether the elements of a row are in the stream.
    @inline(__always)
    func isLive(_ row: Int) -> Bool {
        scales.rowClasses[row].isLive
    }

    /// Fills in the contexts of a run of a row.
    @inline(__always)
    func fill<Word: FixedWidthInteger & UnsignedInteger>(
        _ base: UnsafePointer<Word>,
        count: Int,
        row: Int,
        column: Int,
        into contexts: UnsafeMutablePointer<UInt8>
    ) {
        let own = FloatWords.Row(
            scale: scales.rowScales[row],
            slope: scales.slope,
            shift: shift,
            contextMin: Int16(self.contexts.lowerBound),
            contextMax: Int16(self.contexts.upperBound),
            exponentShift: kind.mantissaBitCount + (Word.bitWidth - kind.width * 8),
            exponentMask: kind.exponentMask
        )
        scales.columnScales.withUnsafeBufferPointer { columnScales in
            scales.columnMasks.withUnsafeBufferPointer { columnMasks in
                guard let columnScales = columnScales.baseAddress,
                    let columnMasks = columnMasks.baseAddress
                else { return }
                FloatWords.contexts(
                    base,
                    count: count,
                    own,
                    columnScales: columnScales + column,
                    columnMasks: columnMasks + column,
                    into: contexts
                )
            }
        }
    }
}
