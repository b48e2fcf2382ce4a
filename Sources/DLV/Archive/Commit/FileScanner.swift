import Foundation

/// A file or link that a commit takes in.
struct ScannedFile {
    /// Where it is on the disk.
    let sourcePath: String
    /// The path that it gets below `files/`, as bytes.
    let path: [UInt8]
    let status: FileStatus
    /// Where it points, if it is kept as a symbolic link.
    let linkTarget: [UInt8]?

    /// The path below `files/` for messages and rules.
    var name: String { String(decoding: path, as: UTF8.self) }
}

/// Walks the paths of a commit and lists the files in them.
///
/// One directory gives its contents; several paths keep their last names. Links that stay inside the
/// directory are kept as links; those that leave it are followed, and a loop is an error.
struct FileScanner {
    private var files: [ScannedFile] = []
    private var names: Set<[UInt8]> = []
    private let root: String

    /// Lists the files of `paths`, in order of their paths below `files/`.
    ///
    /// - Throws: ``ArchiveError`` if a path is missing, is neither file nor directory, loops, or
    ///   meets another of the same name.
    static func scan(_ paths: [String]) throws -> [ScannedFile] {
        var found: [ScannedFile] = []
        var names: Set<[UInt8]> = []
        let absolute = paths.map(Self.absolutePath)
        for path in absolute {
            guard let status = FileStatus(path: path, followingLinks: true) else {
                throw ArchiveError(.notFound, "There is no file or directory '\(path)' to commit.")
            }
            let isAlone = absolute.count == 1 && status.kind == .directory
            let name = isAlone ? [] : Array((path as NSString).lastPathComponent.utf8)
            var scanner = FileScanner(root: Self.realPath(path) ?? path)
            try scanner.visit(path, as: name, status: status, ancestors: [])
            for file in scanner.files {
                guard names.insert(file.path).inserted else {
                    throw ArchiveError(
                        .invalid,
                        "Two of the paths give a file '\(file.name)'; commit their common folder."
                    )
                }
                found.append(file)
            }
        }
        return found.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    private init(root: String) {
        self.root = root
    }

    private static func absolutePath(_ path: String) -> String {
        let absolute = path.hasPrefix("/")
            ? path : FileManager.default.currentDirectoryPath + "/" + path
        return (absolute as NSString).standardizingPath
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private mutating func visit(
        _ path: String,
        as name: [UInt8],
        status: FileStatus,
        ancestors: [FileStatus.Identity]
    ) throws {
        switch status.kind {
        case .regularFile:
            files.append(
                ScannedFile(sourcePath: path, path: name, status: status, linkTarget: nil)
            )
        case .directory:
            guard !ancestors.contains(status.identity) else {
                throw ArchiveError(
                    .badInput,
                    "'\(path)' is a symbolic link into one of its own parent folders: a loop. "
                        + "Remove the link or commit the folders apart."
                )
            }
            try visitChildren(of: path, as: name, ancestors: ancestors + [status.identity])
        case .symbolicLink:
            try visitLink(path, as: name, ancestors: ancestors)
        case .other:
            throw ArchiveError(
                .badInput,
                "'\(path)' is neither a file nor a directory; it cannot be committed."
            )
        }
    }

    private mutating func visitChildren(
        of path: String,
        as name: [UInt8],
        ancestors: [FileStatus.Identity]
    ) throws {
        guard let directory = opendir(path) else {
            throw ArchiveError(
                .system,
                "Cannot list '\(path)': \(String(cString: strerror(errno)))."
            )
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let child = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                Array(bytes.prefix { $0 != 0 })
            }
            guard child != Array(".".utf8), child != Array("..".utf8) else { continue }
            guard let text = String(validating: child, as: UTF8.self) else {
                throw ArchiveError(
                    .badInput,
                    "A file in '\(path)' has a name that is not UTF-8; rename it to commit it."
                )
            }
            let childPath = path == "/" ? "/" + text : path + "/" + text
            guard let status = FileStatus(path: childPath, followingLinks: false) else {
                throw ArchiveError(.badInput, "'\(childPath)' vanished while it was being committed.")
            }
            try visit(
                childPath,
                as: name.isEmpty ? child : name + Array("/".utf8) + child,
                status: status,
                ancestors: ancestors
            )
        }
    }

    /// Keeps a link that stays inside the committed directory, follows one that leaves it.
    private mutating func visitLink(
        _ path: String,
        as name: [UInt8],
        ancestors: [FileStatus.Identity]
    ) throws {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
            throw ArchiveError(.badInput, "The symbolic link '\(path)' cannot be read.")
        }
        guard let real = Self.realPath(path),
            let status = FileStatus(path: path, followingLinks: true)
        else {
            throw ArchiveError(
                .badInput,
                "The symbolic link '\(path)' leads to '\(target)', which is missing or a loop. "
                    + "Remove the link or mend it."
            )
        }
        let staysInside = !target.hasPrefix("/") && real.hasPrefix(root + "/")
        // A link to a folder is never kept as one: below a version, walks must come to an end.
        guard staysInside, status.kind == .regularFile else {
            try visit(path, as: name, status: status, ancestors: ancestors)
            return
        }
        guard let link = FileStatus(path: path, followingLinks: false) else { return }
        files.append(
            ScannedFile(
                sourcePath: path,
                path: name,
                status: link,
                linkTarget: Array(target.utf8)
            )
        )
    }
}
