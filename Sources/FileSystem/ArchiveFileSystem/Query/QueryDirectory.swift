import Foundation
import Synchronization

/// The directory `query/`: queries as files, and their answers as directories.
///
/// `best.dql` is the user's text; `best/` appears beside it and holds the answer, computed when somebody
/// first looks into it. Queries live in the archive (``SavedQueries``); files with other names are
/// editors' scratch, in memory and bounded. A text is compiled when a changed file is closed or synced,
/// or renamed onto a query's name: a mistake is the error of the close, and the file `error` tells it.
///
/// Used from any thread. Operations for which ``mayRunQuery(lookup:in:)`` or ``mayRunQuery(list:)`` is
/// true may take as long as a query; all others are quick.
public final class QueryDirectory: Sendable {
    private let saved: SavedQueries
    private let runner: any QueryRunner
    private let reportsErrorsAtClose: Bool
    private let isWritable: Bool
    private let state: Mutex<State>
    private let startTime = QueryFile.now()

    /// The node of the directory.
    public static let root = NodeNumber(rawValue: NodeNumber.queryBit)

    private static let readmeNode = NodeNumber(rawValue: NodeNumber.queryBit | 1)
    private static let readmeName = Array("README.txt".utf8)

    /// Scratch files are editors' own, so there are few.
    private static let scratchCountMax = 1000

    /// The answers whose nodes stay valid after a newer one took their place.
    private static let oldAnswerCountMax = 256

    private enum Place {
        case file(QueryFile)
        case query(String)
        case answer(String)
        case note(String, isExplanation: Bool)
        case child(QueryAnswer, Int)
    }

    private struct State: ~Copyable {
        /// Files in memory by their number, and by their name.
        var files: [UInt64: QueryFile] = [:]
        var fileNames: [[UInt8]: QueryFile] = [:]
        /// Numbers of saved queries that are not open, and of answers, by the query's name.
        var queryNodes: [String: UInt64] = [:]
        var answerNodes: [String: UInt64] = [:]
        var names: [UInt64: String] = [:]
        var answers: [String: QueryAnswer] = [:]
        /// Answers by the number of their first child, ascending: older ones first.
        var shown: [QueryAnswer] = []
        var running: [String: DispatchGroup] = [:]
        var nextNode: UInt64 = NodeNumber.queryBit | 16

        mutating func newNode() -> UInt64 {
            nextNode += 4
            return nextNode - 4
        }
    }

    /// Shows the queries of an archive.
    ///
    /// - Parameters:
    ///   - path: The archive's directory of saved queries.
    ///   - isWritable: Whether queries can be written.
    ///   - runner: Compiles and runs them.
    ///   - reportsErrorsAtClose: Whether closing a query that does not compile is an error.
    public init(
        path: String,
        isWritable: Bool,
        runner: any QueryRunner,
        reportsErrorsAtClose: Bool = true
    ) {
        saved = SavedQueries(path: path)
        self.runner = runner
        self.isWritable = isWritable
        self.reportsErrorsAtClose = reportsErrorsAtClose
        state = Mutex(State())
    }

    // MARK: - Looking

    /// Whether looking up a name may run a query.
    public func mayRunQuery(lookup name: [UInt8], in directory: NodeNumber) -> Bool {
        guard name != Self.statusName, name != Self.explanationName else { return false }
        return mayRunQuery(list: directory)
    }

