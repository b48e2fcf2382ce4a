import ArchiveFileSystem
import Fuse
import ParameterStore

/// The listings that were made last; a large directory is listed once, however often it is read.
///
/// One of a directory that commits change belongs to a count of changes and is used as long as that is
/// the archive's.
final class DirectoryListings: Sendable {
    private struct Listing: Sendable {
        let directory: FuseDirectory
        let generation: Int64
    }

    /// The bound is a number of entries: some tens of megabytes.
    private let listings = BoundedCache<NodeNumber, Listing>(weightMax: 500_000)

    /// The listing of a directory as it was at a count of changes.
    func listing(of directory: NodeNumber, generation: Int64) -> FuseDirectory? {
        guard let known = listings.value(for: directory), known.generation == generation else {
            return nil
        }
        return known.directory
    }

    func keep(_ listing: FuseDirectory, of directory: NodeNumber, generation: Int64) {
        listings.insert(
            Listing(directory: listing, generation: generation),
            for: directory,
            weight: listing.count
        )
    }
}
