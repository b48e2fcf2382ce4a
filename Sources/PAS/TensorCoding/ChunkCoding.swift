/// How a chunk is coded; the raw values are in the packs and never change.
///
/// Each stream is a row of zstd frames with checksums, so that a flipped bit is found where it is
/// decoded. The high stream holds the most significant byte plane, the low stream the others, the more
/// significant first; they lie in different packs.
///
///     whole   high: one frame, the chunk's bytes          low: nothing
///     planes  high: plane 0                               low: plane 1 … plane width-1
///     delta   as planes, of the folded differences of the (monotone) integers to the base's chunk
///     same    both empty: the chunk is the base's
public enum ChunkCoding: UInt8, Hashable, Sendable {
    case whole = 0
    case planes = 1
    case delta = 2
    case same = 3

    /// Whether decoding needs the chunk of the base.
    public var needsBase: Bool { self == .delta || self == .same }
}

/// A chunk as it goes into the packs.
public struct EncodedChunk: Sendable {
    /// How it is coded.
    public let coding: ChunkCoding
    /// What goes into the pack of high-order planes.
    public let high: [UInt8]
    /// What goes into the pack of low-order planes.
    public let low: [UInt8]
}
