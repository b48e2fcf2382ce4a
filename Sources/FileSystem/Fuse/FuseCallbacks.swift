import CFuse
import Glibc

/// What libfuse's user data points to.
final class OperationsBox: Sendable {
    let operations: any FuseOperations
    let threads: FuseThreads

    init(_ operations: any FuseOperations, _ threads: FuseThreads) {
        self.operations = operations
        self.threads = threads
    }
}

/// The functions that libfuse calls, each a line that turns C into Swift.
enum FuseCallbacks {
    /// The table for `fuse_session_new`.
    static var table: fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        addSession(to: &table)
        addReading(to: &table)
        addDirectories(to: &table)
        addWriting(to: &table)
        addNames(to: &table)
        return table
    }

    private static func addSession(to table: inout fuse_lowlevel_ops) {
        table.`init` = { _, connection in
            guard let connection else { return }
            // More reads in flight than the default 12, since each may have to decode.
            connection.pointee.max_background = 64
            connection.pointee.congestion_threshold = 48
            connection.pointee.time_gran = 1
        }
        table.statfs = { request, _ in with(request) { $0.space($1) } }
    }

    private static func addReading(to table: inout fuse_lowlevel_ops) {
        table.lookup = { request, parent, name in
            with(request) { $0.lookup($1, parent: parent, name: bytes(name)) }
        }
        table.getattr = { request, node, _ in with(request) { $0.attributes($1, node: node) } }
        table.readlink = { request, node in with(request) { $0.readLink($1, node: node) } }
        table.open = { request, node, info in
            withBrief(request) { $0.open($1, node: node, flags: info?.pointee.flags ?? 0) }
        }
        table.read = { request, _, size, offset, info in
            with(request) {
                $0.read($1, handle: info?.pointee.fh ?? 0, offset: offset, byteCount: size)
            }
        }
        table.flush = { request, _, info in
            with(request) { $0.flush($1, handle: info?.pointee.fh ?? 0) }
        }
        table.fsync = { request, _, _, info in
            with(request) { $0.sync($1, handle: info?.pointee.fh ?? 0) }
        }
        table.release = { request, _, info in
            withBrief(request) { $0.release($1, handle: info?.pointee.fh ?? 0) }
        }
    }

    private static func addDirectories(to table: inout fuse_lowlevel_ops) {
        table.opendir = { request, node, _ in withBrief(request) { $0.openDirectory($1, node: node) } }
        table.readdir = { request, _, size, offset, info in
            withBrief(request) {
                $0.readDirectory(
                    $1,
                    handle: info?.pointee.fh ?? 0,
                    from: offset,
                    byteCountMax: size,
                    withAttributes: false
                )
            }
        }
        table.readdirplus = { request, _, size, offset, info in
            withBrief(request) {
                $0.readDirectory(
                    $1,
                    handle: info?.pointee.fh ?? 0,
                    from: offset,
                    byteCountMax: size,
                    withAttributes: true
                )
            }
        }
        table.releasedir = { request, _, info in
            withBrief(request) { $0.releaseDirectory($1, handle: info?.pointee.fh ?? 0) }
        }
    }

    private static func addWriting(to table: inout fuse_lowlevel_ops) {
        table.write = { request, _, buffer, size, offset, info in
            with(request) {
                $0.write(
                    $1,
                    handle: info?.pointee.fh ?? 0,
                    offset: offset,
                    bytes: UnsafeRawBufferPointer(start: buffer, count: size)
                )
            }
        }
        table.setattr = { request, node, status, mask, _ in
            with(request) { $0.setAttributes($1, node: node, changes(status, mask: mask)) }
        }
        table.create = { request, parent, name, _, info in
            with(request) {
                $0.create($1, parent: parent, name: bytes(name), flags: info?.pointee.flags ?? 0)
            }
        }
    }

    private static func addNames(to table: inout fuse_lowlevel_ops) {
        table.unlink = { request, parent, name in
            with(request) { $0.unlink($1, parent: parent, name: bytes(name)) }
        }
        table.rmdir = { request, parent, _ in
            with(request) { $0.removeDirectory($1, parent: parent) }
        }
        table.rename = { request, parent, name, newParent, newName, flags in
            with(request) {
                $0.rename(
                    $1,
                    parent: parent,
                    name: bytes(name),
                    newParent: newParent,
                    newName: bytes(newName),
                    flags: flags
                )
            }
        }
        table.mkdir = { request, parent, _, _ in with(request) { $0.makeOther($1, parent: parent) } }
        table.mknod = { request, parent, _, _, _ in with(request) { $0.makeOther($1, parent: parent) } }
        table.symlink = { request, _, parent, _ in with(request) { $0.makeOther($1, parent: parent) } }
        table.link = { request, _, parent, _ in with(request) { $0.makeOther($1, parent: parent) } }
    }
}

// Free functions, since a function pointer of C captures nothing, not even a type.

/// Calls a function with the operations behind a request that may take long.
@inline(__always)
private func with(_ request: fuse_req_t?, _ body: (any FuseOperations, FuseRequest) -> Void) {
    withBrief(request) {
        $1.expectDelay()
        body($0, $1)
    }
}

/// Calls a function with the operations behind a request that is mostly answered at once; where it is not, they
/// say so themselves.
///
/// The session keeps them alive as long as there are requests, so no reference is counted.
@inline(__always)
private func withBrief(_ request: fuse_req_t?, _ body: (any FuseOperations, FuseRequest) -> Void) {
    guard let request, let box = fuse_req_userdata(request) else { return }
    Unmanaged<OperationsBox>.fromOpaque(box)._withUnsafeGuaranteedRef {
        body($0.operations, FuseRequest(request))
    }
}

private func bytes(_ name: UnsafePointer<CChar>?) -> [UInt8] {
    guard let name else { return [] }
    return Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
}

/// A time in nanoseconds since 1970; one that 64 bits cannot hold becomes the nearest that they can.
private func nanoseconds(_ time: timespec) -> Int64 {
    let (product, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(Int64(time.tv_nsec))
    guard overflow || carry else { return sum }
    return time.tv_sec < 0 ? .min : .max
}

private func changes(_ status: UnsafeMutablePointer<stat>?, mask: Int32) -> FuseAttributeChanges {
    var changes = FuseAttributeChanges()
    guard let status else { return changes }
    if mask & FUSE_SET_ATTR_SIZE != 0 { changes.size = status.pointee.st_size }
    if mask & FUSE_SET_ATTR_MTIME != 0 {
        changes.modificationTime = .nanoseconds(nanoseconds(status.pointee.st_mtim))
    }
    if mask & FUSE_SET_ATTR_MTIME_NOW != 0 { changes.modificationTime = .now }
    return changes
}
