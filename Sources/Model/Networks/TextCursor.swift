/// A place in a text that a parser goes through byte by byte.
struct TextCursor {
    let bytes: [UInt8]
    var place = 0

    /// What begins a comment, which lasts to the end of its line and counts as space.
    private let comment: UInt8?

    init(_ bytes: [UInt8], comment: Unicode.Scalar? = nil) {
        self.bytes = bytes
        self.comment = comment.map { UInt8(ascii: $0) }
    }

    /// The byte at the place; nil at the end.
    var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

    /// Goes over spaces and gives the byte behind them; nil at the end.
    mutating func next() -> UInt8? {
        while let byte {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                place += 1
            case comment: skip { $0 != UInt8(ascii: "\n") }
            default: return byte
            }
        }
        return nil
    }

    /// Goes over a character, and the spaces before it, if it is what comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    /// Goes over bytes as long as a condition holds.
    mutating func skip(while isSkipped: (UInt8) -> Bool) {
        while let byte, isSkipped(byte) { place += 1 }
    }

    /// The text from a place to this one.
    func text(from start: Int) -> String {
        String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// What is wrong at this place.
    func error(_ reason: String) -> NetworkError {
        let before = bytes[..<place]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return NetworkError(
            .badInput,
            "Line \(line), column \(place - start + 1): \(reason).",
            offset: place
        )
    }
}
