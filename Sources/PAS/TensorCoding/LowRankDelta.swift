/// The part of a segment's change that is a matrix of low rank: added to the base before differences are
/// taken.
///
/// A gradient is a sum of outer products, and a step of training is close to few of them (E. Hu and
/// others, "LoRA", arXiv:2106.09685, rest on it). To the element in row i and column j of a band is
/// added
///
///     2^(ρᵢ/8) · 2^(γⱼ/8) · Σₖ uᵢₖ·vⱼₖ
///
/// The sum is one of small integers, hence exact. The two products and the addition are rounded once each
/// to single precision, the result once more where elements are shorter: IEEE 754 leaves no choice, so
/// every machine gets the same bits. Elements that are no finite numbers stay.
struct LowRankDelta: Sendable {
    /// Codes are -31…31, and there are at most 32 components: their sums of products fit 16 bits.
    static let codeMax = 31
    static let rankMax = 32
    /// Ranks are multiples of it.
    static let rankStep = 8
    /// Narrower bands have no such part: so its memory is bounded by that of the segment.
    static let columnCountMin = 64
    /// The columns whose codes lie together.
    static let blockSize = 8
    /// Powers beyond 2^±60 are taken for those, so that no product is undefined.
    private static let scaleMax = 480

    /// The factors of a band.
    struct Band: Sendable {
        let rank: Int
        /// ρ: eighths of a power of two, by row.
        var rowScales: [Int16]
        /// γ: eighths of a power of two, by column.
        var columnScales: [Int16]
        /// u: by row, then by component.
        var rowCodes: [Int16]
        /// v: by block of eight columns, then by component, then by column.
        var columnCodes: [Int16]

        private var rowPowers: [Float] = []
        private var columnPowers: [Float] = []

        init(rank: Int, rowCount: Int, columnCount: Int) {
            self.rank = rank
            rowScales = Array(repeating: 0, count: rowCount)
            columnScales = Array(repeating: 0, count: columnCount)
            rowCodes = Array(repeating: 0, count: rowCount * rank)
            let blocks = (columnCount + blockSize - 1) / blockSize
            columnCodes = Array(repeating: 0, count: blocks * rank * blockSize)
        }

        /// The place of a column's code.
        func place(_ component: Int, column: Int) -> Int {
            let (block, lane) = column.quotientAndRemainder(dividingBy: blockSize)
            return (block * rank + component) * blockSize + lane
        }

        /// Computes the powers of the scales, which adding needs.
        mutating func prepare() {
            rowPowers = rowScales.map { power(Int($0)) }
            columnPowers = columnScales.map { power(Int($0)) }
        }

        var byteCount: Int {
            2 * (rowCodes.count + columnCodes.count) + 6 * (rowScales.count + columnScales.count)
        }

        /// Adds the part to a run of a row.
        ///
        /// - Parameters:
        ///   - row: The number of the row in the band.
        ///   - column: The number of the first column in the band.
        ///   - scratch: Room for two bytes a column, and a block more.
        @inline(__always)
        func add<Word: FixedWidthInteger & UnsignedInteger>(
            to words: UnsafeMutablePointer<Word>,
            count: Int,
            row: Int,
            column: Int,
            kind: ElementKind,
            scratch: UnsafeMutableRawPointer
        ) {
            let firstBlock = column / blockSize
            let blockCount = (column + count + blockSize - 1) / blockSize - firstBlock
            rowCodes.withUnsafeBufferPointer { rowCodes in
                columnCodes.withUnsafeBufferPointer { columnCodes in
                    guard let rowCodes = rowCodes.baseAddress,
                        let columnCodes = columnCodes.baseAddress
                    else { return }
                    addProducts(
                        rowCodes + row * rank,
                        columnCodes + firstBlock * rank * blockSize,
                        rank: rank,
                        blockCount: blockCount,
                        into: scratch
                    )
                }
            }
            let sums = UnsafePointer(scratch.assumingMemoryBound(to: Int16.self))
            columnPowers.withUnsafeBufferPointer { columnPowers in
                guard let columnPowers = columnPowers.baseAddress else { return }
                FloatWords.add(
                    sums + (column - firstBlock * blockSize),
                    rowPower: rowPowers[row],
                    columnPowers: columnPowers + column,
                    to: words,
                    count: count,
                    kind: kind
                )
            }
        }
    }

