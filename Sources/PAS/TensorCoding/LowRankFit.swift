import Foundation

/// Finds the part of a segment's change that is a matrix of low rank (``LowRankDelta``).
///
/// The change of a band, its rows and columns scaled to one size, is multiplied with a few random vectors
/// and back, twice: what they span then holds the largest singular vectors, nearly (N. Halko,
/// P. Martinsson, J. Tropp, "Finding structure with randomness", arXiv:0909.4061, algorithm 4.4). The same
/// segment gives the same factors, whatever the number of cores.
final class LowRankFit<Word: FixedWidthInteger & UnsignedInteger> {
    /// What is added to the base.
    let delta: LowRankDelta
    /// The base with it.
    let predictedBase: UnsafePointer<Word>

    private let rows: SegmentRows
    /// The rows of each band that have codes.
    private let liveRows: [[Int]]

    /// Looks for such a part.
    ///
    /// - Returns: Nil if no band of the segment would gain by it.
    init?(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        rows: SegmentRows,
        kind: ElementKind,
        scratch: ScratchPool<EncodingScratch>
    ) throws {
        self.rows = rows
        var parts: [LowRankDelta.Band?] = []
        var liveRows: [[Int]] = []
        for band in rows.bands {
            let change = ScaledChange(words, base, band, kind: kind)
            parts.append(try change.flatMap { try BandFit($0).part() })
            liveRows.append(change?.rows ?? [])
        }
        self.liveRows = liveRows
        delta = LowRankDelta(bands: parts)
        let predicted = UnsafeMutablePointer<Word>.allocate(capacity: count)
        predicted.initialize(from: base, count: count)
        predictedBase = UnsafePointer(predicted)
        guard parts.contains(where: { $0 != nil }) else { return nil }
        try add(to: predicted, kind, scratch)
    }

    deinit {
        predictedBase.deallocate()
    }

    private func add(
        to words: UnsafeMutablePointer<Word>,
        _ kind: ElementKind,
        _ scratch: ScratchPool<EncodingScratch>
    ) throws {
        for (index, part) in delta.bands.enumerated() {
            guard let part else { continue }
            let (band, live) = (rows.bands[index], liveRows[index])
            _ = try concurrentMap(live.count) { place in
                try scratch.use { scratch in
                    let run = band.run(ofRow: live[place])
                    part.add(
                        to: words + run.start,
                        count: run.count,
                        row: live[place],
                        column: run.column,
                        kind: kind,
                        scratch: UnsafeMutableRawPointer(scratch.differences)
                    )
                }
            }
        }
    }

    /// Tells a model which rows and columns have codes: a reader takes them for those that change.
    func mark(_ model: inout ScaleModel) {
        for (index, part) in delta.bands.enumerated() {
            guard let part else { continue }
            let band = rows.bands[index]
            for row in liveRows[index] {
                let rowClass = model.rowClasses[band.firstRow + row]
                if !rowClass.isLive {
                    model.rowClasses[band.firstRow + row] =
                        rowClass == .same ? .changed : .decayedAndChanged
                }
            }
            for column in 0..<band.columnCount where part.hasCode(ofColumn: column) {
                model.columnMasks[band.columnBase + column] = 255
            }
        }
    }
}

extension SegmentRows.Band {
    /// The elements of a row that lie in the segment: the first and the last row may be cut.
    func run(ofRow row: Int) -> (start: Int, count: Int, column: Int) {
        let first = max(0, row * columnCount - firstColumn)
        let end = min(count, (row + 1) * columnCount - firstColumn)
        return (start + first, end - first, (first + firstColumn) % columnCount)
    }
}

extension LowRankDelta.Band {
    /// Whether any component has a code of a column that is not zero.
    func hasCode(ofColumn column: Int) -> Bool {
        (0..<rank).contains { columnCodes[place($0, column: column)] != 0 }
    }
}

