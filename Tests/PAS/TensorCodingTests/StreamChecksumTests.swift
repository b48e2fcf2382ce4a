import TestSupport
import Testing

@testable import TensorCoding

struct StreamChecksumTests {
    private func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { StreamChecksum.of($0) }
    }

    @Test(arguments: [0, 1, 7, 8, 63, 64, 65, 200, 1000])
    func everyFlippedBitAndEveryLengthTells(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let sum = checksum(bytes)
        for bit in 0..<count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(checksum(damaged) != sum)
        }
        #expect(checksum(bytes + [0]) != sum)
        #expect(checksum(Array(repeating: 0, count: count)) != checksum(Array(repeating: 0, count: count + 1)))
    }

    @Test
    func itIsTheSameOnEveryMachine() {
        #expect(checksum([]) == StreamChecksum.ofNothing)
        #expect(checksum(Array("archives of models".utf8)) == 0x7FBF_69D1_92A4_3FF8)
    }
}
