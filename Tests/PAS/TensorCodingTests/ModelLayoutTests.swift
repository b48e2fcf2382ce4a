import TestSupport
import Testing

@testable import TensorCoding

struct ModelLayoutTests {
    @Test
    func layoutsHaveTheNumbersOfTheFormat() {
        #expect(ModelLayout.allCases.map(\.rawValue) == [0, 1])
        #expect(ModelLayout(forElements: 1 << 18 - 1) == .coded)
        #expect(ModelLayout(forElements: 1 << 18) == .framed)
    }

    /// Rows that stay, that decay, scales far from one another: what a model can say, in both layouts.
    @Test(arguments: ModelLayout.allCases, [ElementKind.float32, .bfloat16])
    func aModelComesBack(layout: ModelLayout, kind: ElementKind) throws {
        var generator = SeededGenerator(seed: 5)
        var shape = RowLayout()
        shape.append(shape: [40, 30])
        shape.append(shape: [7])
        shape.append(shape: [1, 50])
        let rows = SegmentRows(shape, elements: 0..<40 * 30 + 57)
        var model = ScaleModel(rows)
        model.slope = -77
        model.decay = (0..<1 << WeightDecay.indexBitCount(of: kind)).map { _ in
            .random(in: -3...3, using: &generator)
        }
        for row in 0..<rows.rowCount {
            model.rowClasses[row] = ScaleModel.RowClass(rawValue: .random(in: 0...3, using: &generator)) ?? .same
            guard model.rowClasses[row].isLive else { continue }
            // Now and then so far away that it is written as it is.
            let far = row % 9 == 0 ? 2000 : 20
            model.rowScales[row] = Int16(Int.random(in: -far...far, using: &generator)) << 3
        }
        for column in 0..<rows.columnCount {
            model.columnMasks[column] = column % 4 == 0 ? 0 : 255
            guard model.columnMasks[column] > 0 else { continue }
            model.columnScales[column] = Int16(Int.random(in: -300...300, using: &generator)) << 3
        }
        var writer = ModelWriter(layout)
        model.encode(rows, to: &writer)
        let bytes = try writer.finish(ExponentCompressor())
        try bytes.withUnsafeBytes { bytes in
            var reader = try ModelReader(bytes, layout, hasFactors: false, symbolCountMax: 5000)
            let read = ScaleModel(rows, kind: kind, from: &reader)
            #expect(reader.isAtEnd)
            #expect(read.rowClasses == model.rowClasses && read.rowScales == model.rowScales)
            #expect(read.columnMasks == model.columnMasks && read.columnScales == model.columnScales)
            #expect(read.slope == model.slope && read.decay == model.decay)
            if layout == .framed {
                // More than there is.
                _ = ScaleModel(rows, kind: kind, from: &reader)
                #expect(!reader.isAtEnd)
                #expect(throws: TensorCodingError.self) {
                    try ModelReader(bytes, layout, hasFactors: false, symbolCountMax: 100)
                }
            }
        }
    }

    @Test(arguments: [ElementKind.float32, .float16], [DeltaLayout.whole, .fields])
    func segmentsOfBothLayoutsComeBack(kind: ElementKind, deltaLayout: DeltaLayout) throws {
        var hard = HardElements(seed: 6)
        let base = hard.bytes(count: 3000 * kind.width, kind: kind)
        let bytes = hard.nudged(base, kind: kind)
        var layout = RowLayout()
        layout.append(shape: [60, 50])
        for (factor, modelLayout) in [(1, ModelLayout.coded), (1 << 10, .framed)] {
            let codec = Codec(
                kind: kind,
                layout: layout,
                deltaLayout: deltaLayout,
                sampleFactor: factor
            )
            let segment = try codec.encode(bytes, base: base)
            #expect(segment.modelLayout == modelLayout)
            #expect(try codec.decode(segment, byteCount: bytes.count, base: base) == bytes)
        }
    }

    @Test
    func aPartOfLowRankHasBothLayouts() throws {
        let sample = try #require(LowRankSamples(kind: .float32))
        var codec = sample.codec
        codec.sampleFactor = 1 << 10
        let segment = try codec.encode(sample.bytes, base: sample.base)
        #expect(segment.coding == .lowRank && segment.modelLayout == .framed)
        let decoded = try codec.decode(segment, byteCount: sample.bytes.count, base: sample.base)
        #expect(decoded == sample.bytes)
    }
}
