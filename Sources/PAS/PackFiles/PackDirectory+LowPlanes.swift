import Foundation
import SystemPackage

/// Low-order planes in another directory: in their place lies a symbolic link.
///
/// Every step that counts is one rename, so that a crash leaves the planes in one of the two places, whole.
extension PackDirectory {
    /// Where the low-order planes of a pack lie if they were moved.
    public func lowPlanesTarget(of pack: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: lowPath(of: pack))
    }

    /// Copies the low-order planes of a pack to another directory, and syncs them there.
    ///
    /// - Returns: Where they are now.
    /// - Throws: ``PackFileError``; nothing has changed then but litter in that directory.
    public func copyLowPlanes(of pack: String, to directory: String) throws(PackFileError) -> String {
        let target = "\(directory)/\(PackPart.low.fileName(of: pack))"
        try Self.copy(lowPath(of: pack), to: target)
        return target
    }

    /// Puts a link in the place of low-order planes that were copied, and so frees their room.
    ///
    /// Readers that have the file open keep it until they close it.
    public func linkLowPlanes(of pack: String, to target: String) throws(PackFileError) {
        let link = lowPath(of: pack) + "-link"
        unlink(link)
        guard symlink(target, link) == 0, rename(link, lowPath(of: pack)) == 0 else {
            throw Self.failure("link", lowPath(of: pack))
        }
        try Self.sync(path)
    }

    /// Copies low-order planes back into the place of their link.
    ///
    /// - Throws: ``PackFileError`` with the code `missingLow` if the other directory is not there.
    public func bringLowPlanesBack(of pack: String) throws(PackFileError) {
        guard let target = lowPlanesTarget(of: pack) else { return }
        guard FileManager.default.fileExists(atPath: target) else {
            throw PackFileError(
                .missingLow,
                "The low-order planes '\(target)' are not there. Make their directory reachable and "
                    + "try again."
            )
        }
        try Self.copy(target, to: lowPath(of: pack))
    }

    /// The bytes of the low-order planes of a pack, wherever they are; 0 if they are not there.
    public func lowPlanesByteCount(of pack: String) -> Int {
        var status = stat()
        return stat(lowPath(of: pack), &status) == 0 ? Int(status.st_size) : 0
    }

    private func lowPath(of pack: String) -> String { "\(path)/\(PackPart.low.fileName(of: pack))" }

    /// Copies a file under another name, syncs it, and gives it the name.
    private static func copy(_ source: String, to target: String) throws(PackFileError) {
        let draft = target + "-moving"
        unlink(draft)
        do {
            let input = try FileDescriptor.open(FilePath(source), .readOnly)
            defer { try? input.close() }
            let output = try FileDescriptor.open(
                FilePath(draft),
                .writeOnly,
                options: [.create, .exclusiveCreate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
            defer { try? output.close() }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try input.read(into: $0) }
                guard count > 0 else { break }
                try output.writeAll(buffer[..<count])
            }
            guard fsync(output.rawValue) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(draft)
            let isFull = [Errno.noSpace, .diskQuotaExceeded].contains { $0 == error as? Errno }
            throw PackFileError(
                isFull ? .full : .system,
                "Cannot copy '\(source)' to '\(target)': \(error)."
            )
        }
        guard rename(draft, target) == 0 else { throw failure("rename", draft) }
        try sync((target as NSString).deletingLastPathComponent)
    }

    private static func sync(_ directory: String) throws(PackFileError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else { throw failure("sync", directory) }
    }

    private static func failure(_ action: String, _ path: String) -> PackFileError {
        PackFileError(.system, "Cannot \(action) '\(path)': \(Errno(rawValue: errno)).")
    }
}
