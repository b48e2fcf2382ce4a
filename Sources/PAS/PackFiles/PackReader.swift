import Foundation
import Synchronization
import SystemPackage

/// A pack that is open for reading; used by any number of threads.
///
/// The file of low-order planes is opened when it is needed first: it may lie on a slow disk, or nowhere
/// for the time being. While a file is open it holds a shared lock on it, so that a collection by another
/// process leaves the pack alone.
public final class PackReader: Sendable {
    /// The name of the pack, without a suffix.
    public let name: String

    private let directory: String
    private let high: FileDescriptor
    private let low = Mutex<FileDescriptor?>(nil)

    /// Opens a pack.
    ///
    /// - Throws: ``PackFileError`` if the file of high-order planes is missing or no pack.
    public init(name: String, directory: String) throws(PackFileError) {
        self.name = name
        self.directory = directory
        high = try Self.open(.high, name, directory)
    }

    deinit {
        try? high.close()
        try? low.withLock { $0 }?.close()
    }

    /// Opens the file of low-order planes, unless it is open.
    ///
    /// - Throws: ``PackFileError`` with the code `missingLow` if it is not there.
    public func openLow() throws(PackFileError) {
        _ = try descriptor(of: .low)
    }

    private func descriptor(of part: PackPart) throws(PackFileError) -> FileDescriptor {
        guard part == .low else { return high }
        if let open = low.withLock({ $0 }) { return open }
        let opened = try Self.open(.low, name, directory)
        let first = low.withLock { low in
            if let other = low { return other }
            low = opened
            return opened
        }
        // Another thread was faster: one of the two is enough.
        if first != opened { try? opened.close() }
        return first
    }

    private static func open(
        _ part: PackPart,
        _ name: String,
        _ directory: String
    ) throws(PackFileError) -> FileDescriptor {
        let file = part.fileName(of: name)
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(
                FilePath(directory).appending(file),
                .readOnly,
                options: [.closeOnExec]
            )
        } catch Errno.noSuchFileOrDirectory {
            guard part == .low else {
                throw PackFileError(.missing, "The pack '\(file)' is missing.")
            }
            throw PackFileError(
                .missingLow,
                "The low-order planes '\(file)' are not there. If they were moved, make their "
                    + "directory reachable again; resolutions of two bytes and less do without."
            )
        } catch {
            throw PackFileError(.system, "Cannot open the pack '\(file)': \(error).")
        }
        var magic = [UInt8](repeating: 0, count: PackPart.magic.count)
        let count = magic.withUnsafeMutableBytes { buffer in
            pread(descriptor.rawValue, buffer.baseAddress, buffer.count, 0)
        }
        guard count == magic.count, magic == PackPart.magic else {
            try? descriptor.close()
            throw PackFileError(.notAPack, "The file '\(file)' does not begin like a pack.")
        }
        // A file system without locks has no collection by others to fear either.
        _ = flock(descriptor.rawValue, LOCK_SH | LOCK_NB)
        return descriptor
    }

    /// Fills a buffer from a place of a part.
    ///
    /// - Throws: ``PackFileError`` if the file ends before.
    public func read(
        _ part: PackPart,
        at offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(PackFileError) {
        let descriptor = try descriptor(of: part)
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor.rawValue, rest.baseAddress, rest.count, offset + filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw PackFileError(
                    .system,
                    "Cannot read '\(part.fileName(of: name))' at offset \(offset): "
                        + "\(Errno(rawValue: errno))."
                )
            }
            guard count > 0 else {
                throw PackFileError(
                    .truncated,
                    "The pack '\(part.fileName(of: name))' ends before offset "
                        + "\(offset + buffer.count)."
                )
            }
            filled += count
        }
    }
}
