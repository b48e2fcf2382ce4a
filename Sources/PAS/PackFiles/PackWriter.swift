import Foundation
import SystemPackage

/// Writes the two files of a new pack.
///
/// Used by one thread. Nothing that it wrote counts until ``finish()`` has returned and the catalog
/// names the pack; a crash before leaves litter that a collection takes away.
public final class PackWriter {
    /// The bytes of a pack without streams.
    public static let emptyByteCount = PackPart.allCases.count * PackPart.magic.count

    /// The name of the pack, without a suffix.
    public let name: String

    private let directory: FilePath
    private var files: [PackPart: Output] = [:]

    private struct Output {
        let path: FilePath
        let descriptor: FileDescriptor
        var byteCount: Int
        var buffer: [UInt8]
        var writtenByteCount = 0
        var writebackStart = 0
    }

    /// Small streams are gathered to writes of this size.
    private static let bufferByteCount = 1 << 20
    /// Streams from this size on are not copied for that.
    private static let directByteCount = 32 << 10
    /// The system is asked to begin with the disk whenever there is so much more, so that ``finish()`` does
    /// not wait for all of it.
    private static let writebackByteCount = 4 << 20

    /// Creates the files.
    ///
    /// - Parameters:
    ///   - name: The name of the pack; no pack of that name may exist.
    ///   - directory: The directory of the packs.
    /// - Throws: ``PackFileError``.
    public init(name: String, directory: String) throws(PackFileError) {
        self.name = name
        self.directory = FilePath(directory)
        for part in PackPart.allCases {
            let path = self.directory.appending(part.fileName(of: name))
            do {
                let descriptor = try FileDescriptor.open(
                    path,
                    .writeOnly,
                    options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead]
                )
                files[part] = Output(
                    path: path,
                    descriptor: descriptor,
                    byteCount: PackPart.magic.count,
                    buffer: PackPart.magic
                )
            } catch {
                discard()
                throw Self.failure("create", path, error)
            }
        }
    }

    deinit {
        for file in files.values { try? file.descriptor.close() }
    }

    /// The place at which the next stream of a part will lie.
    public func offset(in part: PackPart) -> Int {
        files[part]?.byteCount ?? 0
    }

    /// Appends a stream.
    public func append(_ stream: [UInt8], to part: PackPart) throws(PackFileError) {
        files[part]?.byteCount += stream.count
        guard stream.count < Self.directByteCount else {
            try flush(part)
            try write(stream, to: part)
            return
        }
        files[part]?.buffer += stream
        guard let file = files[part], file.buffer.count >= Self.bufferByteCount else { return }
        try flush(part)
    }

    /// Gives everything appended so far to the operating system, so that it can be read back.
    public func flush() throws(PackFileError) {
        for part in PackPart.allCases { try flush(part) }
    }

    private func flush(_ part: PackPart) throws(PackFileError) {
        guard let file = files[part], !file.buffer.isEmpty else { return }
        try write(file.buffer, to: part)
        files[part]?.buffer.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: [UInt8], to part: PackPart) throws(PackFileError) {
        guard let file = files[part] else { return }
        do {
            try file.descriptor.writeAll(bytes)
        } catch {
            throw Self.failure("write", file.path, error)
        }
        let end = file.writtenByteCount + bytes.count
        files[part]?.writtenByteCount = end
        let start = file.writebackStart
        guard end - start >= Self.writebackByteCount else { return }
        // Linux takes this as word to begin writing; dirty pages stay in its cache all the same. It is
        // only advice, so an error does not matter.
        _ = posix_fadvise(file.descriptor.rawValue, start, end - start, POSIX_FADV_DONTNEED)
        files[part]?.writebackStart = end
    }

    /// Writes everything to the disk: the files, then the directory that names them.
    public func finish() throws(PackFileError) {
        try flush()
        for file in files.values {
            guard fsync(file.descriptor.rawValue) == 0 else {
                throw Self.failure("sync", file.path, Errno(rawValue: errno))
            }
        }
        do {
            let folder = try FileDescriptor.open(directory, .readOnly, options: [.directory])
            defer { try? folder.close() }
            guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw Self.failure("sync", directory, error)
        }
    }

    /// Deletes the files again.
    public func discard() {
        for file in files.values {
            // What cannot be deleted is litter, and the next collection's work.
            try? file.descriptor.close()
            unlink(file.path.string)
        }
        files = [:]
    }

    private static func failure(
        _ action: String,
        _ path: FilePath,
        _ error: any Error
    ) -> PackFileError {
        let isFull = [Errno.noSpace, Errno.diskQuotaExceeded].contains { $0 == error as? Errno }
        guard !isFull else {
            return PackFileError(
                .full,
                "Cannot \(action) '\(path)': the disk is full. Free some space and try again."
            )
        }
        return PackFileError(.system, "Cannot \(action) '\(path)': \(error).")
    }
}
