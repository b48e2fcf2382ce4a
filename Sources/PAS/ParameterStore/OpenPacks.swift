import PackFiles

/// The packs that were read last, open.
final class OpenPacks: Sendable {
    private let directory: String
    // A pack is two descriptors; most systems allow a process 1024.
    private let readers = BoundedCache<String, PackReader>(weightMax: 128)

    init(directory: String) {
        self.directory = directory
    }

    func reader(of name: String) throws -> PackReader {
        if let known = readers.value(for: name) { return known }
        let reader = try PackReader(name: name, directory: directory)
        readers.insert(reader, for: name, weight: 1)
        return reader
    }

    /// Closes a pack that was taken back, once nobody reads it any more.
    func forget(_ name: String) {
        readers.remove { $0 == name }
    }

    /// Closes every pack, once nobody reads it any more.
    func forgetAll() {
        readers.remove { _ in true }
    }
}

/// Packs that somebody needs: open, and kept from collection, as long as this value lives.
public struct HeldPacks: Sendable {
    let readers: [PackReader]
}
