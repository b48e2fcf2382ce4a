/// Where something stands in the text of a query, in bytes.
public struct SourceRange: Hashable, Sendable {
    /// The offset of the first byte.
    public var start: Int

    /// The offset behind the last byte.
    public var end: Int

    /// Creates a range.
    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// The range from the start of this one to the end of another.
    public func through(_ other: SourceRange) -> SourceRange {
        SourceRange(start, max(end, other.end))
    }
}
