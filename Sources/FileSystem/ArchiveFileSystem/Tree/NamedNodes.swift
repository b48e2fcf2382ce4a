import Synchronization

/// Numbers for the nodes that are known by a name alone: folders of models and their tags.
///
/// A number stays with its name for the life of the mount. There are as many as models and tags that
/// were looked at, so nothing needs to be forgotten.
final class NamedNodes: Sendable {
    enum Name: Hashable {
        /// A folder below `models/`, by its path: a model, or a part before a slash.
        case folder(String)
        /// A symbolic link in a folder: a tag, or `latest`.
        case link(folder: String, name: String)
    }

    private struct Table {
        var names: [Name] = []
        var numbers: [Name: Int] = [:]
    }

    private let table = Mutex(Table())

    func number(of name: Name) -> Int {
        table.withLock { table in
            if let number = table.numbers[name] { return number }
            table.names.append(name)
            table.numbers[name] = table.names.count - 1
            return table.names.count - 1
        }
    }

    func name(of number: Int) -> Name? {
        table.withLock { number < $0.names.count ? $0.names[number] : nil }
    }

    /// The nodes with their numbers, the newest first.
    func all(atMost count: Int) -> [(Int, Name)] {
        table.withLock { table in
            table.names.indices.suffix(count).reversed().map { ($0, table.names[$0]) }
        }
    }
}
