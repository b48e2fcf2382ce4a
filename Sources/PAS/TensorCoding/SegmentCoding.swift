/// How the chunks of a segment are coded; the raw values are in the packs and never change.
///
/// A segment is up to 64 chunks that share a model: statistics that are stored once. Each chunk has a
/// stream in the pack of high-order planes and one in that of low-order planes, either may be empty.
///
///              model            high                               low
///     whole    –                one zstd frame                     –
///     planes   –                zstd frames of all planes, or of   frames of the other planes
///                               a float's two highest
///     fast     –                as planes, of the folded           as planes
///                               differences to the base
///     raw      –                exponents under Huffman, signs     the other bytes, by plane
///                               and highest bits of the mantissas
///     tokens   scales, tables   token stream of the differences    –
///     fields   scales, tables   token stream of the differences    token stream of the residuals
///                               of the upper halves                of the lower halves
///     same     –                –                                  –
///     codebook the bit patterns one zstd frame of their numbers    –
///     lowRank  scales, factors, as tokens, the base changed by the –
///              tables           part of low rank
public enum SegmentCoding: UInt8, Hashable, Sendable, CaseIterable {
    case whole = 0
    case planes = 1
    case fast = 2
    case raw = 3
    case tokens = 4
    case fields = 5
    case same = 6
    case codebook = 7
    case lowRank = 8

    /// Whether decoding needs the elements of the base.
    public var needsBase: Bool {
        switch self {
        case .whole, .planes, .raw, .codebook: false
        case .fast, .tokens, .fields, .same, .lowRank: true
        }
    }

    /// Whether the upper halves of elements depend on nothing but the upper halves of the base.
    public var keepsUpperApart: Bool { self == .fields || self == .same }

    /// Whether the upper halves of 32-bit floats come from the streams of high-order planes alone.
    public var hasUpperAlone: Bool {
        switch self {
        case .raw, .planes, .fields, .same: true
        case .whole, .fast, .tokens, .codebook, .lowRank: false
        }
    }
}

/// A chunk as it goes into the packs.
public struct EncodedChunk: Sendable {
    /// What goes into the pack of high-order planes.
    public let high: [UInt8]
    /// What goes into the pack of low-order planes.
    public let low: [UInt8]
}

/// A segment as it goes into the packs.
public struct EncodedSegment: Sendable {
    /// How it is coded.
    public let coding: SegmentCoding
    /// How the model is written.
    public var modelLayout = ModelLayout.coded
    /// What its chunks share.
    public let model: [UInt8]
    /// Its chunks.
    public let chunks: [EncodedChunk]

    /// The bytes of everything.
    public var byteCount: Int {
        chunks.reduce(model.count) { $0 + $1.high.count + $1.low.count }
    }
}

/// How a delta treats the significance of its bits.
public enum DeltaLayout: UInt8, Hashable, Sendable {
    /// Differences of whole numbers: smallest and fastest; a low resolution needs the whole stream.
    case whole = 0
    /// The upper halves of 32-bit floats apart from the lower ones: a low resolution needs the streams
    /// of the upper halves alone.
    case fields = 1
}
