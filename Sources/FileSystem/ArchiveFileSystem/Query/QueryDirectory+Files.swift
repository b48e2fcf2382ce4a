import Synchronization

// Files that are opened, read, written and saved.
extension QueryDirectory {
    /// Scratch files are editors' own, so there are few.
    private static let scratchCountMax = 1000

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - node: The file.
    ///   - forWriting: Whether it will be written; only files beside the answers can be.
    ///   - truncating: Whether it is emptied.
    public func open(
        _ node: NodeNumber,
        forWriting: Bool,
        truncating: Bool = false
    ) throws(FileSystemError) -> QueryHandle {
        if node == Self.readmeNode {
            guard !forWriting, !truncating else { throw Self.readOnly }
            return QueryHandle(fixed: Array(Self.readmeText.utf8))
        }
        switch state.withLock({ $0.place(of: node) }) {
        case .file(let file): return try opened(file, truncating: truncating)
        case .query(let query):
            guard let status = saved.status(of: query), let text = saved.text(of: query) else {
                throw Self.gone
            }
            guard forWriting || truncating else { return QueryHandle(fixed: text) }
            guard isWritable else { throw Self.readOnly }
            let file = state.withLock { state in
                state.open(query, at: node.rawValue, text, status)
            }
            return try opened(file, truncating: truncating)
        case .child(let answer, let index):
            guard !forWriting, !truncating else { throw Self.readOnly }
            switch answer.children[index].content {
            case .file(let bytes): return QueryHandle(fixed: bytes)
            case .stored(let extents): return QueryHandle(stored: extents)
            case .directory: throw FileSystemError(.isDirectory, "The node is a directory.")
            case .link: throw Self.gone
            }
        case .note(let query, let isExplanation):
            guard !forWriting, !truncating else { throw Self.readOnly }
            return QueryHandle(fixed: noteText(of: query, isExplanation: isExplanation))
        case .answer: throw FileSystemError(.isDirectory, "The node is a directory.")
        case nil: throw Self.gone
        }
    }

    private func opened(
        _ file: QueryFile,
        truncating: Bool
    ) throws(FileSystemError) -> QueryHandle {
        try locked { _ throws(FileSystemError) in
            if truncating, !file.bytes.isEmpty { try file.resize(to: 0) }
            file.openCount += 1
            return QueryHandle(file: file)
        }
    }

    /// Creates a file, or opens the one that is there.
    ///
    /// - Parameter isExclusive: Whether one that is there is an error (O_EXCL).
    public func create(
        _ name: [UInt8],
        isExclusive: Bool,
        truncating: Bool
    ) throws(FileSystemError) -> (attributes: NodeAttributes, handle: QueryHandle) {
        guard isWritable else { throw Self.readOnly }
        if let known = try? lookup(name) {
            guard !isExclusive else {
                throw FileSystemError(.exists, "There is a file of that name already.")
            }
            let handle = try open(known.node, forWriting: true, truncating: truncating)
            return (try attributes(of: known.node), handle)
        }
        let kind = QueryName.kind(of: name)
        guard kind != .invalid else { throw Self.invalidName }
        guard name.count <= 255 else {
            throw FileSystemError(.nameTooLong, "A name has at most 255 bytes.")
        }
        let file = try locked { state throws(FileSystemError) in
            guard state.fileNames.count < Self.scratchCountMax else {
                throw FileSystemError(.noSpace, "There are too many scratch files in query/.")
            }
            return state.create(name)
        }
        // The name is taken on the disk at once, as `touch` expects.
        if case .query(let query) = kind { try saved.save([], as: query) }
        return (state.withLock { _ in Self.attributes(file) }, QueryHandle(file: file))
    }

    // MARK: - Reading and writing

    /// Copies bytes of an open file into a buffer, and gives their number.
    public func read(
        _ handle: QueryHandle,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) -> Int {
        let bytes = handle.file.map { file in state.withLock { _ in file.bytes } } ?? handle.fixed
        guard offset >= 0, offset < bytes.count else { return 0 }
        let count = min(buffer.count, bytes.count - offset)
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
        }
        return count
    }

    /// Writes bytes to an open file.
    public func write(
        _ handle: QueryHandle,
        _ data: UnsafeRawBufferPointer,
        at offset: Int
    ) throws(FileSystemError) {
        guard let file = handle.file else {
            throw FileSystemError(.badHandle, "The file is open for reading only.")
        }
        try locked { _ throws(FileSystemError) in try file.write(data, at: offset) }
    }

    /// Changes the size of a file.
    public func resize(_ node: NodeNumber, to byteCount: Int) throws(FileSystemError) {
        let handle = try open(node, forWriting: true)
        defer { release(handle) }
        guard let file = handle.file else { throw Self.readOnly }
        try locked { _ throws(FileSystemError) in try file.resize(to: byteCount) }
        try save(file)
    }

    /// Sets the modification time of a file, in nanoseconds since 1970.
    public func setModificationTime(
        _ time: Int64,
        of node: NodeNumber
    ) throws(FileSystemError) {
        switch state.withLock({ $0.place(of: node) }) {
        case .file(let file)?: state.withLock { _ in file.modificationTime = time }
        case .query(let query)?: saved.setModificationTime(time, of: query)
        default: break
        }
    }

    /// Saves a file that was changed, and compiles it if it is a query; called at close and sync.
    ///
    /// - Throws: ``FileSystemError`` with `invalidArgument` if it does not compile; it is saved then.
    public func flush(_ handle: QueryHandle) throws(FileSystemError) {
        guard let file = handle.file else { return }
        let (name, text, isDirty) = state.withLock { _ in (file.name, file.bytes, file.isDirty) }
        guard isDirty, let name else { return }
        try save(file)
        guard reportsErrorsAtClose, !QueryFile.isBlank(text),
            case .query(let query) = QueryName.kind(of: name),
            let error = runner.compilationError(name: query, text: text)
        else { return }
        throw FileSystemError(.invalidArgument, String(decoding: error, as: UTF8.self))
    }

    private func save(_ file: QueryFile) throws(FileSystemError) {
        let (name, text) = state.withLock { _ in (file.name, file.bytes) }
        if let name, case .query(let query) = QueryName.kind(of: name) {
            try saved.save(text, as: query)
            // That of the last write, or what a tool has set since.
            saved.setModificationTime(state.withLock { _ in file.modificationTime }, of: query)
        }
        state.withLock { _ in
            if file.bytes == text { file.isDirty = false }
        }
    }

    /// Closes an open file.
    public func release(_ handle: QueryHandle) {
        guard let file = handle.file else { return }
        // The last close cannot report an error; what could be said was said by flush.
        if state.withLock({ _ in file.isDirty && file.name != nil }) { try? save(file) }
        state.withLock { $0.close(file) }
    }
}
