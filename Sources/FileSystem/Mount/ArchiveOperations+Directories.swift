import ArchiveFileSystem
import Fuse
import Glibc

/// A directory that is open; listed when it is first read, since a listing may take a query.
final class OpenDirectory: Sendable {
    let node: NodeNumber
    /// Whether what it holds never changes.
    let isSealed: Bool
    let listing = OnceListing()

    init(_ node: NodeNumber, isSealed: Bool) {
        self.node = node
        self.isSealed = isSealed
    }
}

extension ArchiveOperations {
    func openDirectory(_ request: FuseRequest, node: UInt64) {
        answer(request) { () throws(FileSystemError) in
            let directory = self.node(node)
            let attributes = try fileSystem.attributes(of: directory)
            guard attributes.kind == .directory else {
                throw FileSystemError(.notDirectory, "The node is not a directory.")
            }
            let isSealed = attributes.timeoutSeconds > 1
            let options = FuseOpenOptions(
                handle: directories.add(OpenDirectory(directory, isSealed: isSealed)),
                keepsCache: isSealed,
                cachesDirectory: isSealed
            )
            if !request.reply(open: options) { _ = directories.remove(options.handle) }
        }
    }

    func readDirectory(
        _ request: FuseRequest,
        handle: UInt64,
        from first: Int,
        byteCountMax: Int,
        withAttributes: Bool
    ) {
        guard let directory = directories.value(handle) else { return request.reply(errno: EBADF) }
        let reply: @Sendable () -> Void = {
            self.answer(request) { () throws(FileSystemError) in
                let listing = try self.listing(of: directory, for: request, from: first)
                request.reply(
                    entriesOf: listing,
                    from: first,
                    byteCountMax: byteCountMax,
                    withAttributes: withAttributes
                )
            }
        }
        guard first == 0, fileSystem.mayRunQuery(list: directory.node) else { return reply() }
        executors.run(reply)
    }

    /// The listing, or as much as is known of it from a place on; a rewind makes it anew, as rewinddir(3) asks.
    private func listing(
        of directory: OpenDirectory,
        for request: FuseRequest,
        from first: Int
    ) throws(FileSystemError) -> FuseDirectory {
        if first > 0, let known = directory.listing.value, known.holds(first) { return known }
        let listing: FuseDirectory
        // Queries have their own answer to what is stale; the root shows the times of such directories.
        if directory.node.isInQueryDirectory || directory.node == .root {
            listing = try makeListing(of: directory.node, for: request, from: first)
        } else {
            // Asked before the listing is made, so that the listing is at least as new.
            let generation = directory.isSealed ? 0 : try fileSystem.generation()
            if let known = listings.listing(of: directory.node, generation: generation) {
                listing = known
            } else {
                listing = try makeListing(of: directory.node, for: request, from: first)
                if listing.isWhole {
                    listings.keep(listing, of: directory.node, generation: generation)
                }
            }
        }
        directory.listing.value = listing
        return listing
    }

    private func makeListing(
        of directory: NodeNumber,
        for request: FuseRequest,
        from first: Int
    ) throws(FileSystemError) -> FuseDirectory {
        request.expectDelay()
        let own = try fileSystem.attributes(of: directory)
        let parent =
            number(directory) == NodeNumber.root.rawValue
            ? own : try fileSystem.attributes(of: fileSystem.parent(of: directory))
        let entries = try fileSystem.entries(of: directory, from: FuseDirectory.entry(at: first)) {
            request.isInterrupted || self.executors.isEnding
        }
        return FuseDirectory(
            own: translated(own),
            parent: translated(parent),
            names: entries.names,
            nameStarts: entries.nameStarts,
            attributes: entries.attributes.map(translated),
            firstEntry: entries.firstPlace,
            reachesEnd: entries.reachesEnd
        )
    }

    func releaseDirectory(_ request: FuseRequest, handle: UInt64) {
        _ = directories.remove(handle)
        request.reply(errno: 0)
    }
}