    /// By band of the segment; nil where there is no such part.
    private(set) var bands: [Band?]

    init(bands: [Band?]) {
        self.bands = bands
        for index in self.bands.indices { self.bands[index]?.prepare() }
    }

    /// Adds the part to a run of a row.
    ///
    /// - Parameters:
    ///   - row: The number of the row in the segment.
    ///   - column: The number of the first column in the segment.
    ///   - scratch: Room for two bytes a column, and a block more.
    @inline(__always)
    func add<Word: FixedWidthInteger & UnsignedInteger>(
        to words: UnsafeMutablePointer<Word>,
        count: Int,
        row: Int,
        column: Int,
        _ rows: SegmentRows,
        kind: ElementKind,
        scratch: UnsafeMutableRawPointer
    ) {
        let index = rows.bandIndex(ofRow: row)
        guard let part = bands[index] else { return }
        part.add(
            to: words,
            count: count,
            row: row - rows.bands[index].firstRow,
            column: column - rows.bands[index].columnBase,
            kind: kind,
            scratch: scratch
        )
    }

    /// The memory that it takes.
    var byteCount: Int { bands.reduce(0) { $0 + ($1?.byteCount ?? 0) } }

    /// 2^(eighths/8), the same bits everywhere.
    static func power(_ eighths: Int) -> Float {
        let eighths = max(-scaleMax, min(scaleMax, eighths))
        return Float(sign: .plus, exponent: eighths >> 3, significand: roots[eighths & 7])
    }

    private static let roots: [Float] = [
        1, 0x1.172b84p0, 0x1.306fep0, 0x1.4bfdaep0, 0x1.6a09e6p0, 0x1.8ace54p0, 0x1.ae89fap0,
        0x1.d5818ep0,
    ]

    /// Sums up the products of a row's codes with those of columns.
    @inline(__always)
    private static func addProducts(
        _ row: UnsafePointer<Int16>,
        _ columns: UnsafePointer<Int16>,
        rank: Int,
        blockCount: Int,
        into sums: UnsafeMutableRawPointer
    ) {
        // 16-bit products and sums are what every x86-64 has eight lanes for.
        let size = MemoryLayout<SIMD8<Int16>>.size
        withUnsafeTemporaryAllocation(of: SIMD8<Int16>.self, capacity: rankMax) { factors in
            guard let factors = factors.baseAddress else { return }
            for component in 0..<rank { factors[component] = SIMD8(repeating: row[component]) }
            var column = UnsafeRawPointer(columns)
            var place = 0
            while place < blockCount &* size {
                var even = SIMD8<Int16>()
                var odd = even
                var component = 0
                while component < rank {
                    let one = column.loadUnaligned(as: SIMD8<Int16>.self)
                    let two = column.loadUnaligned(fromByteOffset: size, as: SIMD8<Int16>.self)
                    even &+= one &* factors[component]
                    odd &+= two &* factors[component &+ 1]
                    column += 2 &* size
                    component &+= 2
                }
                sums.storeBytes(of: even &+ odd, toByteOffset: place, as: SIMD8<Int16>.self)
                place &+= size
            }
        }
    }
}

// MARK: - Serialization

/// Ranks and scales go to the coder of the scales, codes into a zstd frame a component: those of the rows
/// that change, then those of the columns that do.
extension LowRankDelta {
    /// Appends ranks and scales.
    func encode(_ rows: SegmentRows, _ scales: ScaleModel, to writer: inout ModelWriter) {
        for (part, band) in zip(bands, rows.bands) {
            writer.write((part?.rank ?? 0) / Self.rankStep, bitCount: 3)
            guard let part else { continue }
            var coder = ScaleCoder()
            for row in scales.liveRows(of: band) {
                coder.encode(Int(part.rowScales[row]), to: &writer)
            }
            coder = ScaleCoder()
            for column in scales.liveColumns(of: band) {
                coder.encode(Int(part.columnScales[column]), to: &writer)
            }
        }
    }

