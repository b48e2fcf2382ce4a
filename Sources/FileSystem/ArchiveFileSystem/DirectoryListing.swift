/// One line of a directory listing.
public struct DirectoryEntry: Hashable, Sendable {
    /// The name, as bytes: committed file names need not be UTF-8.
    public var name: [UInt8]

    /// What `stat` would tell of it.
    public var attributes: NodeAttributes

    /// Creates an entry.
    public init(name: [UInt8], attributes: NodeAttributes) {
        self.name = name
        self.attributes = attributes
    }
}

/// What a directory holds but `.` and `..`, in the order in which it is listed, or a part of that.
///
/// There may be very many entries, so that no name has memory of its own.
public struct DirectoryListing: Hashable, Sendable, RandomAccessCollection {
    /// The place of the first of these entries among all.
    public var firstPlace = 0
    /// Whether there are no more behind the last of them; the listing of a directory of very many may begin
    /// before the last are known.
    public var reachesEnd = true
    /// All names, each ended by a NUL.
    public private(set) var names: [UInt8] = []
    /// Where each name begins.
    public private(set) var nameStarts: [Int] = []
    /// What `stat` would tell of each.
    public private(set) var attributes: [NodeAttributes] = []

    /// A guess, for the room that is reserved.
    private static let usualNameByteCount = 12

    /// Makes an empty listing, with room for some entries.
    public init(count: Int = 0) {
        names.reserveCapacity(count * Self.usualNameByteCount)
        nameStarts.reserveCapacity(count)
        attributes.reserveCapacity(count)
    }

    /// Adds an entry.
    ///
    /// - Parameters:
    ///   - name: Bytes without NUL and slash.
    ///   - attributes: What `stat` would tell.
    public mutating func add(_ name: some Sequence<UInt8>, _ attributes: NodeAttributes) {
        nameStarts.append(names.count)
        names.append(contentsOf: name)
        names.append(0)
        self.attributes.append(attributes)
    }

    /// The place of the first entry.
    public var startIndex: Int { 0 }

    /// The place behind the last entry.
    public var endIndex: Int { attributes.count }

    /// An entry.
    public subscript(index: Int) -> DirectoryEntry {
        let end = index + 1 < count ? nameStarts[index + 1] : names.count
        return DirectoryEntry(name: Array(names[nameStarts[index]..<end - 1]), attributes: attributes[index])
    }
}
