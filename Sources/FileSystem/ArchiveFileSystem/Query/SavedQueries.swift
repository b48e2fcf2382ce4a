import Archive
import Foundation

/// The queries that an archive keeps, as plain files of its directory `queries/`.
///
/// The disk is the truth: another process may add, change or remove a query at any time.
struct SavedQueries: Sendable {
    let path: String

    struct Status: Hashable {
        let byteCount: Int
        /// In nanoseconds since 1970.
        let modificationTime: Int64
    }

    /// The names of all queries, in order.
    func names() -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return files.compactMap { file in
            if case .query(let name) = QueryName.kind(of: Array(file.utf8)) { name } else { nil }
        }.sorted()
    }

    /// Size and time of a query's text; nil if there is none.
    func status(of name: String) -> Status? {
        var status = stat()
        guard lstat(file(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= QueryFile.byteCountMax
        else { return nil }
        return Status(
            byteCount: Int(status.st_size),
            modificationTime: FileTime.nanoseconds(status.st_mtim)
        )
    }

    /// The text of a query; nil if there is none.
    func text(of name: String) -> [UInt8]? {
        // What is no query by its size or kind is not read either.
        guard status(of: name) != nil else { return nil }
        return FileManager.default.contents(atPath: file(name)).map { [UInt8]($0) }
    }

    /// Saves a query: the old text or the new one is there at any moment, whole.
    func save(_ text: [UInt8], as name: String) throws(FileSystemError) {
        do {
            try Data(text).write(to: URL(fileURLWithPath: file(name)), options: .atomic)
        } catch {
            throw Self.failure("save", name, error)
        }
    }

    /// Sets the time of a query's text, in nanoseconds since 1970; one that cannot be set stays.
    func setModificationTime(_ time: Int64, of name: String) {
        let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
        let isNegative = rest < 0
        let value = timespec(
            tv_sec: Int(isNegative ? seconds - 1 : seconds),
            tv_nsec: Int(isNegative ? rest + 1_000_000_000 : rest)
        )
        let times = [value, value]
        utimensat(AT_FDCWD, file(name), times, AT_SYMLINK_NOFOLLOW)
    }

    /// Removes a query.
    func remove(_ name: String) throws(FileSystemError) {
        do {
            try FileManager.default.removeItem(atPath: file(name))
        } catch {
            throw Self.failure("remove", name, error)
        }
    }

    private func file(_ name: String) -> String { "\(path)/\(name).dql" }

    private static func failure(
        _ action: String,
        _ name: String,
        _ error: any Error
    ) -> FileSystemError {
        let message = "Cannot \(action) the query '\(name)': \(error.localizedDescription)"
        let code = (error as? CocoaError)?.code
        switch code {
        case .fileWriteOutOfSpace?: return FileSystemError(.noSpace, message)
        case .fileWriteVolumeReadOnly?, .fileWriteNoPermission?:
            return FileSystemError(.readOnly, message)
        case .fileNoSuchFile?: return FileSystemError(.noSuchEntry, message)
        default: return FileSystemError(.inputOutput, message)
        }
    }
}
