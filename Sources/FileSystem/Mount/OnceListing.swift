import Fuse
import Synchronization

/// The listing of an open directory, once it was made.
final class OnceListing: Sendable {
    private let listing = Mutex<FuseDirectory?>(nil)

    var value: FuseDirectory? {
        get { listing.withLock { $0 } }
        set { listing.withLock { $0 = newValue } }
    }
}
