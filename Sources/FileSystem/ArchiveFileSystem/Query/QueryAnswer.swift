/// The answer of a query: a directory that never changes, made once for a key.
final class QueryAnswer: Sendable {
    enum Content: Sendable {
        case link([UInt8])
        case file([UInt8])
        case directory
        case stored(FileExtents)
    }

    struct Child: Sendable {
        let name: [UInt8]
        /// The place of the directory that holds it; nil for the answer's own.
        let parent: Int?
        let content: Content
    }

    private struct Place: Hashable {
        let parent: Int?
        let name: [UInt8]
    }

    /// What the answer belongs to: the texts of the queries and the state of the archive.
    let key: String
    /// Links first, in the order of the answer; directories before what they hold.
    let children: [Child]
    /// The number of the first child; the others follow.
    let firstNode: UInt64
    /// In nanoseconds since 1970.
    let modificationTime: Int64
    /// How the query was run.
    let explanation: [UInt8]
    /// What `.status` says of it.
    let status: String

    private let places: [Place: Int]
    private let members: [Int?: [Int]]

    /// Lays out what came of a query.
    convenience init(
        _ outcome: QueryOutcome,
        key: String,
        firstNode: UInt64,
        modificationTime: Int64
    ) {
        switch outcome {
        case .answer(let files):
            self.init(
                key: key,
                children: Self.children(of: files),
                firstNode: firstNode,
                modificationTime: modificationTime,
                explanation: files.explanation,
                status: "ok: \(files.links.count + files.models.count) entries\n"
            )
        case .failure(let text):
            self.init(
                key: key,
                children: [Child(name: Array("error".utf8), parent: nil, content: .file(text))],
                firstNode: firstNode,
                modificationTime: modificationTime,
                explanation: [],
                status: "error: see the file 'error'\n"
            )
        }
    }

    /// The answer of an empty text: nothing, and no error.
    convenience init(emptyWithKey key: String, modificationTime: Int64) {
        self.init(
            key: key,
            children: [],
            firstNode: 0,
            modificationTime: modificationTime,
            explanation: [],
            status: "empty: write a query\n"
        )
    }

    private init(
        key: String,
        children: [Child],
        firstNode: UInt64,
        modificationTime: Int64,
        explanation: [UInt8],
        status: String
    ) {
        self.key = key
        self.children = children
        self.firstNode = firstNode
        self.modificationTime = modificationTime
        self.explanation = explanation
        self.status = status
        var places: [Place: Int] = [:]
        var members: [Int?: [Int]] = [:]
        for (index, child) in children.enumerated() {
            let place = Place(parent: child.parent, name: child.name)
            guard places[place] == nil else { continue }
            places[place] = index
            members[child.parent, default: []].append(index)
        }
        self.places = places
        self.members = members
    }

    private static func children(of files: QueryAnswerFiles) -> [Child] {
        var children = files.links.map { link in
            Child(
                name: Array(link.name.utf8), parent: nil, content: .link(Array(link.target.utf8))
            )
        }
        for model in files.models {
            let start = children.count
            for entry in model.entries {
                let content: Content =
                    switch entry.content {
                    case .directory: .directory
                    case .bytes(let bytes): .file(bytes)
                    case .stored(let extents): .stored(extents)
                    }
                children.append(
                    Child(name: entry.name, parent: entry.parent.map { $0 + start }, content: content)
                )
            }
        }
        return children
            + files.documents.map { document in
                Child(name: Array(document.name.utf8), parent: nil, content: .file(document.bytes))
            }
    }

    /// The child that a directory holds under a name; nil stands for the answer's own directory.
    func child(named name: [UInt8], in directory: Int?) -> Int? {
        places[Place(parent: directory, name: name)]
    }

    /// Whether a child is a directory.
    func isDirectory(_ index: Int) -> Bool {
        if case .directory = children[index].content { true } else { false }
    }

    /// What a directory holds, in order.
    func members(of directory: Int?) -> [Int] { members[directory] ?? [] }
}