    /// The frames of the codes.
    func frames(
        _ rows: SegmentRows,
        _ scales: ScaleModel,
        _ compressor: ExponentCompressor
    ) throws(TensorCodingError) -> [UInt8] {
        var frames: [UInt8] = []
        for (part, band) in zip(bands, rows.bands) {
            guard let part else { continue }
            let (liveRows, liveColumns) = (scales.liveRows(of: band), scales.liveColumns(of: band))
            for component in 0..<part.rank {
                let codes =
                    liveRows.map { part.rowCodes[$0 * part.rank + component] }
                    + liveColumns.map { part.columnCodes[part.place(component, column: $0)] }
                try compressor.append(
                    codes.map { UInt8(truncatingIfNeeded: $0) },
                    to: &frames
                )
            }
        }
        return frames
    }

    /// Reads ranks and scales, then codes.
    ///
    /// - Throws: ``TensorCodingError`` if they are none of such a segment.
    init(
        _ rows: SegmentRows,
        _ scales: ScaleModel,
        from reader: inout ModelReader
    ) throws(TensorCodingError) {
        var parts: [Band?] = []
        for band in rows.bands {
            let rank = reader.number(bitCount: 3) * Self.rankStep
            guard rank > 0 else {
                parts.append(nil)
                continue
            }
            guard rank <= Self.rankMax, band.columnCount >= Self.columnCountMin else {
                throw TensorCodingError(.damaged, "a delta has an impossible rank")
            }
            var part = Band(rank: rank, rowCount: band.rowCount, columnCount: band.columnCount)
            var coder = ScaleCoder()
            for row in scales.liveRows(of: band) {
                part.rowScales[row] = Int16(truncatingIfNeeded: coder.decode(from: &reader))
            }
            coder = ScaleCoder()
            for column in scales.liveColumns(of: band) {
                part.columnScales[column] = Int16(truncatingIfNeeded: coder.decode(from: &reader))
            }
            parts.append(part)
        }
        let factors = reader.factors
        parts = try ZstdDecompressor.withIdle { (decompressor) throws(TensorCodingError) in
            try Self.reading(factors, of: parts, rows, scales, decompressor)
        }
        self.init(bands: parts)
    }

    /// Gives parts their codes.
    private static func reading(
        _ frames: UnsafeRawBufferPointer,
        of parts: [Band?],
        _ rows: SegmentRows,
        _ scales: ScaleModel,
        _ decompressor: ZstdDecompressor
    ) throws(TensorCodingError) -> [Band?] {
        var parts = parts
        var rest = frames
        for (index, band) in rows.bands.enumerated() {
            guard var part = parts[index] else { continue }
            let (liveRows, liveColumns) = (scales.liveRows(of: band), scales.liveColumns(of: band))
            var codes = [Int8](repeating: 0, count: liveRows.count + liveColumns.count)
            for component in 0..<part.rank {
                rest = try decompressor.decompressFirst(of: rest, into: &codes)
                guard codes.allSatisfy({ abs(Int($0)) <= codeMax }) else {
                    throw TensorCodingError(.damaged, "a factor of a delta is out of bounds")
                }
                for (code, row) in zip(codes, liveRows) {
                    part.rowCodes[row * part.rank + component] = Int16(code)
                }
                for (code, column) in zip(codes[liveRows.count...], liveColumns) {
                    part.columnCodes[part.place(component, column: column)] = Int16(code)
                }
            }
            parts[index] = part
        }
        guard rest.isEmpty else {
            throw TensorCodingError(.damaged, "a delta has more factors than its rank")
        }
        return parts
    }
}
