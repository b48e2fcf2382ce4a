import Synchronization

// Names, attributes and listings.
extension QueryDirectory {
    /// Whether looking up a name may run a query.
    public func mayRunQuery(lookup name: [UInt8], in directory: NodeNumber) -> Bool {
        guard name != Self.statusName, name != Self.explanationName else { return false }
        return mayRunQuery(list: directory)
    }

    /// Whether listing a directory may run a query.
    public func mayRunQuery(list directory: NodeNumber) -> Bool {
        guard case .answer(let query)? = state.withLock({ $0.place(of: directory) }),
            let text = text(of: query)
        else { return false }
        // An answer that is there and still true is given at once.
        let key = runner.answerKey(name: query, text: text)
        return state.withLock { $0.answers[query]?.key } != key
    }

    /// The node that a directory holds under a name.
    public func lookup(
        _ name: [UInt8],
        in directory: NodeNumber,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws(FileSystemError) -> NodeAttributes {
        if directory == Self.root { return try lookup(name) }
        let place = state.withLock { $0.place(of: directory) }
        if case .child(let answer, let folder)? = place, answer.isDirectory(folder) {
            guard let index = answer.child(named: name, in: folder) else {
                throw ArchiveTree.missing(name)
            }
            return attributes(of: answer, index)
        }
        guard case .answer(let query)? = place else {
            throw FileSystemError(.notDirectory, "The node is not a directory.")
        }
        if name == Self.statusName || name == Self.explanationName {
            return try note(of: query, isExplanation: name == Self.explanationName)
        }
        let answer = try answer(of: query, isCancelled: isCancelled)
        guard let index = answer.child(named: name, in: nil) else {
            throw ArchiveTree.missing(name)
        }
        return attributes(of: answer, index)
    }

    func lookup(_ name: [UInt8]) throws(FileSystemError) -> NodeAttributes {
        if name == Self.readmeName { return readmeAttributes }
        if QueryName.isQueryName(name) {
            let query = String(decoding: name, as: UTF8.self)
            if exists(query) {
                return directoryAttributes(state.withLock { $0.answerNode(of: query) })
            }
        }
        if let known = state.withLock({ $0.fileNames[name].map(Self.attributes) }) { return known }
        if case .query(let query) = QueryName.kind(of: name), let status = saved.status(of: query) {
            return attributes(state.withLock { $0.queryNode(of: query) }, status)
        }
        throw ArchiveTree.missing(name)
    }

    /// Whether there is a query of a name, saved or being written.
    func exists(_ query: String) -> Bool {
        let isOpen = state.withLock { $0.fileNames[Array((query + ".dql").utf8)] != nil }
        return isOpen || saved.status(of: query) != nil
    }

    /// What `stat` tells of a node.
    public func attributes(of node: NodeNumber) throws(FileSystemError) -> NodeAttributes {
        if node == Self.root { return directoryAttributes(node.rawValue) }
        if node == Self.readmeNode { return readmeAttributes }
        switch state.withLock({ $0.place(of: node) }) {
        case .file(let file): return state.withLock { _ in Self.attributes(file) }
        case .query(let query):
            guard let status = saved.status(of: query) else { throw Self.gone }
            return attributes(node.rawValue, status)
        case .answer(let query):
            guard exists(query) else { throw Self.gone }
            return directoryAttributes(node.rawValue)
        case .note(let query, let isExplanation):
            return try note(of: query, isExplanation: isExplanation)
        case .child(let answer, let index): return attributes(of: answer, index)
        case nil: throw Self.gone
        }
    }

    /// All entries of a directory but `.` and `..`.
    public func entries(
        of directory: NodeNumber,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws(FileSystemError) -> DirectoryListing {
        if directory == Self.root { return rootEntries() }
        switch state.withLock({ $0.place(of: directory) }) {
        case .answer(let query):
            return entries(of: try answer(of: query, isCancelled: isCancelled), in: nil)
        case .child(let answer, let index) where answer.isDirectory(index):
            return entries(of: answer, in: index)
        default: throw FileSystemError(.notDirectory, "The node is not a directory.")
        }
    }

    private func entries(of answer: QueryAnswer, in directory: Int?) -> DirectoryListing {
        let members = answer.members(of: directory)
        var listing = DirectoryListing(count: members.count)
        for index in members {
            listing.add(answer.children[index].name, attributes(of: answer, index))
        }
        return listing
    }

    /// The directory that holds a directory.
    public func parent(of directory: NodeNumber) -> NodeNumber {
        guard case .child(let answer, let index)? = state.withLock({ $0.place(of: directory) })
        else { return directory == Self.root ? .root : Self.root }
        if let parent = answer.children[index].parent {
            return NodeNumber(rawValue: answer.firstNode + 4 * UInt64(parent))
        }
        let node = state.withLock { $0.node(of: answer) }
        // An answer whose place a newer one took is reached by those who are in it only.
        return node.map(NodeNumber.init(rawValue:)) ?? Self.root
    }

    private func rootEntries() -> DirectoryListing {
        var entries = [DirectoryEntry(name: Self.readmeName, attributes: readmeAttributes)]
        let open = state.withLock { state in
            state.fileNames.map { ($0.key, Self.attributes($0.value)) }
        }
        var queries = Set(saved.names())
        var answers = queries
        for (name, attributes) in open {
            if case .query(let query) = QueryName.kind(of: name) {
                queries.remove(query)
                answers.insert(query)
            }
            entries.append(DirectoryEntry(name: name, attributes: attributes))
        }
        for query in queries {
            guard let status = saved.status(of: query) else { continue }
            let node = state.withLock { $0.queryNode(of: query) }
            entries.append(
                DirectoryEntry(
                    name: Array((query + ".dql").utf8),
                    attributes: attributes(node, status)
                )
            )
        }
        // A scratch file of the name of an answer is hidden behind it, here as in look-ups.
        entries.removeAll { answers.contains(String(decoding: $0.name, as: UTF8.self)) }
        for query in answers {
            let node = state.withLock { $0.answerNode(of: query) }
            entries.append(
                DirectoryEntry(name: Array(query.utf8), attributes: directoryAttributes(node))
            )
        }
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        var listing = DirectoryListing(count: entries.count)
        for entry in entries { listing.add(entry.name, entry.attributes) }
        return listing
    }

    /// The target of a symbolic link.
    public func target(of link: NodeNumber) throws(FileSystemError) -> [UInt8] {
        guard case .child(let answer, let index)? = state.withLock({ $0.place(of: link) }),
            case .link(let target) = answer.children[index].content
        else { throw FileSystemError(.invalidArgument, "The node is no symbolic link.") }
        return target
    }

    /// The text of a query: what is being written, or what is saved.
    func text(of query: String) -> [UInt8]? {
        let open = state.withLock { $0.fileNames[Array((query + ".dql").utf8)]?.bytes }
        return open ?? saved.text(of: query)
    }
}
