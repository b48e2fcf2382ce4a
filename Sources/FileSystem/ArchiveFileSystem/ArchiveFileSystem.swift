public import ParameterStore

/// The whole mounted file system: a read-only tree, and the writable `query/` in its root.
///
/// It knows nothing of FUSE: every operation is a plain call with a result or a ``FileSystemError``.
/// Operations for which ``mayRunQuery(lookup:in:)`` or ``mayRunQuery(list:)`` is true may take as long
/// as a query and belong on a thread of their own; all others run where they are called.
public final class ArchiveFileSystem: Sendable {
    private let tree: any ReadableTree
    private let queries: QueryDirectory

    private static let queryName = Array("query".utf8)

    /// Puts the directory `query` into the root of a tree.
    public init(tree: any ReadableTree, queries: QueryDirectory) {
        self.tree = tree
        self.queries = queries
    }

    /// A file that is open.
    public enum OpenFile: Sendable {
        /// One that never changes.
        case sealed(any ReadableFile)
        /// One of `query/`.
        case query(QueryHandle)
    }

    // MARK: - Looking

    /// Whether looking up a name may run a query.
    public func mayRunQuery(lookup name: [UInt8], in directory: NodeNumber) -> Bool {
        directory.isInQueryDirectory && queries.mayRunQuery(lookup: name, in: directory)
    }

    /// Whether listing a directory may run a query.
    public func mayRunQuery(list directory: NodeNumber) -> Bool {
        directory.isInQueryDirectory && queries.mayRunQuery(list: directory)
    }

