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

    /// All entries of a directory but `.` and `..`, in the order in which they are listed.
    func entries(of directory: NodeNumber) throws(FileSystemError) -> [DirectoryEntry]

    /// The directory that holds a directory; the root's is the root.
    func parent(of directory: NodeNumber) throws(FileSystemError) -> NodeNumber

    /// The target of a symbolic link.
    func target(of link: NodeNumber) throws(FileSystemError) -> [UInt8]

    /// Opens a regular file for reading.
    func open(_ file: NodeNumber) throws(FileSystemError) -> any ReadableFile
}

/// A regular file that is open for reading.
public protocol ReadableFile: AnyObject, Sendable {
    /// Copies bytes of the file into a buffer.
    ///
    /// - Parameters:
    ///   - buffer: Where the bytes go.
    ///   - offset: The place of the first byte in the file.
    /// - Returns: The number of bytes copied; less than the buffer holds only at the file's end.
    /// - Throws: ``FileSystemError`` with `inputOutput` where a needed chunk is damaged.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileSystemError)
        -> Int
}