/// The change of the rows of a band that change, scaled so that rows and columns change alike.
private final class ScaledChange {
    /// The rows, counted from the band's first.
    let rows: [Int]
    let rowCount: Int
    let columnCount: Int
    /// Eighths of a power of two that rows and columns were divided by.
    let rowScales: [Int16]
    let columnScales: [Int16]
    /// By row of those that change, then by column.
    let values: UnsafePointer<Float>
    /// The sum of the squares of the values.
    let squareSum: Double

    /// Fewer rows that change tell no directions.
    private static let rowCountMin = 32
    /// Of the mean of their row and column: larger ones would rule the squares.
    private static let limit: Float = 8

    /// Takes the difference of a band's elements; nil if too few change.
    init?<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        _ band: SegmentRows.Band,
        kind: ElementKind
    ) {
        guard band.columnCount >= LowRankDelta.columnCountMin, band.rowCount >= Self.rowCountMin
        else { return nil }
        let rows = (0..<band.rowCount).filter { row in
            let run = band.run(ofRow: row)
            let size = run.count * MemoryLayout<Word>.size
            return memcmp(words + run.start, base + run.start, size) != 0
        }
        guard rows.count >= Self.rowCountMin else { return nil }
        self.rows = rows
        rowCount = band.rowCount
        columnCount = band.columnCount
        let columnCount = band.columnCount
        let values = UnsafeMutablePointer<Float>.allocate(capacity: rows.count * columnCount)
        values.initialize(repeating: 0, count: rows.count * columnCount)
        self.values = UnsafePointer(values)
        var rowScales = [Int16](repeating: 0, count: band.rowCount)
        var columnSums = [Float](repeating: 0, count: columnCount)
        for (place, row) in rows.enumerated() {
            let run = band.run(ofRow: row)
            let target = values + (place * columnCount + run.column)
            FloatWords.change(
                words + run.start,
                base + run.start,
                count: run.count,
                kind: kind,
                into: target
            )
            let scale = Self.scale(ofMean: Self.sum(target, run.count, abs) / Float(run.count))
            rowScales[row] = scale
            let power = LowRankDelta.power(-Int(scale))
            columnSums.withUnsafeMutableBufferPointer { sums in
                for column in 0..<run.count {
                    target[column] *= power
                    sums[run.column + column] += abs(target[column])
                }
            }
        }
        let columnScales = columnSums.map { Self.scale(ofMean: $0 / Float(rows.count)) }
        let powers = columnScales.map { LowRankDelta.power(-Int($0)) }
        var squareSum = 0.0
        for place in rows.indices {
            let row = values + place * columnCount
            powers.withUnsafeBufferPointer { powers in
                for column in 0..<columnCount {
                    row[column] = max(-Self.limit, min(Self.limit, row[column] * powers[column]))
                }
            }
            squareSum += Double(Self.sum(row, columnCount) { $0 * $0 })
        }
        self.squareSum = squareSum
        self.rowScales = rowScales
        self.columnScales = columnScales
    }

    deinit {
        values.deallocate()
    }

    /// The sum of what a function makes of values, in four sums side by side.
    @inline(__always)
    private static func sum(
        _ values: UnsafePointer<Float>,
        _ count: Int,
        _ value: (Float) -> Float
    ) -> Float {
        var sums: (Float, Float, Float, Float) = (0, 0, 0, 0)
        var place = 0
        while place + 4 <= count {
            sums.0 += value(values[place])
            sums.1 += value(values[place + 1])
            sums.2 += value(values[place + 2])
            sums.3 += value(values[place + 3])
            place += 4
        }
        while place < count {
            sums.0 += value(values[place])
            place += 1
        }
        return sums.0 + sums.1 + (sums.2 + sums.3)
    }

    private static func scale(ofMean mean: Float) -> Int16 {
        guard mean > 0, mean.isFinite else { return 0 }
        return Int16(max(-240, min(240, (log2(Double(mean)) * 8).rounded())))
    }
}

/// The largest singular vectors of a band's change.
private struct BandFit {
    private let change: ScaledChange

    /// More vectors than the highest rank that is used, for those to be exact enough.
    private static var width: Int { VectorLanes.count }
    private static var roundCount: Int { 2 }

