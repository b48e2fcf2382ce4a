public import Archive
public import Catalog
import DQLSyntax
import Foundation

/// What queries can ask: the catalog of an archive, and its saved queries.
public struct ArchiveFacts: Sendable {
    /// Where versions and their facts are.
    public let catalog: Catalog

    /// The directory of the saved queries.
    private let queriesPath: String

    /// Whether `from "dir/query.dql"` reads a file: on a command line, not in a mount, whose users
    /// need not be those who may read the files of who mounted it.
    let readsFiles: Bool

    /// Looks into an archive.
    ///
    /// - Parameters:
    ///   - archive: The archive.
    ///   - readsFiles: Whether queries may select from files of the machine.
    public init(_ archive: ModelArchive, readsFiles: Bool = false) {
        self.init(catalog: archive.catalog, queriesPath: archive.queriesPath, readsFiles: readsFiles)
    }

    /// Looks into a catalog.
    init(catalog: Catalog, queriesPath: String, readsFiles: Bool = false) {
        self.catalog = catalog
        self.queriesPath = queriesPath
        self.readsFiles = readsFiles
    }

    /// The text of a saved query, or of a file if the name has a slash; nil if there is none.
    public func savedQuery(named name: String) throws -> [UInt8]? {
        if name.contains("/") {
            guard readsFiles, name.hasSuffix(".dql") else { return nil }
            return Self.text(at: name)
        }
        guard !name.hasPrefix("."), !name.isEmpty, !name.contains("\0") else { return nil }
        return Self.text(at: "\(queriesPath)/\(name).dql")
    }

    /// The bytes of a file that is not too long to be a query.
    private static func text(at path: String) -> [UInt8]? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let bytes = try? file.read(upToCount: Lexer.byteCountMax + 1) else { return nil }
        return [UInt8](bytes)
    }

    /// The names of all saved queries, in order.
    public func savedQueryNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: queriesPath)
            .filter { $0.hasSuffix(".dql") && !$0.hasPrefix(".") }
            .map { String($0.dropLast(4)) }.sorted()
    }
}