    /// The node that a directory holds under a name.
    public func lookup(
        _ name: [UInt8],
        in directory: NodeNumber,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws(FileSystemError) -> NodeAttributes {
        if directory == .root, name == Self.queryName {
            return try queries.attributes(of: QueryDirectory.root)
        }
        guard directory.isInQueryDirectory else { return try tree.lookup(name, in: directory) }
        return try queries.lookup(name, in: directory, isCancelled: isCancelled)
    }

    /// What `stat` tells of a node.
    public func attributes(of node: NodeNumber) throws(FileSystemError) -> NodeAttributes {
        node.isInQueryDirectory
            ? try queries.attributes(of: node) : try tree.attributes(of: node)
    }

    /// The entries of a directory but `.` and `..`.
    ///
    /// - Parameters:
    ///   - directory: The node of the directory.
    ///   - first: The place from which on they are wanted; those before it may be given too.
    ///   - isCancelled: Whether nobody waits any more.
    public func entries(
        of directory: NodeNumber,
        from first: Int,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws(FileSystemError) -> DirectoryListing {
        guard !directory.isInQueryDirectory else {
            return try queries.entries(of: directory, isCancelled: isCancelled)
        }
        var listing = try tree.entries(of: directory, from: first)
        if directory == .root {
            listing.add(Self.queryName, try queries.attributes(of: QueryDirectory.root))
        }
        return listing
    }

    /// The directory that holds a directory; the root's is the root.
    public func parent(of directory: NodeNumber) throws(FileSystemError) -> NodeNumber {
        guard directory.isInQueryDirectory else { return try tree.parent(of: directory) }
        return queries.parent(of: directory)
    }

    /// The target of a symbolic link.
    public func target(of link: NodeNumber) throws(FileSystemError) -> [UInt8] {
        link.isInQueryDirectory ? try queries.target(of: link) : try tree.target(of: link)
    }

    /// Walks down to the files of a version once.
    ///
    /// The first use of a type or of an SQL statement takes up to a millisecond, together more than to list
    /// thousands of files; so whoever looks first need not wait for it.
    public func warmUp() {
        guard var node = try? tree.lookup(Array("models".utf8), in: .root).node else { return }
        // A model's name has parts; where "latest" is a link, it ends.
        while true {
            if let link = try? tree.lookup(Array("latest".utf8), in: node), link.kind == .symbolicLink {
                guard let target = try? tree.target(of: link.node),
                    let version = try? tree.lookup(target, in: node),
                    let files = try? tree.lookup(Array("files".utf8), in: version.node)
                else { return }
                _ = try? tree.entries(of: files.node, from: 0)
                return
            }
            let folders = try? tree.entries(of: node, from: 0)
            guard let folder = folders?.first(where: { $0.attributes.kind == .directory }) else { return }
            node = folder.attributes.node
        }
    }

    // MARK: - Changes of the archive

    /// A number that grows with every change of what lies outside `query/`.
    public func generation() throws(FileSystemError) -> Int64 {
        try tree.generation()
    }

    /// What a change may have made untrue of that which was looked at, outside `query/`.
    public func changeableNodes() -> ChangeableNodes {
        tree.changeableNodes()
    }

    /// Called when the archive may have changed.
    public func archiveHasChanged() {
        tree.archiveHasChanged()
    }

    // MARK: - Files

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - forWriting: Whether it will be written to.
    ///   - truncating: Whether it loses what it holds.
    ///   - willTakeLong: Called before the archive is asked for the file.
    public func open(
        _ file: NodeNumber,
        forWriting: Bool,
        truncating: Bool,
        willTakeLong: () -> Void
    ) throws(FileSystemError) -> OpenFile {
        guard !file.isInQueryDirectory else {
            willTakeLong()
            return .query(
                try queries.open(file, forWriting: forWriting, truncating: truncating)
            )
        }
        guard !forWriting, !truncating else { throw Self.readOnly }
        return .sealed(try tree.open(file, willTakeLong: willTakeLong))
    }

    /// The bytes of a range of an open file, as they lie in memory; fewer only at the file's end.
    public func pieces(
        of file: OpenFile,
        at offset: Int,
        byteCount: Int
    ) throws(FileSystemError) -> [ContentPiece] {
        switch file {
        case .sealed(let file): return try file.pieces(at: offset, byteCount: byteCount)
        case .query(let handle):
            if let stored = handle.stored { return try stored.pieces(at: offset, byteCount: byteCount) }
            var count = 0
            let bytes = ChunkBytes(byteCount: byteCount) { buffer in
                count = queries.read(handle, into: buffer, at: offset)
            }
            return [ContentPiece(bytes, offset: 0, byteCount: count)]
        }
    }

    /// Writes bytes to an open file.
    public func write(
        _ file: OpenFile,
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int
    ) throws(FileSystemError) {
        guard case .query(let handle) = file else { throw Self.readOnly }
        try queries.write(handle, bytes, at: offset)
    }

    /// Saves what was written, and says whether it is a query that compiles.
    public func flush(_ file: OpenFile) throws(FileSystemError) {
        if case .query(let handle) = file { try queries.flush(handle) }
    }

    /// Closes a file.
    public func release(_ file: OpenFile) {
        if case .query(let handle) = file { queries.release(handle) }
    }

    // MARK: - Changes, which only query/ allows

    /// Creates and opens a file.
    public func create(
        _ name: [UInt8],
        in directory: NodeNumber,
        isExclusive: Bool,
        truncating: Bool
    ) throws(FileSystemError) -> (attributes: NodeAttributes, file: OpenFile) {
        try checkWritable(directory)
        let (attributes, handle) = try queries.create(
            name,
            isExclusive: isExclusive,
            truncating: truncating
        )
        return (attributes, .query(handle))
    }

    /// Changes the size of a file.
    public func resize(_ node: NodeNumber, to byteCount: Int) throws(FileSystemError) {
        guard node.isInQueryDirectory else { throw Self.readOnly }
        try queries.resize(node, to: byteCount)
    }

    /// Sets the modification time of a file; nil means now.
    public func setModificationTime(
        _ time: Int64?,
        of node: NodeNumber
    ) throws(FileSystemError) {
        guard node.isInQueryDirectory else { throw Self.readOnly }
        try queries.setModificationTime(time ?? QueryFile.now(), of: node)
    }

    /// Accepts a change of mode or owner where files can be written, without making it: tools that copy
    /// files ask for it.
    public func setOwnership(of node: NodeNumber) throws(FileSystemError) {
        guard node.isInQueryDirectory else { throw Self.readOnly }
    }

    /// Deletes a file.
    public func unlink(_ name: [UInt8], in directory: NodeNumber) throws(FileSystemError) {
        try checkWritable(directory)
        try queries.unlink(name)
    }

    /// Renames a file.
    public func rename(
        _ name: [UInt8],
        in directory: NodeNumber,
        to newName: [UInt8],
        in newDirectory: NodeNumber,
        isExclusive: Bool
    ) throws(FileSystemError) {
        try checkWritable(directory)
        try checkWritable(newDirectory)
        try queries.rename(name, to: newName, isExclusive: isExclusive)
    }

    /// Refuses to make a directory or a link, or to remove a directory.
    public func refuseOther(in directory: NodeNumber) throws(FileSystemError) {
        try checkWritable(directory)
        throw FileSystemError(.notPermitted, "query/ holds files only.")
    }

    private func checkWritable(_ directory: NodeNumber) throws(FileSystemError) {
        guard directory == QueryDirectory.root else { throw Self.readOnly }
    }

    private static let readOnly = FileSystemError(.readOnly, "Only query/ can be written.")
}
