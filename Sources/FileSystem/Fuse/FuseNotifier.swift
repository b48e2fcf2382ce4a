import CFuse

/// Tells the kernel that something it remembers is not so any more.
///
/// Used from threads that answer no request: the kernel may wait for a request that is under way. Works
/// as long as the session serves; afterwards there is nobody to tell, and nothing happens.
public struct FuseNotifier: @unchecked Sendable {
    // Unchecked: libfuse allows notifications from any thread.
    private let session: OpaquePointer

    init(_ session: OpaquePointer) {
        self.session = session
    }

    /// The attributes of a node, and with them its data or listing, are to be asked for again.
    ///
    /// The corresponding C function is `fuse_lowlevel_notify_inval_inode`.
    public func invalidate(node: UInt64) {
        _ = fuse_lowlevel_notify_inval_inode(session, node, 0, 0)
    }

    /// A name is to be looked up again.
    ///
    /// The corresponding C function is `fuse_lowlevel_notify_inval_entry`.
    public func invalidate(name: [UInt8], in parent: UInt64) {
        name.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            _ = fuse_lowlevel_notify_inval_entry(session, parent, start, bytes.count)
        }
    }
}
