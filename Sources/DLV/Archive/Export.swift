public import Catalog
import Foundation
import SystemPackage

extension ModelArchive {
    /// Writes committed files of a version to a directory, byte for byte.
    ///
    /// - Parameters:
    ///   - version: The version.
    ///   - snapshot: If given, only the files of this snapshot.
    ///   - destination: A directory that is empty or not there yet.
    ///   - progress: Is called before every file with the number of files done and of all.
    /// - Returns: The files that were written.
    /// - Throws: ``ArchiveError`` if something is there already; nothing is ever overwritten.
    public func export(
        _ version: VersionRecord,
        snapshot: SnapshotRecord? = nil,
        to destination: String,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [FileRecord] {
        let files = try catalog.files(of: version.id).filter { file in
            snapshot == nil || file.snapshot == snapshot?.ordinal
        }
        let manager = FileManager.default
        let folder = Self.absolutePath(destination)
        var isDirectory: ObjCBool = false
        if manager.fileExists(atPath: folder, isDirectory: &isDirectory) {
            let isEmpty = try isDirectory.boolValue
                && manager.contentsOfDirectory(atPath: folder).isEmpty
            guard isEmpty else {
                throw ArchiveError(
                    .exists,
                    "'\(destination)' is there and not empty; nothing is overwritten. "
                        + "Choose a new directory."
                )
            }
        }
        for (index, file) in files.enumerated() {
            progress(index, files.count)
            let path = folder + "/" + String(decoding: file.path, as: UTF8.self)
            do {
                try manager.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent,
                    withIntermediateDirectories: true
                )
            } catch {
                throw ArchiveError(
                    .system,
                    "Cannot make the folder of '\(path)': \(error.localizedDescription)"
                )
            }
            try write(file, to: path)
        }
        progress(files.count, files.count)
        return files
    }

    /// Writes one committed file, byte for byte; nothing may be at `path` yet.
    func write(_ file: FileRecord, to path: String) throws {
        if let target = file.linkTarget {
            guard symlink(String(decoding: target, as: UTF8.self), path) == 0 else {
                throw ArchiveError.system("make the link '\(path)'", Errno(rawValue: errno))
            }
            return
        }
        let stored = try StoredFile(file, in: self)
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: FilePermissions(rawValue: file.isExecutable ? 0o755 : 0o644)
            )
        } catch {
            throw ArchiveError.system("write '\(path)'", error)
        }
        do {
            try stored.forEachPiece { _ = try descriptor.writeAll($0) }
            var times = [timespec(nanoseconds: file.modificationTime)]
            times.append(times[0])
            futimens(descriptor.rawValue, times)
            try descriptor.close()
        } catch {
            // The first error is the one to tell of.
            try? descriptor.close()
            try? FileManager.default.removeItem(atPath: path)
            if let error = error as? Errno { throw ArchiveError.system("write '\(path)'", error) }
            throw error
        }
    }
}

extension timespec {
    fileprivate init(nanoseconds: Int64) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(
            tv_sec: Int(rest < 0 ? seconds - 1 : seconds),
            tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest)
        )
    }
}