    /// Eight components more must save this share of the bits that are left, for they cost time.
    private static var gainMin: Double { 0.01 }
    /// About how many bits a live element takes, and a code.
    private static var bitsOfElement: Double { 10 }
    private static var bitsOfCode: Double { 5 }

    init(_ change: ScaledChange) {
        self.change = change
    }

    /// The part of the change that is worth its codes.
    func part() throws -> LowRankDelta.Band? {
        let left = VectorLanes(change.rows.count)
        let right = VectorLanes(change.columnCount)
        right.fillRandomly()
        for _ in 0..<Self.roundCount {
            try multiply(right, into: left)
            try multiplyTransposed(left, into: right)
            right.orthonormalize()
        }
        try multiply(right, into: left)
        let axes = SymmetricEigenvectors(of: left.products())
        let rank = rank(axes.values)
        guard rank > 0 else { return nil }
        return part(rank, axes, left, right)
    }

    /// The rank that saves the most, as far as squares tell.
    private func rank(_ energies: [Double]) -> Int {
        let count = Double(change.rows.count * change.columnCount)
        var rest = change.squareSum
        let codes = Double(change.rows.count + change.columnCount)
        var rank = 0
        while rank + LowRankDelta.rankStep < Self.width {
            let step = energies[rank..<rank + LowRankDelta.rankStep].reduce(0, +)
            guard step < rest else { break }
            let saved = 0.5 * log2(rest / (rest - step)) * count
            let cost = codes * Double(LowRankDelta.rankStep) * Self.bitsOfCode
            guard saved - cost > Self.gainMin * Self.bitsOfElement * count else { break }
            rest -= step
            rank += LowRankDelta.rankStep
        }
        return rank
    }

    // MARK: - Codes

    /// The codes of the largest components.
    private func part(
        _ rank: Int,
        _ axes: SymmetricEigenvectors,
        _ left: VectorLanes,
        _ right: VectorLanes
    ) -> LowRankDelta.Band {
        var part = LowRankDelta.Band(
            rank: rank,
            rowCount: change.rowCount,
            columnCount: change.columnCount
        )
        let (left, right) = (left.rotated(by: axes, count: rank), right.rotated(by: axes, count: rank))
        // Both sides of a component get the root of its weight, so that codes of both scatter alike.
        for component in 0..<rank {
            let weight = Float(max(axes.values[component], 1e-30).squareRoot().squareRoot())
            left.scale(component, by: 1 / weight)
            right.scale(component, by: weight)
        }
        let steps = (left: Self.step(left), right: Self.step(right))
        for (place, row) in change.rows.enumerated() {
            part.rowScales[row] = change.rowScales[row] + steps.left + steps.right
            for component in 0..<rank {
                part.rowCodes[row * rank + component] =
                    Self.code(left[place][component], steps.left)
            }
        }
        part.columnScales = change.columnScales
        for column in 0..<change.columnCount {
            for component in 0..<rank {
                part.columnCodes[part.place(component, column: column)] =
                    Self.code(right[column][component], steps.right)
            }
        }
        return part
    }

    /// A code of one, in eighths of a power of two: four deviations of the largest component are the
    /// largest code. Finer steps would cost more bits than they save.
    private static func step(_ vectors: VectorLanes) -> Int16 {
        let squares = (0..<vectors.length).reduce(Float(0)) { $0 + vectors[$1][0] * vectors[$1][0] }
        let deviation = Double(squares / Float(vectors.length)).squareRoot()
        let step = log2(max(deviation, 1e-30) * 4 / Double(LowRankDelta.codeMax)) * 8
        return Int16(max(-240, min(240, step.rounded())))
    }

    private static func code(_ value: Float, _ step: Int16) -> Int16 {
        let most = Float(LowRankDelta.codeMax)
        return Int16(max(-most, min(most, (value * LowRankDelta.power(-Int(step))).rounded())))
    }

    // MARK: - Products

