/// A set of byte values.
struct ByteSet: Hashable, Sendable {
    private var words: [UInt64] = [0, 0, 0, 0]

    init() {}

    init(_ byte: UInt8) {
        insert(byte)
    }

    init(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) {
        words[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
    }

    func contains(_ byte: UInt8) -> Bool {
        words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
    }

    func union(_ other: ByteSet) -> ByteSet {
        var set = self
        for index in set.words.indices { set.words[index] |= other.words[index] }
        return set
    }

    /// Every byte.
    static let all = ByteSet(0...255)
    /// The bytes that continue a character of UTF-8.
    static let continuation = ByteSet(0x80...0xBF)
    /// The bytes that begin a character of UTF-8 longer than one byte.
    static let lead = ByteSet(0xC0...0xFF)
    /// The bytes that begin a character.
    static let beginning = ByteSet(0...0x7F).union(lead)

    /// The ASCII characters that are not in a set, and the beginnings of all other characters.
    func complementOfCharacters() -> ByteSet {
        var set = ByteSet.lead
        for byte in UInt8(0)...0x7F where !contains(byte) { set.insert(byte) }
        return set
    }
}
