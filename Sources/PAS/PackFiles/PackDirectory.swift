import Foundation
import SystemPackage

/// The directory of the packs, for those who tidy it.
public struct PackDirectory: Sendable {
    /// The path of the directory.
    public let path: String

    /// Names the directory.
    public init(path: String) {
        self.path = path
    }

    /// The packs of which a file is there, in order of their names, with the bytes that they take.
    public func list() throws(PackFileError) -> [(name: String, byteCount: Int)] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw PackFileError(
                .system,
                "Cannot list the packs in '\(path)': \(error.localizedDescription)"
            )
        }
        var sizes: [String: Int] = [:]
        for file in names {
            for part in PackPart.allCases where file.hasSuffix(".\(part.rawValue)") {
                var status = stat()
                guard stat("\(path)/\(file)", &status) == 0 else { continue }
                let pack = String(file.dropLast(part.rawValue.count + 1))
                sizes[pack, default: 0] += Int(status.st_size)
            }
        }
        return sizes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether a reader holds a pack open.
    public func isHeld(_ pack: String) -> Bool {
        PackPart.allCases.contains { part in
            let file = FilePath("\(path)/\(part.fileName(of: pack))")
            guard let descriptor = try? FileDescriptor.open(file, .readOnly) else { return false }
            defer { try? descriptor.close() }
            return flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
        }
    }

    /// Deletes a pack unless a reader holds it open.
    ///
    /// - Returns: Whether it is gone.
    public func remove(_ pack: String) throws(PackFileError) -> Bool {
        var held: [FileDescriptor] = []
        defer { for descriptor in held { try? descriptor.close() } }
        let files = PackPart.allCases.map { "\(path)/\($0.fileName(of: pack))" }
        for file in files {
            guard let descriptor = try? FileDescriptor.open(FilePath(file), .readOnly) else {
                // A crash may have left one of the two.
                continue
            }
            held.append(descriptor)
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                return false
            }
        }
        let moved = lowPlanesTarget(of: pack)
        for file in files + (moved.map { [$0] } ?? []) where unlink(file) != 0 && errno != ENOENT {
            throw PackFileError(
                .system,
                "Cannot delete '\(file)': \(Errno(rawValue: errno))."
            )
        }
        return true
    }
}
