import Archive
import ArgumentParser
import Foundation

/// How a command finds its archive.
struct ArchiveOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The archive's directory; else DLV_ARCHIVE, else found upwards from here.",
            valueName: "dir"
        )
    )
    var archive: String?

    /// Opens the archive; it is closed when the program ends.
    func open(readOnly: Bool = false) throws -> ModelArchive {
        let archive = try ModelArchive(at: try path(), readOnly: readOnly)
        OpenCatalogs.closeAtExit(archive.catalog)
        return archive
    }

    private func path() throws -> String {
        if let archive { return archive }
        if let path = ProcessInfo.processInfo.environment["DLV_ARCHIVE"], !path.isEmpty {
            return path
        }
        let here = FileManager.default.currentDirectoryPath
        guard let found = ModelArchive.find(from: here) else {
            throw ArchiveError(
                .notFound,
                "There is no archive in '\(here)' or above it. Name one with --archive, set "
                    + "DLV_ARCHIVE, or make one with 'dlv init .dlv'."
            )
        }
        return found
    }
}

/// Whether facts are printed as JSON.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON for scripts.")
    var json = false
}
