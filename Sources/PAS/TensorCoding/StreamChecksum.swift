/// The checksum of a stream: 64 bits over any number of bytes.
///
/// Eight lanes of 64 bits take a word of the stream each. A step mixes the word into its lane by a
/// function that is one to one, and so does the end with every lane; so a change within one word of eight
/// bytes, as every flipped bit is, is certain to be found, and any other with all but one chance in 2⁶⁴.
/// Only shifts, additions and exclusive ors are used: SSE2 has them for pairs of 64-bit lanes, while it
/// lacks the products that XXH64 is made of.
public enum StreamChecksum {
    /// The checksum of no bytes.
    public static let ofNothing = of(UnsafeRawBufferPointer(start: nil, count: 0))

    /// The checksum of bytes.
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var lanes = SIMD8<UInt64>(
            0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9,
            0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5, 0xD6E8_FEB8_6659_FD93,
            0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB
        )
        let whole = bytes.count & ~63
        var offset = 0
        while offset < whole {
            mix(&lanes, bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self))
            offset &+= 64
        }
        if offset < bytes.count {
            var rest = SIMD8<UInt64>(repeating: 0)
            withUnsafeMutableBytes(of: &rest) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            }
            mix(&lanes, rest)
        }
        var sum = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
        for lane in 0..<8 {
            sum = (sum ^ UInt64(littleEndian: lanes[lane])) &* 0xD6E8_FEB8_6659_FD93
            sum ^= sum >> 32
        }
        return sum
    }

    /// x + (x << 21) multiplies by an odd number, x ^ (x >> 27) is undone from the top: one to one.
    @inline(__always)
    private static func mix(_ lanes: inout SIMD8<UInt64>, _ words: SIMD8<UInt64>) {
        lanes ^= words
        lanes = lanes &+ (lanes &<< 21)
        lanes ^= lanes &>> 27
    }
}
