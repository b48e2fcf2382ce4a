import TestSupport
import Testing

@testable import TensorCoding

struct BinaryCoderTests {
    @Test(arguments: 0..<20)
    func bitsAndNumbersComeBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bias = Int.random(in: 1...99, using: &generator)
        let bits = (0..<2000).map { _ in Int.random(in: 0..<100, using: &generator) < bias }
        let numbers = bits.map { _ in Int.random(in: 0..<64, using: &generator) }
        var encoder = BinaryEncoder()
        var model = BitModel()
        let tree = BitTree(bitCount: 6)
        for (bit, number) in zip(bits, numbers) {
            encoder.encode(bit, &model)
            tree.encode(number, to: &encoder)
            encoder.encodeRaw(number, bitCount: 6)
        }
        let bytes = encoder.finish()
        bytes.withUnsafeBytes { bytes in
            var decoder = BinaryDecoder(bytes)
            var model = BitModel()
            let tree = BitTree(bitCount: 6)
            for (bit, number) in zip(bits, numbers) {
                #expect(decoder.decode(&model) == bit)
                #expect(tree.decode(from: &decoder) == number)
                #expect(decoder.decodeRaw(bitCount: 6) == number)
            }
            #expect(!decoder.isExhausted)
        }
    }

    @Test(arguments: [1, 10, 1000, 20_000])
    func likelyBitsAtTheEndAreNotTakenForMissing(count: Int) {
        var encoder = BinaryEncoder()
        var model = BitModel()
        for _ in 0..<count { encoder.encode(false, &model) }
        let bytes = encoder.finish()
        bytes.withUnsafeBytes { bytes in
            var decoder = BinaryDecoder(bytes)
            var model = BitModel()
            var ones = 0
            for _ in 0..<count { ones += decoder.decode(&model) ? 1 : 0 }
            #expect(ones == 0 && !decoder.isExhausted)
        }
    }

    @Test
    func likelyBitsCostLittle() {
        var encoder = BinaryEncoder()
        var model = BitModel()
        for index in 0..<8000 { encoder.encode(index % 100 == 0, &model) }
        #expect(encoder.finish().count < 130)
    }
}
