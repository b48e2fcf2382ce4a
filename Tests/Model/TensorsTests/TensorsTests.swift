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
        #expect(TensorDescription(name: "", dtype: .f4, shape: [3]).byteCount == nil)
        #expect(TensorDescription(name: "", dtype: .f64, shape: [1 << 61]).byteCount == nil)
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
