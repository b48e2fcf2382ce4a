/// How the elements of a content form rows and columns.
///
/// The weights into one neuron are a row, and change alike; so do those that read one input. A content
/// of one tensor is one band; one that bundles small tensors has a band a tensor.
public struct RowLayout: Hashable, Sendable {
    /// Rows of one length.
    public struct Band: Hashable, Sendable {
        /// The number of rows.
        public let rowCount: Int
        /// The elements of a row.
        public let columnCount: Int

        /// Creates a band; both numbers must be positive.
        public init(rowCount: Int, columnCount: Int) {
            self.rowCount = rowCount
            self.columnCount = columnCount
        }
    }

    /// The bands in the order of the elements. Elements behind the last are rows of
    /// ``defaultColumnCount``.
    public private(set) var bands: [Band]

    /// The columns of elements that have no shape, and of rows that are too long for statistics.
    public static let defaultColumnCount = 1024

    /// Rows longer than this are cut.
    public static let columnCountMax = 1 << 16

    /// Joins bands to a layout.
    public init(bands: [Band] = []) {
        self.bands = bands
    }

    /// Appends a tensor: its first dimension counts the rows.
    ///
    /// - Parameter shape: The dimensions, whose product must not overflow.
    public mutating func append(shape: [Int]) {
        var count = 1
        for dimension in shape { count = count.multipliedReportingOverflow(by: dimension).partialValue }
        guard count > 0 else { return }
        let columns = shape.count > 1 ? count / shape[0] : count
        if columns <= Self.columnCountMax, shape.count > 1 {
            append(Band(rowCount: shape[0], columnCount: columns))
        } else {
            let whole = count / Self.defaultColumnCount
            if whole > 0 { append(Band(rowCount: whole, columnCount: Self.defaultColumnCount)) }
            let rest = count - whole * Self.defaultColumnCount
            if rest > 0 { append(Band(rowCount: 1, columnCount: rest)) }
        }
    }

    private mutating func append(_ band: Band) {
        if let last = bands.last, last.columnCount == band.columnCount, band.rowCount == 1,
            last.rowCount == 1
        {
            bands[bands.count - 1] = Band(rowCount: 2, columnCount: band.columnCount)
        } else {
            bands.append(band)
        }
    }
}

/// The rows and columns of a segment: a run of the elements of a content.
///
/// Rows count from 0 in the segment, the first and the last may be cut. Columns of one band follow those
/// of the band before.
struct SegmentRows: Sendable {
    struct Band: Sendable {
        /// The first element, counted from the segment's start.
        let start: Int
        /// The elements of the band in the segment.
        let count: Int
        /// The column of the first element.
        let firstColumn: Int
        let columnCount: Int
        let firstRow: Int
        let columnBase: Int

        var rowCount: Int { (firstColumn + count + columnCount - 1) / columnCount }
    }

    private(set) var bands: [Band] = []
    private(set) var rowCount = 0
    private(set) var columnCount = 0

    /// Cuts the rows of elements out of a layout.
    init(_ layout: RowLayout, elements: Range<Int>) {
        var start = 0
        for band in layout.bands {
            // A product that overflows is a layout that lies: nothing of it counts.
            let (count, overflow) = band.rowCount.multipliedReportingOverflow(by: band.columnCount)
            guard !overflow, band.columnCount > 0, band.rowCount > 0,
                band.columnCount <= RowLayout.columnCountMax, count <= Int.max / 2 - start
            else { break }
            append(start..<start + count, columnCount: band.columnCount, elements)
            start += count
            if start >= elements.upperBound { return }
        }
        append(
            start..<max(start, elements.upperBound),
            columnCount: RowLayout.defaultColumnCount,
            elements
        )
    }

    private mutating func append(_ band: Range<Int>, columnCount: Int, _ elements: Range<Int>) {
        let part = band.clamped(to: elements)
        guard !part.isEmpty else { return }
        let added = Band(
            start: part.lowerBound - elements.lowerBound,
            count: part.count,
            firstColumn: (part.lowerBound - band.lowerBound) % columnCount,
            columnCount: columnCount,
            firstRow: rowCount,
            columnBase: self.columnCount
        )
        bands.append(added)
        rowCount += added.rowCount
        self.columnCount += columnCount
    }

    /// The number of the band of a row.
    func bandIndex(ofRow row: Int) -> Int {
        var (low, high) = (0, bands.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if bands[middle].firstRow <= row { low = middle } else { high = middle }
        }
        return low
    }

    /// Calls a function for every run of elements that lies in one row.
    @inline(__always)
    func forEachRun(
        in elements: Range<Int>,
        _ body: (_ start: Int, _ count: Int, _ row: Int, _ column: Int) -> Void
    ) {
        for band in bands where band.start < elements.upperBound {
            let end = min(elements.upperBound, band.start + band.count)
            var place = max(elements.lowerBound, band.start)
            guard place < end else { continue }
            let offset = place - band.start + band.firstColumn
            var row = band.firstRow + offset / band.columnCount
            var column = offset % band.columnCount
            while place < end {
                let count = min(band.columnCount - column, end - place)
                body(place, count, row, band.columnBase + column)
                place += count
                row += 1
                column = 0
            }
        }
    }
}
