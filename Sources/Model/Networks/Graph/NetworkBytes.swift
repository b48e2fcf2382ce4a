/// Writes the numbers and texts of an encoded network.
struct NetworkBytesWriter {
    private(set) var bytes: [UInt8] = []

    /// Seven bits a byte, low ones first (LEB128).
    mutating func write(_ value: Int) {
        var rest = UInt(bitPattern: value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Small numbers of either sign in few bytes (zigzag).
    mutating func writeSigned(_ value: Int) {
        write((value << 1) ^ (value >> (Int.bitWidth - 1)))
    }

    mutating func write(fixed value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    mutating func write(raw: some Collection<UInt8>) {
        bytes.append(contentsOf: raw)
    }

    mutating func write(_ text: String) {
        write(text.utf8.count)
        write(raw: text.utf8)
    }
}

/// Reads what ``NetworkBytesWriter`` wrote; never past the end, whatever the bytes are.
struct NetworkBytesReader {
    private let bytes: [UInt8]
    private let end: Int
    private(set) var place: Int

    init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
        self.bytes = bytes
        place = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    static var broken: NetworkError {
        NetworkError(.badInput, "A stored network is damaged. Run 'dlv verify'.")
    }

    mutating func byte() throws(NetworkError) -> UInt8 {
        guard place < end else { throw Self.broken }
        place += 1
        return bytes[place - 1]
    }

    mutating func number() throws(NetworkError) -> Int {
        var value: UInt = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            let byte = try byte()
            value |= UInt(byte & 0x7F) << UInt(shift)
            if byte < 0x80 { return Int(bitPattern: value) }
        }
        throw Self.broken
    }

    mutating func signed() throws(NetworkError) -> Int {
        let value = UInt(bitPattern: try number())
        return Int(bitPattern: value >> 1) ^ -Int(bitPattern: value & 1)
    }

    /// A number of things that each take at least a byte, so that a damaged one allocates nothing.
    mutating func count() throws(NetworkError) -> Int {
        let value = try number()
        guard value >= 0, value <= end - place else { throw Self.broken }
        return value
    }

    mutating func fixed() throws(NetworkError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 8) { value |= UInt64(try byte()) << UInt64(shift) }
        return value
    }

    mutating func raw(_ count: Int) throws(NetworkError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= end - place else { throw Self.broken }
        place += count
        return bytes[place - count..<place]
    }

    mutating func text() throws(NetworkError) -> String {
        String(decoding: try raw(try count()), as: UTF8.self)
    }
}
