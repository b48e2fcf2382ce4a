import Catalog
import Foundation
import Synchronization

/// The catalogs to close before the program ends, however it ends.
///
/// A thread that decodes ahead of a reader may hold an archive to the very end. A catalog that nobody
/// closes leaves its log and the log's index behind: 32 kB, and the archive is then not known to be
/// whole on a medium that cannot be written.
enum OpenCatalogs {
    private static let catalogs = Mutex<[Catalog]>([])

    /// Closes a catalog when the program ends.
    static func closeAtExit(_ catalog: Catalog) {
        let isFirst = catalogs.withLock { catalogs in
            catalogs.append(catalog)
            return catalogs.count == 1
        }
        guard isFirst else { return }
        atexit { OpenCatalogs.catalogs.withLock { $0 }.forEach { $0.close() } }
    }
}
