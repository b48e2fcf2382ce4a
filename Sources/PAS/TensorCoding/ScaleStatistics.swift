import Foundation

/// How much the rows and columns of a segment change, summed up over elements that do.
///
/// The logarithm of an element's change is the bit length of its difference plus the exponent of its
/// base: in bits, but for a constant, the logarithm of the change as a number.
struct ScaleStatistics {
    private(set) var rowSums: [UInt32]
    private(set) var rowCounts: [UInt32]
    private(set) var columnSums: [UInt32]
    private(set) var columnChanges: [UInt32]

    init(_ rows: SegmentRows) {
        rowSums = Array(repeating: 0, count: rows.rowCount)
        rowCounts = rowSums
        columnSums = Array(repeating: 0, count: rows.columnCount)
        columnChanges = columnSums
    }

    /// Adds the elements of a run of chunks.
    mutating func add<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        _ elements: Range<Int>,
        _ rows: SegmentRows,
        kind: ElementKind,
        scratch: UnsafeMutablePointer<UInt32>
    ) {
        let shift = kind.mantissaBitCount
        let mask = kind.exponentMask
        rowSums.withUnsafeMutableBufferPointer { rowSums in
            rowCounts.withUnsafeMutableBufferPointer { rowCounts in
                columnSums.withUnsafeMutableBufferPointer { sums in
                    columnChanges.withUnsafeMutableBufferPointer { changes in
                        guard let sums = sums.baseAddress, let changes = changes.baseAddress else {
                            return
                        }
                        rows.forEachRun(in: elements) { start, count, row, column in
                            let size = count * MemoryLayout<Word>.size
                            guard memcmp(words + start, base + start, size) != 0 else { return }
                            FloatWords.difference(
                                words + start,
                                base + start,
                                count: count,
                                into: scratch
                            )
                            let (sum, _) = FloatWords.addLengths(
                                scratch,
                                base + start,
                                count: count,
                                exponentShift: shift,
                                exponentMask: mask,
                                columnSums: sums + column,
                                columnChanges: changes + column
                            )
                            rowSums[row] &+= sum
                            rowCounts[row] &+= UInt32(count)
                        }
                    }
                }
            }
        }
    }

    /// Adds what another part of the segment has.
    mutating func add(_ other: ScaleStatistics) {
        for row in rowSums.indices {
            rowSums[row] &+= other.rowSums[row]
            rowCounts[row] &+= other.rowCounts[row]
        }
        for column in columnSums.indices {
            columnSums[column] &+= other.columnSums[column]
            columnChanges[column] |= other.columnChanges[column]
        }
    }
}

/// Which scales a model distinguishes.
struct ScaleOptions: Hashable {
    let usesRows: Bool
    let usesColumns: Bool
}

/// Fits the scales of rows and columns, and the slope of the exponent, to the lengths of differences.
///
///     length + exponent ≈ w₀ + w₁ · exponent + w₂ · mean of the row + w₃ · mean of the column
///
/// by least squares over a sample; the decoder is told the sums' parts only.
struct ScaleFit {
    private let rows: SegmentRows
    private let statistics: ScaleStatistics
    private let rowMeans: [Double]
    private let columnMeans: [Double]

    init(
        _ statistics: ScaleStatistics,
        _ rows: SegmentRows,
        options: ScaleOptions,
        quantumBits: Int
    ) {
        self.rows = rows
        self.statistics = statistics
        let steps = Double(64 >> quantumBits)
        var rowMeans = [Double](repeating: 0, count: rows.rowCount)
        var columnMeans = [Double](repeating: 0, count: rows.columnCount)
        for band in rows.bands {
            let own = band.firstRow..<band.firstRow + band.rowCount
            let sum = own.reduce(0) { $0 + Double(statistics.rowSums[$1]) }
            let count = own.reduce(0) { $0 + Double(statistics.rowCounts[$1]) }
            let mean = sum / max(1, count)
            let usesRows = options.usesRows && band.columnCount >= 8 && band.rowCount > 1
            for row in own {
                let rowCount = Double(statistics.rowCounts[row])
                let own = Double(statistics.rowSums[row]) / max(1, rowCount)
                rowMeans[row] = ((usesRows ? own : mean) * steps).rounded() / steps
            }
            let liveRows = count / Double(band.columnCount)
            let usesColumns = options.usesColumns && liveRows >= 16
            for column in band.columnBase..<band.columnBase + band.columnCount {
                let own = Double(statistics.columnSums[column]) / max(1, liveRows)
                columnMeans[column] = ((usesColumns ? own : mean) * steps).rounded() / steps
            }
        }
        self.rowMeans = rowMeans
        self.columnMeans = columnMeans
    }

