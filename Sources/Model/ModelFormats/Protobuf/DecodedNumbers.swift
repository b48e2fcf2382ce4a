/// The elements of a tensor that protobuf holds in an encoded form, as the bytes that they stand for.
///
/// Integers lie in a file as numbers of variable length, and unpacked floats with a tag before each, so
/// no span of the file is the tensor. Such tensors are small (shapes, indices, scales); they are
/// decoded, so that they can be read like others, while the file keeps its own bytes.
struct DecodedNumbers {
    /// More bytes than this of one tensor are left in the file.
    static let byteCountMax = 16 << 20

    private(set) var bytes: [UInt8] = []
    private(set) var isTooLong = false

    /// Appends numbers, cut to a width in bytes: protobuf widens every integer to 64 bits.
    mutating func append(_ numbers: [UInt64], width: Int) {
        guard makeRoom(numbers.count * width) else { return }
        for number in numbers {
            for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
        }
    }

    /// Appends narrow numbers, several a byte, of which each varint holds one byte.
    mutating func append(_ raw: [UInt8]) {
        guard makeRoom(raw.count) else { return }
        bytes += raw
    }

    private mutating func makeRoom(_ count: Int) -> Bool {
        isTooLong = isTooLong || bytes.count + count > Self.byteCountMax
        return !isTooLong
    }
}
