import Foundation

/// Estimates how well bytes compress from a sample of them.
enum PlaneEntropy {
    /// As many bytes of a plane as are looked at: enough for a histogram of 256 values.
    private static let sampleCount = 4096

    /// The order-0 entropy of a plane in bits a byte, from evenly spread samples.
    ///
    /// A plane that is longer than the sample reads as less than it is by about 255 / (2 · 4096 · ln 2)
    /// bits (Miller–Madow), so noise reads as 7.955.
    static func bitsPerByte(_ plane: UnsafeRawBufferPointer) -> Double {
        guard let bytes = plane.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
        let stride = max(1, plane.count / sampleCount)
        let count = (plane.count + stride - 1) / stride
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { histogram in
            histogram.initialize(repeating: 0)
            var index = 0
            while index < plane.count {
                histogram[Int(bytes[index])] &+= 1
                index &+= stride
            }
            var sum = 0.0
            for frequency in histogram where frequency > 0 {
                sum -= Double(frequency) * log2(Double(frequency) / Double(count))
            }
            return sum / Double(count)
        }
    }

    /// Above this estimate a plane is taken for noise: no coder would gain a hundredth of it.
    static let noiseBitsPerByte = 7.93
}
