/// The answer of a query: a directory that never changes, made once for a key.
final class QueryAnswer: Sendable {
    enum Content: Hashable, Sendable {
        case link([UInt8])
        case file([UInt8])
    }

    struct Child: Hashable, Sendable {
        let name: [UInt8]
        let content: Content
    }

    /// What the answer belongs to: the texts of the queries and the state of the archive.
    let key: String
    /// Links first, in the order of the answer.
    let children: [Child]
    /// The places of the children by their names.
    let places: [[UInt8]: Int]
    /// The number of the first child; the others follow.
    let firstNode: UInt64
    /// In nanoseconds since 1970.
    let modificationTime: Int64
    /// How the query was run.
    let explanation: [UInt8]
    /// What `.status` says of it.
    let status: String

    init(_ outcome: QueryOutcome, key: String, firstNode: UInt64, modificationTime: Int64) {
        self.key = key
        self.firstNode = firstNode
        self.modificationTime = modificationTime
        switch outcome {
        case .answer(let files):
            children =
                files.links.map { Child(name: Array($0.name.utf8), content: .link(Array($0.target.utf8))) }
                + [
                    Child(name: Array("results.tsv".utf8), content: .file(files.tsv)),
                    Child(name: Array("results.json".utf8), content: .file(files.json)),
                ]
            explanation = files.explanation
            status = "ok: \(files.links.count) versions\n"
        case .failure(let text):
            children = [Child(name: Array("error".utf8), content: .file(text))]
            explanation = []
            status = "error: see the file 'error'\n"
        }
        places = Self.places(of: children)
    }

    private static func places(of children: [Child]) -> [[UInt8]: Int] {
        Dictionary(
            children.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The answer of an empty text: nothing, and no error.
    init(emptyWithKey key: String, modificationTime: Int64) {
        self.key = key
        children = []
        places = [:]
        firstNode = 0
        self.modificationTime = modificationTime
        explanation = []
        status = "empty: write a query\n"
    }
}
