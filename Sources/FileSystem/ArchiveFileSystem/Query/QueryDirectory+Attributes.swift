// What `stat` tells of the nodes.
extension QueryDirectory {
    var readmeAttributes: NodeAttributes {
        NodeAttributes(
            node: Self.readmeNode,
            kind: .regularFile,
            size: Self.readmeText.utf8.count,
            permissions: 0o444,
            modificationTime: startTime,
            timeoutSeconds: ArchiveTree.mutableTimeoutSeconds
        )
    }

    func directoryAttributes(_ node: UInt64) -> NodeAttributes {
        NodeAttributes(
            node: NodeNumber(rawValue: node),
            kind: .directory,
            size: 0,
            permissions: node == Self.root.rawValue && isWritable ? 0o755 : 0o555,
            modificationTime: startTime,
            timeoutSeconds: 0
        )
    }

    static func attributes(_ file: QueryFile) -> NodeAttributes {
        NodeAttributes(
            node: file.node,
            kind: .regularFile,
            size: file.bytes.count,
            permissions: 0o644,
            modificationTime: file.modificationTime,
            timeoutSeconds: 0
        )
    }

    func attributes(_ node: UInt64, _ status: SavedQueries.Status) -> NodeAttributes {
        NodeAttributes(
            node: NodeNumber(rawValue: node),
            kind: .regularFile,
            size: status.byteCount,
            permissions: isWritable ? 0o644 : 0o444,
            modificationTime: status.modificationTime,
            timeoutSeconds: 0
        )
    }

    func attributes(of answer: QueryAnswer, _ index: Int) -> NodeAttributes {
        let (kind, size): (NodeAttributes.Kind, Int) =
            switch answer.children[index].content {
            case .link(let target): (.symbolicLink, target.count)
            case .file(let bytes): (.regularFile, bytes.count)
            case .stored(let extents): (.regularFile, extents.byteCount)
            case .directory: (.directory, 0)
            }
        return NodeAttributes(
            node: NodeNumber(rawValue: answer.firstNode + 4 * UInt64(index)),
            kind: kind,
            size: size,
            permissions: kind == .symbolicLink ? 0o777 : kind == .directory ? 0o555 : 0o444,
            modificationTime: answer.modificationTime,
            timeoutSeconds: 0
        )
    }
}