    /// The products of the change's rows with vectors.
    private func multiply(_ right: VectorLanes, into left: VectorLanes) throws {
        let columnCount = change.columnCount
        _ = try concurrentParts(change.rows.count) { rows in
            for row in rows {
                let (own, target) = (change.values + row * columnCount, left[row])
                VectorLanes.clear(target)
                var column = 0
                while column < columnCount {
                    let count = min(4, columnCount - column)
                    VectorLanes.add(right[column], own + column, 1, count: count, to: target)
                    column += count
                }
            }
        }
    }

    /// The products of the change's columns with vectors.
    private func multiplyTransposed(_ left: VectorLanes, into right: VectorLanes) throws {
        let (rowCount, columnCount) = (change.rows.count, change.columnCount)
        _ = try concurrentParts(columnCount) { columns in
            for column in columns { VectorLanes.clear(right[column]) }
            var row = 0
            while row < rowCount {
                let count = min(4, rowCount - row)
                let own = change.values + row * columnCount
                for column in columns {
                    VectorLanes.add(
                        left[row],
                        own + column,
                        columnCount,
                        count: count,
                        to: right[column]
                    )
                }
                row += count
            }
        }
    }
}

/// Thirty-two vectors, the elements of one place together.
///
/// Loops over them are plain, for that is what compilers make vectors of, and what runs fast enough where
/// they do not optimise.
private final class VectorLanes: @unchecked Sendable {
    // Unchecked: threads write to places of their own.
    static let count = 32

    /// The number of places.
    let length: Int
    private let values: UnsafeMutablePointer<Float>

    init(_ length: Int) {
        self.length = length
        values = .allocate(capacity: length * Self.count)
        values.initialize(repeating: 0, count: length * Self.count)
    }

    deinit {
        values.deallocate()
    }

    /// The elements of a place.
    subscript(place: Int) -> UnsafeMutablePointer<Float> {
        @inline(__always) get { values + place * Self.count }
    }

    @inline(__always)
    static func clear(_ target: UnsafeMutablePointer<Float>) {
        for lane in 0..<count { target[lane] = 0 }
    }

    /// Adds the elements of up to four places that follow each other, times a factor each.
    @inline(__always)
    static func add(
        _ places: UnsafePointer<Float>,
        _ factors: UnsafePointer<Float>,
        _ stride: Int,
        count placeCount: Int,
        to target: UnsafeMutablePointer<Float>
    ) {
        guard placeCount == 4 else {
            for place in 0..<placeCount {
                let factor = factors[place * stride]
                for lane in 0..<count { target[lane] += places[place * count + lane] * factor }
            }
            return
        }
        let (one, two) = (factors[0], factors[stride])
        let (three, four) = (factors[2 &* stride], factors[3 &* stride])
        var lane = 0
        while lane < count {
            let low = places[lane] * one + places[lane &+ count] * two
            let high = places[lane &+ 2 &* count] * three + places[lane &+ 3 &* count] * four
            target[lane] += low + high
            lane &+= 1
        }
    }

    func fillRandomly() {
        // SplitMix64 (G. Steele and others): signs are random enough.
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for place in 0..<length {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
            bits ^= bits >> 31
            for lane in 0..<Self.count { self[place][lane] = bits >> UInt64(lane) & 1 == 1 ? 1 : -1 }
        }
    }

    /// The sums of products of every two vectors.
    func products() -> [[Double]] {
        let sums = VectorLanes(Self.count)
        for place in 0..<length {
            let own = self[place]
            for lane in 0..<Self.count {
                Self.add(own, own + lane, 1, count: 1, to: sums[lane])
            }
        }
        return (0..<Self.count).map { row in (0..<Self.count).map { Double(sums[row][$0]) } }
    }

    /// Makes the vectors orthogonal and of length one, by the triangular factor of their products
    /// (A.-L. Cholesky), twice, since once is not exact.
    func orthonormalize() {
        for _ in 0..<2 { combine(Self.inverseFactor(products())) }
    }

    /// The vectors along some axes.
    func rotated(by axes: SymmetricEigenvectors, count: Int) -> VectorLanes {
        let rotated = VectorLanes(length)
        rotated.values.update(from: values, count: length * Self.count)
        let columns = (0..<Self.count).map { row in
            (0..<Self.count).map { $0 < count ? axes.vectors[$0][row] : 0 }
        }
        rotated.combine(columns)
        return rotated
    }

