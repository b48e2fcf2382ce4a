import ParameterStore
import SystemPackage
public import Tensors

/// A file of the disk as a source of bytes.
///
/// It is read with `pread`, so that any number of threads share it and memory does not grow with
/// its size. A file that gets shorter under way is an error, not garbage.
public final class FileBytes: ByteSource {
    /// Where the file is.
    public let path: String

    /// The size that the file had when it was opened.
    public let byteCount: Int

    /// The modification time that the file had when it was opened, in nanoseconds since 1970.
    public let modificationTime: Int64

    private let descriptor: FileDescriptor

    /// Opens a regular file.
    ///
    /// - Throws: ``ArchiveError`` if it cannot be opened or is something else.
    public init(path: String) throws {
        self.path = path
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path),
                .readOnly,
                options: [.closeOnExec, .nonBlocking]
            )
        } catch {
            throw ArchiveError.system("read '\(path)'", error)
        }
        guard let status = FileStatus(descriptor), status.kind == .regularFile else {
            try? descriptor.close()
            throw ArchiveError(.badInput, "'\(path)' is not a regular file; it cannot be committed.")
        }
        byteCount = status.byteCount
        modificationTime = status.modificationTime
    }

    deinit {
        // Nothing was written, so a failure to close loses nothing.
        try? descriptor.close()
    }

    /// Fills `buffer` with the bytes from `offset` on.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count: Int
            do {
                count = try descriptor.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
            } catch {
                throw ArchiveError.system("read '\(path)'", error)
            }
            guard count > 0 else { throw changed() }
            filled += count
        }
    }

    /// Checks that the file is still what it was when it was opened.
    ///
    /// - Throws: ``ArchiveError`` if its size or modification time changed.
    func checkUnchanged() throws {
        guard let status = FileStatus(descriptor), status.byteCount == byteCount,
            status.modificationTime == modificationTime
        else { throw changed() }
    }

    private func changed() -> ArchiveError {
        ArchiveError(
            .badInput,
            "'\(path)' changed while it was being committed. Commit it when nothing writes to it."
        )
    }
}

extension FileBytes {
    /// The SHA-256 of all bytes.
    func sha256() throws -> [UInt8] {
        try ContentHash(of: self).bytes
    }
}
