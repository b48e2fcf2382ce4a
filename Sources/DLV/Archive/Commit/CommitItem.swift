import Catalog
import ModelFormats
import Tensors

/// A file of a commit with what was found in it, before it is stored.
struct CommitItem {
    let scanned: ScannedFile
    /// Its span map; nil if it is kept whole.
    var map: SpanMap?
    /// What users should know of it, in a sentence: why it is kept whole, or what is missing.
    var note: String?
    var role: FileRole
    /// The ordinal of the snapshot that it belongs to.
    var snapshot: Int?

    /// The folder that it lies in, with a slash at the end; empty for the top.
    var folder: String {
        let name = scanned.name
        return name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
    }

    /// Finds the span map of every file, so that a broken one is refused before anything is stored.
    ///
    /// - Parameter weightsPattern: Says which files are weights; nil for the fixed rules.
    /// - Throws: ``ArchiveError`` if a file claims a format and is broken, or cannot be read.
    static func items(of scanned: [ScannedFile], weightsPattern: String?) throws -> [CommitItem] {
        var items = try scanned.map { CommitItem(scanned: $0, mapping: try mapping(of: $0)) }
        ExternalData.map(&items)
        try ShardIndex.check(&items)
        let rules = RoleRules(weightsPattern: weightsPattern)
        for index in items.indices where items[index].scanned.linkTarget == nil {
            let map = items[index].map
            // A file that a trainer made of plain numbers holds no weights, though it could be followed.
            let isMapped = map.map { !$0.tensors.isEmpty || !$0.externalTensors.isEmpty } ?? false
            items[index].role = rules.role(of: items[index].scanned.name, isMapped: isMapped)
        }
        return items
    }

    private init(scanned: ScannedFile, mapping: FileMapping) {
        self.scanned = scanned
        role = .auxiliary
        switch mapping {
        case .mapped(let map): self.map = map
        case .keptWhole(let reason): note = reason
        }
    }

    private static func mapping(of file: ScannedFile) throws -> FileMapping {
        guard file.linkTarget == nil else { return .keptWhole(reason: nil) }
        do {
            return try mapFile(named: file.name, try FileBytes(path: file.sourcePath))
        } catch let error as ModelFormatError {
            throw ArchiveError(
                .badInput,
                "'\(file.sourcePath)' cannot be committed: \(error.message)"
            )
        }
    }
}
