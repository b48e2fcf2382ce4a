import Foundation
import SystemPackage

/// A pack that is open for reading; used by any number of threads.
///
/// While it is open it holds a shared lock on both files, so that a collection by another process
/// leaves them alone.
public final class PackReader: Sendable {
    /// The name of the pack, without a suffix.
    public let name: String

    private let high: FileDescriptor
    private let low: FileDescriptor

    /// Opens the files of a pack.
    ///
    /// - Throws: ``PackFileError`` if one is missing or no pack.
    public init(name: String, directory: String) throws(PackFileError) {
        self.name = name
        high = try Self.open(.high, name, directory)
        do {
            low = try Self.open(.low, name, directory)
        } catch {
            try? high.close()
            throw error
        }
    }

    deinit {
        try? high.close()
        try? low.close()
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
            throw PackFileError(.missing, "The pack '\(file)' is missing.")
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
        let descriptor = part == .high ? high : low
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
