extension ParameterStore {
    /// The hash and the size of a content, also of one that a commit has written and not finished.
    ///
    /// - Throws: ``ParameterStoreError`` if there is none of that number.
    public func identity(
        of content: ContentID
    ) throws(ParameterStoreError) -> (hash: ContentHash, byteCount: Int) {
        let record = try self.content(content).record
        return (record.hash, record.byteCount)
    }
}
