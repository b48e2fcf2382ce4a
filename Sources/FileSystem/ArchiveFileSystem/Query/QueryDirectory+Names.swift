import Synchronization

// Files that are deleted and renamed.
extension QueryDirectory {
    /// Deletes a file; with a query goes its answer.
    public func unlink(_ name: [UInt8]) throws(FileSystemError) {
        guard isWritable, name != Self.readmeName else { throw Self.readOnly }
        let kind = QueryName.kind(of: name)
        let wasOpen = state.withLock { $0.unlink(name) }
        guard case .query(let query) = kind else {
            if !wasOpen {
                if (try? lookup(name))?.kind == .directory { throw Self.answersStay }
                throw ArchiveTree.missing(name)
            }
            return
        }
        guard saved.status(of: query) != nil else {
            if wasOpen { return }
            throw ArchiveTree.missing(name)
        }
        try saved.remove(query)
        state.withLock { $0.forgetQueryNode(of: query) }
    }

    /// Renames a file, over another one if there is one.
    ///
    /// - Parameter isExclusive: Whether a file of the new name is an error (RENAME_NOREPLACE).
    public func rename(
        _ old: [UInt8],
        to new: [UInt8],
        isExclusive: Bool
    ) throws(FileSystemError) {
        guard isWritable, old != Self.readmeName, new != Self.readmeName else { throw Self.readOnly }
        guard QueryName.kind(of: new) != .invalid else { throw Self.invalidName }
        let source = try lookup(old)
        guard source.kind == .regularFile else { throw Self.answersStay }
        if let target = try? lookup(new) {
            guard !isExclusive else {
                throw FileSystemError(.exists, "There is a file of that name already.")
            }
            guard target.kind == .regularFile else { throw Self.answersStay }
        }
        guard old != new else { return }
        // Opened for the time of the move, so that the file keeps its number and its readers.
        let handle = try open(source.node, forWriting: true)
        defer { release(handle) }
        guard let file = handle.file else { throw Self.readOnly }
        if case .query(let query) = QueryName.kind(of: new) {
            try saved.save(state.withLock { _ in file.bytes }, as: query)
            state.withLock { $0.forgetQueryNode(of: query) }
        }
        state.withLock { $0.rename(file, from: old, to: new) }
        if case .query(let query) = QueryName.kind(of: old) {
            // It is at its new place already; what stays behind could only be seen twice.
            try? saved.remove(query)
            state.withLock { $0.forgetQueryNode(of: query) }
        }
    }
}
