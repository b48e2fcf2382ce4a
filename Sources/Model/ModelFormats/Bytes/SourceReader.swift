import Tensors

/// Reads numbers and strings of a source one behind the other, with every access checked.
///
/// It keeps a window of the source in memory, so that a header of millions of fields costs no system
/// call a field, and skips what it is told to skip without reading it.
final class SourceReader {
    private let source: any ByteSource
    private var window: [UInt8] = []
    private var windowStart = 0

    /// Small: behind a jump over a tensor, only a few fields follow.
    private static let windowByteCount = 16 << 10

    /// The place of the next byte.
    var position: Int

    /// Where reading ends.
    let end: Int

    /// What is read, for messages: `The pickle`.
    let subject: String

    /// Starts to read a range of a source, which must lie within it.
    init(_ source: any ByteSource, in range: Range<Int>, subject: String) {
        self.source = source
        self.subject = subject
        position = range.lowerBound
        end = range.upperBound
    }

    /// The number of bytes that are left.
    var remaining: Int { end - position }

    /// The next byte.
    func byte() throws -> UInt8 {
        guard position < end else { throw endsTooEarly }
        if position < windowStart || position >= windowStart + window.count { try fill() }
        defer { position += 1 }
        return window[position - windowStart]
    }

    /// The next bytes; fails before it takes memory for more than there are.
    func bytes(_ count: Int) throws -> [UInt8] {
        guard count >= 0, count <= remaining else { throw endsTooEarly }
        defer { position += count }
        let start = position - windowStart
        if start >= 0, start + count <= window.count { return Array(window[start..<start + count]) }
        return try source.bytes(in: position..<position + count)
    }

    /// Goes on behind the next bytes.
    func skip(_ count: Int) throws {
        guard count >= 0, count <= remaining else { throw endsTooEarly }
        position += count
    }

    /// The next number of up to eight bytes.
    func unsigned(_ byteCount: Int, isBigEndian: Bool = false) throws -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<byteCount {
            let byte = UInt64(try byte())
            number = isBigEndian ? number << 8 | byte : number | byte << UInt64(8 * index)
        }
        return number
    }

    /// The next number as a count, an offset or a length; fails if it does not fit 63 bits.
    func integer(_ byteCount: Int, isBigEndian: Bool = false) throws -> Int {
        let number = try unsigned(byteCount, isBigEndian: isBigEndian)
        guard let integer = Int(exactly: number) else {
            throw ModelFormatError("\(subject) names the impossible number \(number).")
        }
        return integer
    }

    /// The next bytes as UTF-8; what is none is replaced.
    func text(_ byteCount: Int) throws -> String {
        String(decoding: try bytes(byteCount), as: UTF8.self)
    }

    /// The error of a file that ends within what was begun.
    var endsTooEarly: ModelFormatError {
        ModelFormatError("\(subject) ends too early, at byte \(position).")
    }

    private func fill() throws {
        windowStart = position
        window = try source.bytes(in: position..<min(end, position + Self.windowByteCount))
    }
}
