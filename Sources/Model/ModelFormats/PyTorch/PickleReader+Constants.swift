extension PickleReader {
    /// Numbers, texts and bytes.
    ///
    /// - Returns: Whether the opcode was one of these.
    mutating func readConstant(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case 0x80: _ = try reader.byte()
        case 0x95: try reader.skip(8)
        case UInt8(ascii: "N"): try push(.none)
        case 0x88, 0x89: try push(.truth(opcode == 0x88))
        case UInt8(ascii: "K"): try push(.integer(Int(try reader.byte())))
        case UInt8(ascii: "M"): try push(.integer(try reader.integer(2)))
        case UInt8(ascii: "J"):
            try push(.integer(Int(Int32(truncatingIfNeeded: try reader.unsigned(4)))))
        case 0x8A: try pushLong(Int(try reader.byte()))
        case 0x8B: try pushLong(try reader.integer(4))
        case UInt8(ascii: "G"):
            try reader.skip(8)
            try push(.scalar)
        case UInt8(ascii: "X"): try push(.text(try reader.text(try reader.integer(4))))
        case 0x8C, UInt8(ascii: "U"): try push(.text(try reader.text(Int(try reader.byte()))))
        case UInt8(ascii: "T"): try push(.text(try reader.text(try reader.integer(4))))
        case 0x8D: try push(.text(try reader.text(try reader.integer(8))))
        case UInt8(ascii: "C"): try pushBytes(Int(try reader.byte()))
        case UInt8(ascii: "B"): try pushBytes(try reader.integer(4))
        case 0x8E, 0x96: try pushBytes(try reader.integer(8))
        default: return false
        }
        return true
    }

    /// A number of any length, little-endian in two's complement; longer ones than 64 bits are no size.
    private mutating func pushLong(_ byteCount: Int) throws {
        guard byteCount <= 8 else { return try pushBytes(byteCount) }
        let bits = try reader.unsigned(byteCount)
        let unused = 64 - 8 * byteCount
        let number = byteCount == 0 ? 0 : (Int(truncatingIfNeeded: bits) << unused) >> unused
        try push(.integer(number))
    }

    private mutating func pushBytes(_ byteCount: Int) throws {
        try reader.skip(byteCount)
        try push(.scalar)
    }
}
