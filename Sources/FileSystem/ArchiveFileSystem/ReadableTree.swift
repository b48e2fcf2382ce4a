public import ParameterStore

/// A read-only tree of nodes: everything in the mount but `query/`.
///
/// All operations are synchronous, callable from any thread, and cost no more than they must: they
/// run on libfuse's threads.
public protocol ReadableTree: Sendable {
    /// The node that a directory holds under a name.
    ///
    /// - Parameters:
    ///   - name: The name, as bytes, without a slash.
    ///   - directory: The node of the directory.
    /// - Throws: ``FileSystemError`` with `noSuchEntry` or `notDirectory`.
    func lookup(_ name: [UInt8], in directory: NodeNumber) throws(FileSystemError) -> NodeAttributes

    /// What `stat` tells of a node.
    func attributes(of node: NodeNumber) throws(FileSystemError) -> NodeAttributes

    /// The entries of a directory but `.` and `..`, in the order in which they are listed.
    ///
    /// All of them; or, while they come to be known, those that are known from a place on: one at least, unless
    /// it is the end.
    func entries(
        of directory: NodeNumber,
        from first: Int
    ) throws(FileSystemError) -> DirectoryListing

    /// The directory that holds a directory; the root's is the root.
    func parent(of directory: NodeNumber) throws(FileSystemError) -> NodeNumber

    /// The target of a symbolic link.
    func target(of link: NodeNumber) throws(FileSystemError) -> [UInt8]

    /// Opens a regular file for reading; calls the function first if the archive must be asked for the file.
    func open(
        _ file: NodeNumber,
        willTakeLong: () -> Void
    ) throws(FileSystemError) -> any ReadableFile

    /// A number that grows with every change that the tree shows.
    func generation() throws(FileSystemError) -> Int64

    /// What a change may have made untrue of that which was looked at.
    func changeableNodes() -> ChangeableNodes

    /// Called, from any thread, when the archive may have changed.
    func archiveHasChanged()
}

/// The nodes and names of which the kernel may remember what a change has made untrue.
public struct ChangeableNodes: Sendable {
    /// A name in a directory.
    public struct Name: Hashable, Sendable {
        /// The directory.
        public let parent: NodeNumber
        /// The name.
        public let name: [UInt8]
    }

    /// Nodes whose attributes may have changed.
    public let nodes: [NodeNumber]
    /// Names that may lead elsewhere now.
    public let names: [Name]
}

/// A regular file that is open for reading.
public protocol ReadableFile: AnyObject, Sendable {
    /// The bytes of a range of the file, as they lie in memory; fewer only at the file's end.
    ///
    /// - Parameters:
    ///   - offset: The place of the first byte in the file.
    ///   - byteCount: How many are asked for.
    /// - Throws: ``FileSystemError`` with `inputOutput` where a needed chunk is damaged.
    func pieces(at offset: Int, byteCount: Int) throws(FileSystemError) -> [ContentPiece]
}

extension ReadableFile {
    /// Copies bytes of the file into a buffer.
    ///
    /// - Parameters:
    ///   - buffer: Where the bytes go.
    ///   - offset: The place of the first byte in the file.
    /// - Returns: The number of bytes copied; less than the buffer holds only at the file's end.
    /// - Throws: ``FileSystemError`` as ``pieces(at:byteCount:)``.
    public func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileSystemError) -> Int {
        var done = 0
        for piece in try pieces(at: offset, byteCount: buffer.count) {
            UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + piece.byteCount])
                .copyMemory(from: piece.bytes)
            done += piece.byteCount
        }
        return done
    }
}
