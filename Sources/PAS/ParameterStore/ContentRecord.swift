public import TensorCoding

/// The catalog's number of a content; never used again.
public struct ContentID: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: Int64

    /// Wraps a number of the catalog.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// The catalog's number of a pack; never used again.
public struct PackID: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: Int64

    /// Wraps a number of the catalog.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// What the catalog knows of a content: what it is, and where and how it is stored.
public struct ContentRecord: Hashable, Sendable {
    /// Its number.
    public var id: ContentID
    /// The hash of its bytes.
    public var hash: ContentHash
    /// The number of its bytes.
    public var byteCount: Int
    /// What its elements are.
    public var kind: ElementKind
    /// The pack that holds its streams.
    public var pack: PackID
    /// The place of its chunk index in the part `high`.
    public var indexOffset: Int
    /// The size of its chunk index in bytes.
    public var indexByteCount: Int
    /// The bytes that it takes in both parts, index included.
    public var storedByteCount: Int
    /// The content that some of its chunks are coded against.
    public var base: ContentID?
    /// The number of contents that a read may have to decode besides: the length of the delta chain.
    public var depth: Int

    /// Creates a record.
    public init(
        id: ContentID,
        hash: ContentHash,
        byteCount: Int,
        kind: ElementKind,
        pack: PackID,
        indexOffset: Int,
        indexByteCount: Int,
        storedByteCount: Int,
        base: ContentID?,
        depth: Int
    ) {
        self.id = id
        self.hash = hash
        self.byteCount = byteCount
        self.kind = kind
        self.pack = pack
        self.indexOffset = indexOffset
        self.indexByteCount = indexByteCount
        self.storedByteCount = storedByteCount
        self.base = base
        self.depth = depth
    }

    /// The number of its chunks.
    var chunkCount: Int {
        (byteCount + kind.chunkByteCount - 1) / kind.chunkByteCount
    }

    /// The number of bytes of one of its chunks.
    func byteCount(ofChunk index: Int) -> Int {
        min(kind.chunkByteCount, byteCount - index * kind.chunkByteCount)
    }
}

/// Where a store finds the records of contents.
public protocol ContentCatalog: Sendable {
    /// The record of a content; nil if there is none of that number.
    func record(of id: ContentID) throws -> ContentRecord?

    /// The content whose bytes have a hash, if there is one.
    func id(of hash: ContentHash) throws -> ContentID?

    /// The name of a pack; nil if there is none of that number.
    func packName(of id: PackID) throws -> String?

    /// The names of the packs that hold contents and their bases, each once.
    func packNames(of contents: [ContentID]) throws -> [String]
}
