import Archive
import Catalog
import DQLExecution
import Foundation

extension ModelArchive {
    /// Commits a network that a query made as a version; its parent is the version that it was made
    /// of, and its `metadata.json` keeps the query.
    func commit(
        _ made: MadeNetwork,
        as model: String,
        message: String,
        tags: [String]
    ) throws -> CommitSummary {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dlv-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        // Nothing can be done about a failure; the folder lies in the temporary one.
        defer { try? FileManager.default.removeItem(at: folder) }
        try MadeNetworkFiles(made, in: self).write(to: folder.path, from: self)
        var request = CommitRequest(
            model: model,
            message: message.isEmpty ? made.query : message,
            paths: [folder.path]
        )
        request.parents = [try Reference(made.version.reference)]
        request.tags = tags
        return try commit(request)
    }

    /// The versions that directories of made networks say they were made of: what is copied out of
    /// an answer and committed keeps its lineage.
    func sources(ofNetworksIn paths: [String]) throws -> [Reference] {
        try paths.compactMap { path in
            guard let bytes = FileManager.default.contents(atPath: "\(path)/metadata.json"),
                let identity = MadeNetworkFiles.sourceID(inMetadata: [UInt8](bytes)),
                let version = try catalog.version(identity)
            else { return nil }
            return try Reference(version.reference)
        }
    }
}
