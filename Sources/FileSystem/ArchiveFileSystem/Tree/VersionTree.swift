import Archive
import Catalog
import TensorCoding
import Tensors

/// The tree below one version: `files/`, `layers/`, `snapshots/` and the rendered files.
///
/// It is a list of entries that depends on the sealed version only, so an entry is known by its
/// place in the list for ever, and the list can be dropped and made again at any time. What is in a list that
/// is being made has its place already. There may be very many entries: one takes its name and some eighty
/// bytes, and no memory of its own.
struct VersionTree: Sendable {
    /// What an entry is, and where its bytes come from.
    enum Content: Sendable {
        case directory
        case symbolicLink([UInt8])
        /// A committed file, by its row.
        case file(Int64)
        /// A rendered file.
        case document(snapshot: Int?, DocumentKind)
        /// `model.safetensors`, rendered from a snapshot's tensors.
        case model(snapshot: Int)
        /// A tensor as `.npy`.
        indirect case array(TensorRecord)
        /// One of the above, with floats at a lower resolution.
        indirect case reduced(Content, Resolution)
    }

    /// What is told of an entry without its name.
    struct Entry: Sendable {
        let kind: NodeAttributes.Kind
        let permissions: UInt16
        fileprivate let parent: Int32
        fileprivate var nextSibling: Int32 = 0
        fileprivate let nameByteCount: Int32
        fileprivate let nameStart: Int
        let size: Int
        /// In nanoseconds since 1970.
        let modificationTime: Int64
        fileprivate let place: Place
    }

    /// Where more is known of an entry.
    fileprivate enum Place: Sendable {
        /// Place in the list of directories.
        case directory(Int)
        /// Row of a committed file.
        case file(Int64)
        /// Place in the list of other contents.
        case other(Int)
    }

    /// The entries of a directory form a list; 0 is its end, since the root is nobody's child.
    private struct Directory: Sendable {
        var childCount = 0
        var firstChild: Int32 = 0
        var lastChild: Int32 = 0
    }

    /// Whether nothing will be added any more.
    private(set) var isComplete = false
    private(set) var entries: [Entry] = []
    private var names: [UInt8] = []
    private var directories: [Directory] = []
    private var otherContents: [Content] = []
    /// The entries by a hash of parent and name, with linear probing; 0 is a free place.
    ///
    /// At most half of the places, whose number is a power of two, are taken.
    private var table = [Int32](repeating: 0, count: initialTableSize)

    private static let initialTableSize = 64

    /// Makes room for entries that will be added.
    mutating func reserve(_ count: Int) {
        entries.reserveCapacity(entries.count + count)
        names.reserveCapacity(names.count + count * Self.usualNameByteCount)
        growTable(to: entries.count + count)
    }

    /// A guess, for the room that is reserved.
    private static let usualNameByteCount = 12

    /// The memory that it takes, but for what few entries have.
    var byteCount: Int {
        entries.count * MemoryLayout<Entry>.stride + names.count + table.count * MemoryLayout<Int32>.stride
    }

    /// Says that nothing will be added any more.
    mutating func complete() {
        isComplete = true
    }

    /// The name of an entry.
    func name(of entry: Int) -> ArraySlice<UInt8> {
        let start = entries[entry].nameStart
        return names[start..<start + Int(entries[entry].nameByteCount)]
    }

    /// What an entry is.
    func content(of entry: Int) -> Content {
        switch entries[entry].place {
        case .directory: .directory
        case .file(let row): .file(row)
        case .other(let index): otherContents[index]
        }
    }

    /// The directory that holds an entry; the root's is the root.
    func parent(of entry: Int) -> Int {
        Int(entries[entry].parent)
    }

    /// How many entries a directory has.
    func childCount(of directory: Int) -> Int {
        guard directory < entries.count, case .directory(let index) = entries[directory].place else {
            return 0
        }
        return directories[index].childCount
    }

    /// Calls a function with each entry of a directory from a place on, in order.
    func forEachChild(of directory: Int, from first: Int, _ body: (Int) -> Void) {
        guard case .directory(let index) = entries[directory].place else { return }
        var child = Int(directories[index].firstChild)
        var place = 0
        while child != 0 {
            if place >= first { body(child) }
            child = Int(entries[child].nextSibling)
            place += 1
        }
    }

    /// The entry that a directory holds under a name.
    func entry(named name: ArraySlice<UInt8>, in directory: Int) -> Int? {
        let found = Int(table[slot(of: name, in: directory)])
        return found > 0 ? found : nil
    }

    /// Adds an entry, or finds the one of that name that is there already.
    mutating func add(
        _ name: ArraySlice<UInt8>,
        in parent: Int,
        _ content: Content,
        size: Int = 0,
        permissions: UInt16 = 0o444,
        modificationTime: Int64
    ) -> Int {
        let index = entries.count
        // The root, entry 0, is its own parent and nobody's child.
        if index > 0 {
            growTable(to: index + 1)
            let slot = slot(of: name, in: parent)
            if table[slot] != 0 { return Int(table[slot]) }
            table[slot] = Int32(index)
            append(Int32(index), to: parent)
        }
        entries.append(
            Entry(
                kind: content.kind,
                permissions: permissions,
                parent: Int32(parent),
                nameByteCount: Int32(name.count),
                nameStart: names.count,
                size: size,
                modificationTime: modificationTime,
                place: place(for: content)
            )
        )
        names += name
        return index
    }

    /// Adds a directory, or finds the one of that name that is there already.
    mutating func addDirectory(
        _ name: ArraySlice<UInt8>,
        in parent: Int,
        modificationTime: Int64
    ) -> Int {
        add(name, in: parent, .directory, permissions: 0o555, modificationTime: modificationTime)
    }

    private mutating func place(for content: Content) -> Place {
        switch content {
        case .directory:
            directories.append(Directory())
            return .directory(directories.count - 1)
        case .file(let row): return .file(row)
        default:
            otherContents.append(content)
            return .other(otherContents.count - 1)
        }
    }

    private mutating func append(_ entry: Int32, to parent: Int) {
        guard case .directory(let index) = entries[parent].place else { return }
        let last = Int(directories[index].lastChild)
        if last == 0 { directories[index].firstChild = entry } else { entries[last].nextSibling = entry }
        directories[index].lastChild = entry
        directories[index].childCount += 1
    }

    // MARK: - The table of names

    /// The place of the table that has an entry, or is free for it.
    private func slot(of name: ArraySlice<UInt8>, in parent: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(parent)
        name.withUnsafeBytes { hasher.combine(bytes: $0) }
        let mask = table.count - 1
        var slot = hasher.finalize() & mask
        while table[slot] != 0 {
            let entry = Int(table[slot])
            if entries[entry].parent == parent, self.name(of: entry) == name { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func growTable(to count: Int) {
        guard count * 2 > table.count else { return }
        var size = table.count
        while size < count * 2 { size *= 2 }
        table = [Int32](repeating: 0, count: size)
        for entry in entries.indices.dropFirst() {
            table[slot(of: name(of: entry), in: parent(of: entry))] = Int32(entry)
        }
    }
}

extension VersionTree.Content {
    /// What `stat` calls it.
    fileprivate var kind: NodeAttributes.Kind {
        switch self {
        case .directory: .directory
        case .symbolicLink: .symbolicLink
        case .file, .document, .model, .array, .reduced: .regularFile
        }
    }
}