    /// Whether listing a directory may run a query.
    public func mayRunQuery(list directory: NodeNumber) -> Bool {
        guard case .answer(let query)? = state.withLock({ Self.place(directory, $0) }),
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
        let place = state.withLock { Self.place(directory, $0) }
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

    private func lookup(_ name: [UInt8]) throws(FileSystemError) -> NodeAttributes {
        if name == Self.readmeName { return readmeAttributes }
        if QueryName.isQueryName(name) {
            let query = String(decoding: name, as: UTF8.self)
            if exists(query) {
                return directoryAttributes(state.withLock { Self.answerNode(query, &$0) })
            }
        }
        if let known = state.withLock({ $0.fileNames[name].map(Self.attributes) }) { return known }
        if case .query(let query) = QueryName.kind(of: name), let status = saved.status(of: query) {
            return attributes(state.withLock { Self.queryNode(query, &$0) }, status)
        }
        throw ArchiveTree.missing(name)
    }

    /// Whether there is a query of a name, saved or being written.
    private func exists(_ query: String) -> Bool {
        let isOpen = state.withLock { $0.fileNames[Array((query + ".dql").utf8)] != nil }
        return isOpen || saved.status(of: query) != nil
    }

    /// What `stat` tells of a node.
    public func attributes(of node: NodeNumber) throws(FileSystemError) -> NodeAttributes {
        if node == Self.root { return directoryAttributes(node.rawValue) }
        if node == Self.readmeNode { return readmeAttributes }
        switch state.withLock({ Self.place(node, $0) }) {
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
    ) throws(FileSystemError) -> [DirectoryEntry] {
        if directory == Self.root { return rootEntries() }
        switch state.withLock({ Self.place(directory, $0) }) {
        case .answer(let query):
            return entries(of: try answer(of: query, isCancelled: isCancelled), in: nil)
        case .child(let answer, let index) where answer.isDirectory(index):
            return entries(of: answer, in: index)
        default: throw FileSystemError(.notDirectory, "The node is not a directory.")
        }
    }

    private func entries(of answer: QueryAnswer, in directory: Int?) -> [DirectoryEntry] {
        answer.members(of: directory).map { index in
            DirectoryEntry(
                name: answer.children[index].name,
                attributes: attributes(of: answer, index)
            )
        }
    }

    /// The directory that holds a directory.
    public func parent(of directory: NodeNumber) -> NodeNumber {
        guard case .child(let answer, let index)? = state.withLock({ Self.place(directory, $0) })
        else { return directory == Self.root ? .root : Self.root }
        if let parent = answer.children[index].parent {
            return NodeNumber(rawValue: answer.firstNode + 4 * UInt64(parent))
        }
        let query = state.withLock { state in
            state.answers.first { $0.value === answer }.map { Self.answerNode($0.key, &state) }
        }
        // An answer whose place a newer one took is reached by those who are in it only.
        return query.map { NodeNumber(rawValue: $0) } ?? Self.root
    }

    private func rootEntries() -> [DirectoryEntry] {
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
            let node = state.withLock { Self.queryNode(query, &$0) }
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
            let node = state.withLock { Self.answerNode(query, &$0) }
            entries.append(
                DirectoryEntry(name: Array(query.utf8), attributes: directoryAttributes(node))
            )
        }
        return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// The target of a symbolic link.
    public func target(of link: NodeNumber) throws(FileSystemError) -> [UInt8] {
        guard case .child(let answer, let index)? = state.withLock({ Self.place(link, $0) }),
            case .link(let target) = answer.children[index].content
        else { throw FileSystemError(.invalidArgument, "The node is no symbolic link.") }
        return target
    }

    // MARK: - Opening

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
        switch state.withLock({ Self.place(node, $0) }) {
        case .file(let file): return try opened(file, truncating: truncating)
        case .query(let query):
            guard let status = saved.status(of: query), let text = saved.text(of: query) else {
                throw Self.gone
            }
            guard forWriting || truncating else { return QueryHandle(fixed: text) }
            guard isWritable else { throw Self.readOnly }
            let file = state.withLock { state in
                Self.openQuery(query, node.rawValue, text, status, &state)
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
            let node = NodeNumber(rawValue: state.newNode())
            let file = QueryFile(
                node: node,
                name: name,
                bytes: [],
                modificationTime: QueryFile.now()
            )
            file.isDirty = true
            file.openCount = 1
            state.files[node.rawValue] = file
            state.fileNames[name] = file
            return file
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
        switch state.withLock({ Self.place(node, $0) }) {
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
        guard reportsErrorsAtClose, !Self.isBlank(text),
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
        state.withLock { state in
            file.openCount -= 1
            guard file.openCount <= 0 else { return }
            guard let name = file.name else {
                state.files[file.node.rawValue] = nil
                return
            }
            // A query's truth is on the disk again; scratch stays in memory.
            guard case .query(let query) = QueryName.kind(of: name) else { return }
            state.files[file.node.rawValue] = nil
            state.fileNames[name] = nil
            state.queryNodes[query] = file.node.rawValue
            state.names[file.node.rawValue] = query
        }
    }

    // MARK: - Names

    /// Deletes a file; with a query goes its answer.
    public func unlink(_ name: [UInt8]) throws(FileSystemError) {
        guard isWritable, name != Self.readmeName else { throw Self.readOnly }
        let kind = QueryName.kind(of: name)
        let wasOpen = state.withLock { state in
            guard let file = state.fileNames.removeValue(forKey: name) else { return false }
            file.name = nil
            if file.openCount <= 0 { state.files[file.node.rawValue] = nil }
            return true
        }
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
        forgetNode(of: query)
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
            forgetNode(of: query)
        }
        state.withLock { state in
            if let replaced = state.fileNames.removeValue(forKey: new) {
                replaced.name = nil
                if replaced.openCount <= 0 { state.files[replaced.node.rawValue] = nil }
            }
            state.fileNames[old] = nil
            state.fileNames[new] = file
            file.name = new
        }
        if case .query(let query) = QueryName.kind(of: old) {
            // It is at its new place already; what stays behind could only be seen twice.
            try? saved.remove(query)
            forgetNode(of: query)
        }
    }

    private func forgetNode(of query: String) {
        state.withLock { state in
            if let node = state.queryNodes.removeValue(forKey: query) { state.names[node] = nil }
        }
    }

    // MARK: - Answers

    private func answer(
        of query: String,
        isCancelled: @Sendable () -> Bool
    ) throws(FileSystemError) -> QueryAnswer {
        while true {
            guard let text = text(of: query) else { throw Self.gone }
            let key = runner.answerKey(name: query, text: text)
            let group = DispatchGroup()
            enum Step {
                case known(QueryAnswer)
                case wait(DispatchGroup)
                case run
            }
            let step: Step = state.withLock { state in
                if let known = state.answers[query], known.key == key { return .known(known) }
                if let running = state.running[query] { return .wait(running) }
                group.enter()
                state.running[query] = group
                return .run
            }
            switch step {
            case .known(let answer): return answer
            case .wait(let other):
                other.wait()
            case .run:
                let outcome =
                    Self.isBlank(text)
                    ? nil : runner.run(name: query, text: text, isCancelled: isCancelled)
                let cancelled = isCancelled()
                let answer = state.withLock { state in
                    state.running[query] = nil
                    return Self.addAnswer(outcome, query, key, keeping: !cancelled, &state)
                }
                group.leave()
                guard !cancelled else {
                    throw FileSystemError(.interrupted, "The reader of the answer went away.")
                }
                return answer
            }
        }
    }

    private static func addAnswer(
        _ outcome: QueryOutcome?,
        _ query: String,
        _ key: String,
        keeping: Bool,
        _ state: inout State
    ) -> QueryAnswer {
        let time = QueryFile.now()
        guard let outcome else {
            let answer = QueryAnswer(emptyWithKey: key, modificationTime: time)
            if keeping { state.answers[query] = answer }
            return answer
        }
        let answer = QueryAnswer(
            outcome,
            key: key,
            firstNode: state.nextNode,
            modificationTime: time
        )
        guard keeping else { return answer }
        // Children's numbers are multiples of four apart, as all numbers here.
        state.nextNode += 4 * UInt64(answer.children.count)
        state.answers[query] = answer
        state.shown.append(answer)
        if state.shown.count > oldAnswerCountMax { state.shown.removeFirst() }
        return answer
    }

    private func text(of query: String) -> [UInt8]? {
        let open = state.withLock { $0.fileNames[Array((query + ".dql").utf8)]?.bytes }
        return open ?? saved.text(of: query)
    }

    private static func isBlank(_ text: [UInt8]) -> Bool {
        text.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    // MARK: - Hidden files of an answer

    private static let statusName = Array(".status".utf8)
    private static let explanationName = Array(".explain".utf8)

    private func note(
        of query: String,
        isExplanation: Bool
    ) throws(FileSystemError) -> NodeAttributes {
        guard exists(query) else { throw Self.gone }
        let node = state.withLock { Self.answerNode(query, &$0) } + (isExplanation ? 2 : 1)
        return NodeAttributes(
            node: NodeNumber(rawValue: node),
            kind: .regularFile,
            size: noteText(of: query, isExplanation: isExplanation).count,
            permissions: 0o444,
            modificationTime: startTime,
            timeoutSeconds: 0
        )
    }

    private func noteText(of query: String, isExplanation: Bool) -> [UInt8] {
        let answer = state.withLock { $0.answers[query] }
        guard let answer else { return Array("not run yet: list the directory to run it\n".utf8) }
        return isExplanation ? answer.explanation : Array(answer.status.utf8)
    }

    // MARK: - Nodes

    private static func place(_ node: NodeNumber, _ state: borrowing State) -> Place? {
        let number = node.rawValue
        if let file = state.files[number] { return .file(file) }
        if let name = state.names[number] {
            return state.answerNodes[name] == number ? .answer(name) : .query(name)
        }
        if number & 3 != 0, let name = state.names[number & ~3] {
            return .note(name, isExplanation: number & 3 == 2)
        }
        for answer in state.shown.reversed() where answer.firstNode <= number {
            let index = Int(number - answer.firstNode) / 4
            return index < answer.children.count ? .child(answer, index) : nil
        }
        return nil
    }

    private static func queryNode(_ query: String, _ state: inout State) -> UInt64 {
        if let known = state.queryNodes[query] { return known }
        let node = state.newNode()
        state.queryNodes[query] = node
        state.names[node] = query
        return node
    }

    private static func answerNode(_ query: String, _ state: inout State) -> UInt64 {
        if let known = state.answerNodes[query] { return known }
        let node = state.newNode()
        state.answerNodes[query] = node
        state.names[node] = query
        return node
    }

    private static func openQuery(
        _ query: String,
        _ node: UInt64,
        _ text: [UInt8],
        _ status: SavedQueries.Status,
        _ state: inout State
    ) -> QueryFile {
        let name = Array((query + ".dql").utf8)
        if let known = state.fileNames[name] { return known }
        let file = QueryFile(
            node: NodeNumber(rawValue: node),
            name: name,
            bytes: text,
            modificationTime: status.modificationTime
        )
        state.queryNodes[query] = nil
        state.names[node] = nil
        state.files[node] = file
        state.fileNames[name] = file
        return file
    }

    /// `withLock` with a typed error.
    private func locked<Value: Sendable>(
        _ body: (inout State) throws(FileSystemError) -> Value
    ) throws(FileSystemError) -> Value {
        let result = state.withLock { state -> Result<Value, FileSystemError> in
            do throws(FileSystemError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: - Attributes

    private var readmeAttributes: NodeAttributes {
        NodeAttributes(
            node: Self.readmeNode,
            kind: .regularFile,
            size: Self.readmeText.utf8.count,
            permissions: 0o444,
            modificationTime: startTime,
            timeoutSeconds: ArchiveTree.mutableTimeoutSeconds
        )
    }

    private func directoryAttributes(_ node: UInt64) -> NodeAttributes {
        NodeAttributes(
            node: NodeNumber(rawValue: node),
            kind: .directory,
            size: 0,
            permissions: node == Self.root.rawValue && isWritable ? 0o755 : 0o555,
            modificationTime: startTime,
            timeoutSeconds: 0
        )
    }

    private static func attributes(_ file: QueryFile) -> NodeAttributes {
        NodeAttributes(
            node: file.node,
            kind: .regularFile,
            size: file.bytes.count,
            permissions: 0o644,
            modificationTime: file.modificationTime,
            timeoutSeconds: 0
        )
    }

    private func attributes(_ node: UInt64, _ status: SavedQueries.Status) -> NodeAttributes {
        NodeAttributes(
            node: NodeNumber(rawValue: node),
            kind: .regularFile,
            size: status.byteCount,
            permissions: isWritable ? 0o644 : 0o444,
            modificationTime: status.modificationTime,
            timeoutSeconds: 0
        )
    }

    private func attributes(of answer: QueryAnswer, _ index: Int) -> NodeAttributes {
        let (kind, size): (NodeAttributes.Kind, Int) =
            switch answer.children[index].content {
            case .link(let target): (.symbolicLink, target.count)
            case .file(let bytes): (.regularFile, bytes.count)
            case .stored(let extents): (.regularFile, extents.byteCount)
            case .directory: (.directory, 0)
            }
        return NodeAttributes(
            node: NodeNumber(rawValue: answer.firstNode + 4 * UInt64(index)),
            kind: kind,
            size: size,
            permissions: kind == .symbolicLink ? 0o777 : kind == .directory ? 0o555 : 0o444,
            modificationTime: answer.modificationTime,
            timeoutSeconds: 0
        )
    }

    // MARK: - Errors and texts

    private static let gone = FileSystemError(.noSuchEntry, "The file or answer is not there any more.")
    private static let readOnly = FileSystemError(.readOnly, "The file cannot be changed.")
    private static let answersStay = FileSystemError(
        .notPermitted,
        "An answer goes with its query; remove the .dql file."
    )
    private static let invalidName = FileSystemError(
        .invalidArgument,
        "The name of a query is letters, digits, '_' and '-', then '.dql'."
    )

    private static let readmeText = """
        Write a DQL query to a file NAME.dql here; the directory NAME/ is its answer:

          echo 'select m where m["accuracy"] > 0.9 order by m["accuracy"] desc' > best.dql
          ls best/                 the matching versions, as links
          cat best/results.tsv     a row a version; results.json has the same
          cat best/.explain        how it was found, once it was
          cat best/error           there only if the query has a mistake

        Queries are saved in the archive: 'dlv query best' runs the same. Removing best.dql removes
        its answer, and nothing else.

        """
}