    /// The sums of products that least squares needs: of 1, exponent, row, column, length + exponent.
    private struct NormalEquations {
        private var ones = SIMD8<Double>(repeating: 0)
        private var exponents = SIMD8<Double>(repeating: 0)
        private var rows = SIMD8<Double>(repeating: 0)
        private var columns = SIMD8<Double>(repeating: 0)

        mutating func add(exponent: Double, row: Double, column: Double, sum: Double) {
            let values = SIMD8(1, exponent, row, column, sum, 0, 0, 0)
            ones += values
            exponents += values * exponent
            rows += values * row
            columns += values * column
        }

        /// The weights, by Gauss's elimination; a little is added to the diagonal, so that it ends.
        func solution() -> [Double] {
            var sums = [ones, exponents, rows, columns]
            for index in 0..<4 { sums[index][index] += 1e-3 * (1 + sums[index][index] * 1e-6) }
            for pivot in 0..<4 {
                for row in pivot + 1..<4 {
                    let factor = sums[row][pivot] / sums[pivot][pivot]
                    for column in pivot..<5 { sums[row][column] -= factor * sums[pivot][column] }
                }
            }
            var weights = [0.0, 0, 0, 0]
            for row in stride(from: 3, through: 0, by: -1) {
                var rest = sums[row][4]
                for column in row + 1..<4 { rest -= sums[row][column] * weights[column] }
                weights[row] = rest / sums[row][row]
            }
            return weights
        }
    }

    /// The elements that a fit looks at.
    private static let sampleCount = 16_384

    /// The model that fits best.
    func model<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        kind: ElementKind,
        quantumBits: Int
    ) -> ScaleModel {
        let weights = weights(words, base, count: count, kind: kind)
        var model = ScaleModel(rows)
        model.quantumBits = quantumBits
        let step = Double(1 << quantumBits)
        func units(_ bits: Double) -> Int16 {
            Int16(max(-16_000, min(24_000, (bits * 64 / step).rounded() * step)))
        }
        model.slope = Int16(max(-128, min(128, ((weights[1] - 1) * 64).rounded())))
        // The mean of the columns goes to the rows, so that both parts stay small.
        for band in rows.bands {
            let columns = band.columnBase..<band.columnBase + band.columnCount
            let mean = columnMeans[columns].reduce(0, +) / Double(band.columnCount)
            for column in columns {
                let isChanged = statistics.columnChanges[column] != 0
                model.columnMasks[column] = isChanged || band.rowCount < 16 ? 255 : 0
                model.columnScales[column] = units(weights[3] * (columnMeans[column] - mean))
            }
            for row in band.firstRow..<band.firstRow + band.rowCount
            where statistics.rowCounts[row] > 0 {
                model.rowClasses[row] = .changed
                let bits = weights[0] + weights[2] * rowMeans[row] + weights[3] * mean
                model.rowScales[row] = units(bits + Double(ScaleModel.contextOffset) / 64)
            }
        }
        return model
    }

    private func weights<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        kind: ElementKind
    ) -> [Double] {
        var equations = NormalEquations()
        // An odd distance, so that the sample does not keep to some columns.
        let distance = max(1, count / Self.sampleCount) | 1
        for band in rows.bands {
            var element = 0
            while element < band.count {
                let place = element + band.firstColumn
                let row = band.firstRow + place / band.columnCount
                if statistics.rowCounts[row] > 0 {
                    let column = band.columnBase + place % band.columnCount
                    let (length, exponent) = Self.lengths(
                        words[band.start + element],
                        base[band.start + element],
                        kind
                    )
                    if statistics.columnChanges[column] != 0 {
                        equations.add(
                            exponent: exponent,
                            row: rowMeans[row],
                            column: columnMeans[column],
                            sum: length + exponent
                        )
                    }
                }
                element += distance
            }
        }
        return equations.solution()
    }

    private static func lengths<Word: FixedWidthInteger & UnsignedInteger>(
        _ word: Word,
        _ base: Word,
        _ kind: ElementKind
    ) -> (length: Double, exponent: Double) {
        let (left, right) = (PlaneKernels.monotone(word), PlaneKernels.monotone(base))
        let magnitude = min(left &- right, right &- left)
        let exponent = UInt32(truncatingIfNeeded: base >> Word(kind.mantissaBitCount))
        return (
            Double(Word.bitWidth - magnitude.leadingZeroBitCount),
            Double(exponent & kind.exponentMask)
        )
    }
}
