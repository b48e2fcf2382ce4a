import ArchiveFileSystem
import Fuse
import Glibc

// Changes, which only `query/` allows.
extension ArchiveOperations {
    func create(_ request: FuseRequest, parent: UInt64, name: [UInt8], flags: Int32) {
        guard name.count <= Self.nameByteCountMax else { return request.reply(errno: ENAMETOOLONG) }
        answer(request) { () throws(FileSystemError) in
            let (attributes, file) = try fileSystem.create(
                name,
                in: node(parent),
                isExclusive: flags & O_EXCL != 0,
                truncating: flags & O_TRUNC != 0
            )
            let options = options(for: file, isInQueryDirectory: true)
            if !request.reply(created: translated(attributes), options) { close(options.handle) }
        }
    }

    func setAttributes(_ request: FuseRequest, node: UInt64, _ changes: FuseAttributeChanges) {
        answer(request) { () throws(FileSystemError) in
            let number = self.node(node)
            if let size = changes.size { try fileSystem.resize(number, to: size) }
            switch changes.modificationTime {
            case .now: try fileSystem.setModificationTime(nil, of: number)
            case .nanoseconds(let time): try fileSystem.setModificationTime(time, of: number)
            case nil: break
            }
            try fileSystem.setOwnership(of: number)
            request.reply(attributes: translated(try fileSystem.attributes(of: number)))
        }
    }

    func unlink(_ request: FuseRequest, parent: UInt64, name: [UInt8]) {
        answer(request) { () throws(FileSystemError) in
            try fileSystem.unlink(name, in: node(parent))
            request.reply(errno: 0)
        }
    }

    func rename(
        _ request: FuseRequest,
        parent: UInt64,
        name: [UInt8],
        newParent: UInt64,
        newName: [UInt8],
        flags: UInt32
    ) {
        guard newName.count <= Self.nameByteCountMax else { return request.reply(errno: ENAMETOOLONG) }
        // RENAME_NOREPLACE is 1; an exchange is refused, and tools then fall back.
        guard flags & ~1 == 0 else { return request.reply(errno: EINVAL) }
        answer(request) { () throws(FileSystemError) in
            try fileSystem.rename(
                name,
                in: node(parent),
                to: newName,
                in: node(newParent),
                isExclusive: flags == 1
            )
            request.reply(errno: 0)
        }
    }

    func makeOther(_ request: FuseRequest, parent: UInt64) {
        answer(request) { () throws(FileSystemError) in
            try fileSystem.refuseOther(in: node(parent))
        }
    }

    func removeDirectory(_ request: FuseRequest, parent: UInt64) {
        makeOther(request, parent: parent)
    }
}
