/// Bytes that can be read at any offset, any number of times, from any thread: a file to commit, a
/// part of one, or memory.
public protocol ByteSource: Sendable {
    /// The number of bytes.
    var byteCount: Int { get }

    /// Fills the whole of `buffer` with the bytes from `offset` on.
    ///
    /// - Parameters:
    ///   - buffer: Where the bytes go; `offset + buffer.count` must not exceed ``byteCount``.
    ///   - offset: The place of the first byte.
    /// - Throws: An error of the source if the bytes cannot be read, or are no longer there.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws
}

extension ByteSource {
    /// The bytes of a range.
    ///
    /// - Parameter range: Must lie within `0..<byteCount`.
    /// - Throws: What ``read(into:at:)`` throws.
    public func bytes(in range: Range<Int>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        try bytes.withUnsafeMutableBytes { try read(into: $0, at: range.lowerBound) }
        return bytes
    }
}

/// Bytes in memory as a source.
public struct MemoryBytes: ByteSource {
    /// The bytes.
    public let bytes: [UInt8]

    /// Wraps bytes in memory.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The number of bytes.
    public var byteCount: Int { bytes.count }

    /// Fills `buffer` with the bytes from `offset` on.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
        precondition(offset >= 0 && offset + buffer.count <= bytes.count, "read past the end")
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
        }
    }
}

/// Several pieces of one source, read as if they lay one behind the other.
public struct JoinedBytes<Source: ByteSource>: ByteSource {
    private let source: Source
    private let pieces: [(start: Int, range: Range<Int>)]

    /// The number of bytes of all pieces.
    public let byteCount: Int

    /// Joins pieces of a source.
    ///
    /// - Parameters:
    ///   - source: What the pieces are part of.
    ///   - ranges: The pieces in their new order; each must lie within the source.
    public init(_ source: Source, ranges: [Range<Int>]) {
        self.source = source
        var start = 0
        var pieces: [(start: Int, range: Range<Int>)] = []
        for range in ranges where !range.isEmpty {
            pieces.append((start, range))
            start += range.count
        }
        self.pieces = pieces
        byteCount = start
    }

    /// Fills `buffer` with the bytes from `offset` on, crossing the seams where it must.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        precondition(offset >= 0 && offset + buffer.count <= byteCount, "read past the end")
        var index = pieces.partitioningIndex { $0.start > offset } - 1
        var filled = 0
        while filled < buffer.count {
            let piece = pieces[index]
            let skipped = offset + filled - piece.start
            let count = min(piece.range.count - skipped, buffer.count - filled)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
            try source.read(into: part, at: piece.range.lowerBound + skipped)
            filled += count
            index += 1
        }
    }
}

extension Array {
    /// The index of the first element that satisfies a predicate which holds for a suffix.
    fileprivate func partitioningIndex(where belongsToSuffix: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsToSuffix(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
