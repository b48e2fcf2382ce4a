import Dispatch

/// What the numbers in `query/` stand for, and the files and answers that are in memory.
///
/// Numbers are multiples of four apart, so that the hidden files of an answer have those behind it.
/// Protected by the lock of the directory that it belongs to.
struct QueryNodes: ~Copyable {
    /// What a number stands for.
    enum Place {
        /// A file in memory.
        case file(QueryFile)
        /// The text of a saved query that nobody has open.
        case query(String)
        /// The directory of a query's answer.
        case answer(String)
        /// A hidden file of an answer: how the query was run, or how it stands.
        case note(String, isExplanation: Bool)
        /// What an answer holds, by its place in it.
        case child(QueryAnswer, Int)
    }

    /// Files in memory by their number, and by their name.
    private var files: [UInt64: QueryFile] = [:]
    private(set) var fileNames: [[UInt8]: QueryFile] = [:]
    /// Numbers of saved queries that are not open, and of answers, by the query's name; and back.
    private var queryNodes: [String: UInt64] = [:]
    private var answerNodes: [String: UInt64] = [:]
    private var names: [UInt64: String] = [:]
    /// The newest answer of each query, by its name.
    private(set) var answers: [String: QueryAnswer] = [:]
    /// Answers by the number of their first child, ascending: older ones first.
    private var shown: [QueryAnswer] = []
    /// The queries that run, and who waits for them.
    var running: [String: DispatchGroup] = [:]
    private var nextNode: UInt64 = NodeNumber.queryBit | 16

    /// The answers whose nodes stay valid after a newer one took their place.
    private static let oldAnswerCountMax = 256

    private mutating func newNode() -> UInt64 {
        nextNode += 4
        return nextNode - 4
    }

    /// What a number stands for; nil for one that is not valid any more.
    func place(of node: NodeNumber) -> Place? {
        let number = node.rawValue
        if let file = files[number] { return .file(file) }
        if let name = names[number] {
            return answerNodes[name] == number ? .answer(name) : .query(name)
        }
        if number & 3 != 0, let name = names[number & ~3] {
            return .note(name, isExplanation: number & 3 == 2)
        }
        for answer in shown.reversed() where answer.firstNode <= number {
            let index = Int(number - answer.firstNode) / 4
            return index < answer.children.count ? .child(answer, index) : nil
        }
        return nil
    }

    /// The number of a saved query's text.
    mutating func queryNode(of query: String) -> UInt64 {
        if let known = queryNodes[query] { return known }
        let node = newNode()
        queryNodes[query] = node
        names[node] = query
        return node
    }

    /// The number of the directory of a query's answer.
    mutating func answerNode(of query: String) -> UInt64 {
        if let known = answerNodes[query] { return known }
        let node = newNode()
        answerNodes[query] = node
        names[node] = query
        return node
    }

    /// Forgets the number of a saved query's text.
    mutating func forgetQueryNode(of query: String) {
        if let node = queryNodes.removeValue(forKey: query) { names[node] = nil }
    }

    // MARK: - Files in memory

    /// Adds a new file, which is open once and not saved yet.
    mutating func create(_ name: [UInt8]) -> QueryFile {
        let file = QueryFile(
            node: NodeNumber(rawValue: newNode()),
            name: name,
            bytes: [],
            modificationTime: QueryFile.now()
        )
        file.isDirty = true
        file.openCount = 1
        files[file.node.rawValue] = file
        fileNames[name] = file
        return file
    }

    /// Takes the text of a saved query into memory, where it keeps its number.
    mutating func open(
        _ query: String,
        at node: UInt64,
        _ text: [UInt8],
        _ status: SavedQueries.Status
    ) -> QueryFile {
        let name = Array((query + ".dql").utf8)
        if let known = fileNames[name] { return known }
        let file = QueryFile(
            node: NodeNumber(rawValue: node),
            name: name,
            bytes: text,
            modificationTime: status.modificationTime
        )
        queryNodes[query] = nil
        names[node] = nil
        files[node] = file
        fileNames[name] = file
        return file
    }

    /// Notes that a handle of a file was closed; with the last one goes what need not be in memory.
    mutating func close(_ file: QueryFile) {
        file.openCount -= 1
        guard file.openCount <= 0 else { return }
        guard let name = file.name else {
            files[file.node.rawValue] = nil
            return
        }
        // A query's truth is on the disk again; scratch stays in memory.
        guard case .query(let query) = QueryName.kind(of: name) else { return }
        files[file.node.rawValue] = nil
        fileNames[name] = nil
        queryNodes[query] = file.node.rawValue
        names[file.node.rawValue] = query
    }

    /// Takes its name from a file in memory, which stays for those who have it open.
    ///
    /// - Returns: Whether there was one.
    mutating func unlink(_ name: [UInt8]) -> Bool {
        guard let file = fileNames.removeValue(forKey: name) else { return false }
        file.name = nil
        if file.openCount <= 0 { files[file.node.rawValue] = nil }
        return true
    }

    /// Gives a file another name, which it takes from the one that has it.
    mutating func rename(_ file: QueryFile, from old: [UInt8], to new: [UInt8]) {
        _ = unlink(new)
        fileNames[old] = nil
        fileNames[new] = file
        file.name = new
    }

    // MARK: - Answers

    /// The number of the directory of an answer; nil if a newer one took its place.
    mutating func node(of answer: QueryAnswer) -> UInt64? {
        answers.first { $0.value === answer }.map { answerNode(of: $0.key) }
    }

    /// Makes the answer of a query of what came of it; nil stands for an empty text.
    ///
    /// - Parameter keeping: Whether it becomes the query's answer, or was given up.
    mutating func addAnswer(
        _ outcome: QueryOutcome?,
        of query: String,
        key: String,
        keeping: Bool
    ) -> QueryAnswer {
        let time = QueryFile.now()
        guard let outcome else {
            let answer = QueryAnswer(emptyWithKey: key, modificationTime: time)
            if keeping { answers[query] = answer }
            return answer
        }
        let answer = QueryAnswer(outcome, key: key, firstNode: nextNode, modificationTime: time)
        guard keeping else { return answer }
        // Children's numbers are multiples of four apart, as all numbers here.
        nextNode += 4 * UInt64(answer.children.count)
        answers[query] = answer
        shown.append(answer)
        if shown.count > Self.oldAnswerCountMax { shown.removeFirst() }
        return answer
    }
}
