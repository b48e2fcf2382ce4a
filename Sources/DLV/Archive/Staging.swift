import Foundation

extension ModelArchive {
    private var stagingPath: String { path + "/staged.json" }

    /// The paths that `dlv add` remembered for the next commit, in the order in which they came.
    public func stagedPaths() throws -> [String] {
        guard let data = FileManager.default.contents(atPath: stagingPath) else { return [] }
        guard let paths = try? JSONDecoder().decode([String].self, from: data) else {
            throw ArchiveError(
                .damaged,
                "The list of added files, '\(stagingPath)', cannot be read. Delete it and add again."
            )
        }
        return paths
    }

    /// Remembers paths for the next commit.
    ///
    /// - Throws: ``ArchiveError`` if one of them is not there.
    public func stage(_ paths: [String]) throws -> [String] {
        let manager = FileManager.default
        let added = paths.map { path in
            path.hasPrefix("/") ? path : manager.currentDirectoryPath + "/" + path
        }.map { ($0 as NSString).standardizingPath }
        for path in added where !manager.fileExists(atPath: path) {
            throw ArchiveError(.notFound, "There is no file or directory '\(path)' to add.")
        }
        return try withLock {
            var staged = try stagedPaths()
            staged += added.filter { !staged.contains($0) }
            try writeStaged(staged)
            return staged
        }
    }

    /// Forgets the paths that were added.
    public func clearStaged() throws {
        guard FileManager.default.fileExists(atPath: stagingPath) else { return }
        try withLock { try writeStaged([]) }
    }

    private func writeStaged(_ paths: [String]) throws {
        do {
            try JSONEncoder().encode(paths).write(
                to: URL(fileURLWithPath: stagingPath),
                options: .atomic
            )
        } catch {
            throw ArchiveError(
                .system,
                "Cannot write '\(stagingPath)': \(error.localizedDescription)"
            )
        }
    }
}
