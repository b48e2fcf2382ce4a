/// A committed file or symbolic link as folders list it: what can be told without its hash.
public struct ListedFile: Hashable, Sendable {
    /// Its row.
    public let id: Int64
    /// The snapshot that it belongs to (an ordinal), if it belongs to one.
    public let snapshot: Int?
    /// What it is to the model.
    public let role: FileRole
    /// Its size in bytes.
    public let byteCount: Int
    /// Whether it may be executed.
    public let isExecutable: Bool
    /// Whether it is a symbolic link.
    public let isLink: Bool
    /// When it was modified, in nanoseconds since 1970.
    public let modificationTime: Int64
    /// Where its path lies among the bytes of the listing; its target, if it is a link, follows.
    fileprivate let path: Range<Int>
    fileprivate let targetEnd: Int
}

/// The committed files of a version, in the order of the commit.
///
/// There may be very many, so that no file has memory of its own: paths lie one behind the other.
public struct FileListing: Sendable {
    /// The files.
    public private(set) var files: [ListedFile] = []
    private var bytes: [UInt8] = []
    private var formats: [Int64: String] = [:]

    /// A guess, for the room that is reserved.
    private static let usualPathByteCount = 32

    /// How many files are told of at a time while they are read.
    static let batchCount = 256

    /// Makes an empty listing, with room for some files.
    public init(count: Int = 0) {
        files.reserveCapacity(count)
        bytes.reserveCapacity(count * Self.usualPathByteCount)
    }

    /// The path of a file below `files/`, as bytes, parts separated by `/`.
    public func path(of file: ListedFile) -> ArraySlice<UInt8> {
        bytes[file.path]
    }

    /// Where a symbolic link points; nil for a file.
    public func target(of file: ListedFile) -> ArraySlice<UInt8>? {
        file.isLink ? bytes[file.path.upperBound..<file.targetEnd] : nil
    }

    /// The weight format that a file's span map was made from; nil if it is kept whole.
    public func format(of file: ListedFile) -> String? {
        formats[file.id]
    }

    /// What ``add(_:)`` reads.
    static let columns = """
        id, snapshot, path, role, format, byteCount, isExecutable, modificationTime, linkTarget
        """

    /// Adds the file of a row.
    mutating func add(_ columns: RowColumns) {
        let id = Int64(columns.integer(0))
        let start = bytes.count
        bytes.append(contentsOf: columns.bytes(2))
        let end = bytes.count
        // The target of a link is never empty (symlink(2)), so that NULL needs no question of its own.
        bytes.append(contentsOf: columns.bytes(8))
        if !columns.isNull(4) { formats[id] = columns.text(4) }
        files.append(
            ListedFile(
                id: id,
                snapshot: columns.isNull(1) ? nil : columns.integer(1),
                role: FileRole(rawValue: columns.integer(3)) ?? .auxiliary,
                byteCount: columns.integer(5),
                isExecutable: columns.integer(6) != 0,
                isLink: bytes.count > end,
                modificationTime: Int64(columns.integer(7)),
                path: start..<end,
                targetEnd: bytes.count
            )
        )
    }
}
