import Testing

@testable import TensorCoding

struct PlaneKernelsTests {
    @Test
    func monotoneIntegersAreInTheOrderOfTheFloats() {
        let ordered: [Float] = [
            -.infinity, -3e38, -1, -.leastNonzeroMagnitude, -0.0, 0.0, .leastNonzeroMagnitude, 0.5, 1, 3e38, .infinity,
        ]
        let integers = ordered.map { PlaneKernels.monotone($0.bitPattern) }
        for (left, right) in zip(integers, integers.dropFirst()) { #expect(left < right) }
        for bits in stride(from: UInt32(0), to: .max - 70_000, by: 65_521) {
            #expect(PlaneKernels.fromMonotone(PlaneKernels.monotone(bits)) == bits)
        }
    }

    @Test
    func planesAreTheBytesOfOneSignificance() {
        let elements: [UInt32] = [0x0102_0304, 0xA1A2_A3A4]
        var planes = [UInt8](repeating: 0, count: 8)
        PlaneKernels.split(elements, count: 2, into: &planes)
        #expect(planes == [0x01, 0xA1, 0x02, 0xA2, 0x03, 0xA3, 0x04, 0xA4])
        var joined: [UInt32] = [0, 0]
        PlaneKernels.join(planes, planeCount: 2, count: 2, into: &joined)
        #expect(joined == elements)
    }
}