    func scale(_ lane: Int, by factor: Float) {
        for place in 0..<length { self[place][lane] *= factor }
    }

    /// Replaces the vectors by sums of them: that of a lane is the sum of those of rows, times the elements
    /// of the lane's column.
    private func combine(_ matrix: [[Double]]) {
        let factors = VectorLanes(Self.count)
        for row in 0..<Self.count {
            for lane in 0..<Self.count { factors[row][lane] = Float(matrix[row][lane]) }
        }
        let sum = VectorLanes(1)
        for place in 0..<length {
            Self.clear(sum[0])
            for row in stride(from: 0, to: Self.count, by: 4) {
                Self.add(factors[row], self[place] + row, 1, count: 4, to: sum[0])
            }
            self[place].update(from: sum[0], count: Self.count)
        }
    }

    /// The inverse of the triangular factor of a matrix of products: of lanes that depend on others, zero.
    private static func inverseFactor(_ products: [[Double]]) -> [[Double]] {
        let largest = (0..<count).map { products[$0][$0] }.max() ?? 0
        var factor = products
        var inverse = (0..<count).map { row in (0..<count).map { $0 == row ? 1.0 : 0 } }
        for pivot in 0..<count {
            let square = factor[pivot][pivot]
            guard square > largest * 1e-12, square > 0 else {
                for row in 0..<count { inverse[row][pivot] = 0 }
                continue
            }
            let length = square.squareRoot()
            for row in 0..<count { inverse[row][pivot] /= length }
            for other in pivot + 1..<count {
                let share = factor[pivot][other] / square
                for place in other..<count {
                    factor[other][place] -= share * factor[pivot][place]
                }
                for row in 0..<count { inverse[row][other] -= share * length * inverse[row][pivot] }
            }
        }
        return inverse
    }
}

/// The eigenvectors of a small symmetric matrix, by C. Jacobi's rotations, the largest values first.
struct SymmetricEigenvectors {
    private(set) var values: [Double]
    private(set) var vectors: [[Double]]

    init(of matrix: [[Double]]) {
        let size = matrix.count
        var matrix = matrix
        var rotated = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0 } }
        for _ in 0..<30 {
            var off = 0.0
            var total = 0.0
            for row in 0..<size {
                for column in 0..<size {
                    total += matrix[row][column] * matrix[row][column]
                    if row != column { off += matrix[row][column] * matrix[row][column] }
                }
            }
            guard off > total * 1e-18 else { break }
            for first in 0..<size {
                for second in first + 1..<size where matrix[first][second] != 0 {
                    Self.rotate(&matrix, &rotated, first, second)
                }
            }
        }
        let order = (0..<size).sorted { matrix[$0][$0] > matrix[$1][$1] }
        values = order.map { max(0, matrix[$0][$0]) }
        vectors = order.map { rotated[$0] }
    }

    /// Makes the element of two rows zero.
    private static func rotate(
        _ matrix: inout [[Double]],
        _ rotated: inout [[Double]],
        _ first: Int,
        _ second: Int
    ) {
        let size = matrix.count
        let slope = (matrix[second][second] - matrix[first][first]) / (2 * matrix[first][second])
        let tangent = (slope < 0 ? -1.0 : 1) / (abs(slope) + (slope * slope + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        for place in 0..<size {
            let (one, two) = (matrix[place][first], matrix[place][second])
            matrix[place][first] = cosine * one - sine * two
            matrix[place][second] = sine * one + cosine * two
        }
        for place in 0..<size {
            let (one, two) = (matrix[first][place], matrix[second][place])
            matrix[first][place] = cosine * one - sine * two
            matrix[second][place] = sine * one + cosine * two
            let (left, right) = (rotated[first][place], rotated[second][place])
            rotated[first][place] = cosine * left - sine * right
            rotated[second][place] = sine * left + cosine * right
        }
    }
}
