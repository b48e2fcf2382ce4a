import Archive
import Catalog
import TensorCoding
import Tensors

/// The tree below one version: `files/`, `layers/`, `snapshots/` and the rendered files.
///
/// It is a list of entries that depends on the sealed version only, so an entry is known by its
/// place in the list for ever, and the list can be dropped and made again at any time.
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

    struct Entry: Sendable {
        let name: [UInt8]
        let parent: Int
        let content: Content
        let size: Int
        let permissions: UInt16
        /// In nanoseconds since 1970.
        let modificationTime: Int64
        // Entries of one directory form a list; 0 is its end, since the root is nobody's child.
        fileprivate var childCount: Int32 = 0
        fileprivate var firstChild: Int32 = 0
        fileprivate var lastChild: Int32 = 0
        fileprivate var nextSibling: Int32 = 0
    }

    private(set) var entries: [Entry] = []
    private var places: [Place: Int] = [:]

    private struct Place: Hashable {
        let parent: Int
        let name: [UInt8]
    }

    /// Makes room for entries that will be added.
    mutating func reserve(_ count: Int) {
        entries.reserveCapacity(entries.count + count)
        places.reserveCapacity(places.count + count)
    }

    /// Makes something of each entry of a directory, in order.
    func mapChildren<Value>(of directory: Int, _ make: (Int) -> Value) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(Int(entries[directory].childCount))
        var child = Int(entries[directory].firstChild)
        while child != 0 {
            values.append(make(child))
            child = Int(entries[child].nextSibling)
        }
        return values
    }

    /// The entry that a directory holds under a name.
    func entry(named name: [UInt8], in directory: Int) -> Int? {
        places[Place(parent: directory, name: name)]
    }

    /// Adds an entry, or finds the directory of that name that is there already.
    mutating func add(
        _ name: [UInt8],
        in parent: Int,
        _ content: Content,
        size: Int = 0,
        permissions: UInt16 = 0o444,
        modificationTime: Int64
    ) -> Int {
        let index = entries.count
        // The root, entry 0, is its own parent and nobody's child.
        if index > 0 {
            let place = Place(parent: parent, name: name)
            if let known = places.updateValue(index, forKey: place) {
                places[place] = known
                return known
            }
        }
        entries.append(
            Entry(
                name: name,
                parent: parent,
                content: content,
                size: size,
                permissions: permissions,
                modificationTime: modificationTime
            )
        )
        if index > 0 { append(index, to: parent) }
        return index
    }

    private mutating func append(_ index: Int, to parent: Int) {
        let last = Int(entries[parent].lastChild)
        let place = Int32(index)
        if last == 0 { entries[parent].firstChild = place } else { entries[last].nextSibling = place }
        entries[parent].lastChild = place
        entries[parent].childCount += 1
    }
}
