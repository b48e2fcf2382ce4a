import Testing

@testable import Tensors

struct TensorsTests {
    @Test
    func shapesAreMultipliedWithCare() {
        #expect(checkedProduct([]) == 1)
        #expect(checkedProduct([2, 3, 4]) == 24)
        #expect(checkedProduct([5, 0]) == 0)
        #expect(checkedProduct([-1]) == nil)
        #expect(checkedProduct([1 << 40, 1 << 40]) == nil)
        // A zero does not excuse an overflow before it.
        #expect(checkedProduct([1 << 40, 1 << 40, 0]) == nil)
    }

    @Test
    func sizesFollowFromShapeAndType() {
        #expect(TensorDescription(name: "", dtype: .f32, shape: []).byteCount == 4)
        #expect(TensorDescription(name: "", dtype: .bf16, shape: [3]).byteCount == 6)
        #expect(TensorDescription(name: "", dtype: .f4, shape: [4]).byteCount == 2)
        #expect(TensorDescription(name: "", dtype: .f4, shape: [3]).byteCount == 2)
        #expect(TensorDescription(name: "", dtype: .f64, shape: [1 << 61]).byteCount == nil)
    }

    @Test
    func blocksCountAsAWhole() {
        #expect(TensorDescription(name: "", dtype: .q4_0, shape: [2, 64]).byteCount == 72)
        #expect(TensorDescription(name: "", dtype: .q4_0, shape: [33]).byteCount == nil)
        #expect(TensorDescription(name: "", dtype: .i2, shape: [5]).byteCount == 2)
        #expect(TensorDescription(name: "", dtype: .f6E3M2, shape: [4]).byteCount == 3)
        for dtype in DType.allCases { #expect(dtype.block.byteCount > 0, "\(dtype)") }
    }

    @Test
    func stridesSayWhereElementsLie() {
        func tensor(_ shape: [Int], _ strides: [Int]) -> TensorDescription {
            TensorDescription(name: "", dtype: .f32, shape: shape, strides: strides)
        }
        #expect(tensor([2, 3], [3, 1]).strides == nil)
        // A step along a dimension of one element is never taken.
        #expect(tensor([1, 3], [99, 1]).strides == nil)
        #expect(tensor([0, 3], [7, 7]).strides == nil)
        let turned = tensor([2, 3], [1, 2])
        #expect(turned.isFortranOrder && turned.isContiguous && turned.spannedByteCount == 24)
        let column = tensor([4], [3])
        #expect(!column.isContiguous && column.spannedByteCount == 40 && column.byteCount == 16)
        let expanded = tensor([5, 2], [0, 1])
        #expect(expanded.spannedByteCount == 8 && expanded.byteCount == 40)
        #expect(tensor([1 << 40, 2], [1 << 40, 1]).spannedByteCount == nil)
        #expect(tensor([2, 2], [-1, 1]).spannedByteCount == nil)
    }

    @Test
    func joinedPiecesReadAsOne() throws {
        let source = MemoryBytes(Array(0..<100))
        let joined = JoinedBytes(source, ranges: [10..<13, 50..<50, 0..<2, 99..<100])
        let expected: [UInt8] = [10, 11, 12, 0, 1, 99]
        #expect(joined.byteCount == 6)
        for start in 0...6 {
            for end in start...6 {
                #expect(try joined.bytes(in: start..<end) == Array(expected[start..<end]))
            }
        }
        #expect(try JoinedBytes(source, ranges: []).bytes(in: 0..<0) == [])
    }
}
