/// Bytes that are read as little-endian numbers, with every access checked.
struct LittleEndianBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    /// A number of up to eight bytes; nil past the end. One of 2^63 or more reads as negative.
    func number(at offset: Int, size: Int) -> Int? {
        bytes(at: offset, count: size).map { part in
            Int(truncatingIfNeeded: part.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
    }

    /// Some bytes; nil if they do not all lie within.
    func bytes(at offset: Int, count: Int) -> [UInt8]? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            return nil
        }
        return Array(bytes[offset..<offset + count])
    }
}
