import ParameterStore
import Synchronization
import TensorCoding

/// The bytes of a file in the mount, as a list of where each run of them comes from.
///
/// It never changes, so any number of open files and threads share it.
final class FileExtents: Sendable {
    /// Where a run of bytes comes from.
    enum Source: Sendable {
        /// Bytes in memory.
        case bytes([UInt8])
        /// A part of a content, beginning at an offset.
        case content(ContentID, offset: Int)
        /// Elements of a tensor, in another order or width than they are stored in.
        case elements(TensorElements)
    }

    /// As a source, but with bytes that can be handed out without copying them.
    private enum Place {
        case memory(ChunkBytes)
        case content(ContentID, offset: Int)
        case elements(TensorElements)
    }

    private struct Extent {
        let offset: Int
        let byteCount: Int
        let place: Place
    }

    private let extents: [Extent]
    private let store: ParameterStore
    private let resolution: Resolution
    private let packs = Mutex<(epoch: Int, names: [String])?>(nil)

    /// The size of the file in bytes.
    let byteCount: Int

    /// The number of extents, as a measure of the memory that the list takes.
    var extentCount: Int { extents.count }

    /// Joins runs of bytes to a file.
    ///
    /// - Parameter resolution: At which resolution floats are shown.
    init(
        _ parts: [(byteCount: Int, source: Source)],
        store: ParameterStore,
        resolution: Resolution = .full
    ) {
        var offset = 0
        var extents: [Extent] = []
        for part in parts where part.byteCount > 0 {
            let place: Place =
                switch part.source {
                case .bytes(let bytes):
                    .memory(ChunkBytes(byteCount: bytes.count) { $0.copyBytes(from: bytes) })
                case .content(let content, let offset): .content(content, offset: offset)
                case .elements(let elements): .elements(elements)
                }
            extents.append(Extent(offset: offset, byteCount: part.byteCount, place: place))
            offset += part.byteCount
        }
        self.extents = extents
        self.store = store
        self.resolution = resolution
        byteCount = offset
    }

    /// The bytes of a range, as they lie in memory; fewer only at the file's end.
    func pieces(at offset: Int, byteCount: Int) throws(FileSystemError) -> [ContentPiece] {
        guard offset >= 0, offset < self.byteCount, byteCount > 0 else { return [] }
        var pieces: [ContentPiece] = []
        for (extent, range) in parts(of: offset..<min(offset + byteCount, self.byteCount)) {
            do {
                switch extent.place {
                case .memory(let bytes):
                    pieces.append(
                        ContentPiece(bytes, offset: range.lowerBound, byteCount: range.count)
                    )
                case .content(let content, let start):
                    pieces += try store.pieces(
                        of: content,
                        at: start + range.lowerBound,
                        byteCount: range.count,
                        resolution: resolution
                    )
                case .elements(let elements):
                    let bytes = try ChunkBytes(byteCount: range.count) {
                        (buffer) throws(ParameterStoreError) in
                        try elements.read(into: buffer, at: range.lowerBound)
                    }
                    pieces.append(ContentPiece(bytes, offset: 0, byteCount: range.count))
                }
            } catch {
                throw FileSystemError(error)
            }
        }
        return pieces
    }

    /// The contents that the file is made of.
    private var contents: [ContentID] {
        extents.compactMap { extent -> ContentID? in
            switch extent.place {
            case .memory: nil
            case .content(let content, _): content
            case .elements(let elements): elements.content
            }
        }
    }

    /// Keeps what the file needs from being collected as long as the value lives.
    ///
    /// - Throws: ``FileSystemError`` with `noMedium` if low-order planes that the file needs were moved to a place that
    ///   is not reachable.
    func hold() throws(FileSystemError) -> HeldPacks {
        let held = store.hold(packNames)
        guard held.lacksLowPlanes else { return held }
        do {
            try store.checkLowPlanes(of: contents, resolution: resolution)
        } catch {
            throw FileSystemError(.noMedium, error.message)
        }
        return held
    }

    /// The packs that the file needs, as far as the store knows: a change of the archive may have moved it to others.
    private var packNames: [String] {
        let epoch = store.epoch
        if let known = packs.withLock({ $0 }), known.epoch == epoch { return known.names }
        let contents = contents
        let names = contents.isEmpty ? [] : store.packNames(of: contents)
        packs.withLock { $0 = (epoch, names) }
        return names
    }

    /// Has the bytes of a range decoded, up to the end of the file, before they are asked for; each part if it is
    /// wanted still when its turn comes.
    func prefetch(_ range: Range<Int>, isWanted: @escaping @Sendable (Range<Int>) -> Bool) {
        for (extent, part) in parts(of: range.clamped(to: 0..<byteCount)) {
            switch extent.place {
            case .memory: break
            case .content(let content, let start):
                let first = start + part.lowerBound
                let shift = extent.offset - start
                store.prefetch(content, first..<first + part.count, resolution: resolution) {
                    isWanted($0.lowerBound + shift..<$0.upperBound + shift)
                }
            case .elements(let elements):
                guard let bytes = elements.storedRange(of: part) else { continue }
                // Elements that lie close to one another in the file may lie anywhere in the content.
                let range = extent.offset + part.lowerBound..<extent.offset + part.upperBound
                store.prefetch(elements.content, bytes, resolution: resolution) { _ in
                    isWanted(range)
                }
            }
        }
    }

    /// Tells the store that a sequential reader has passed a range.
    func pass(_ range: Range<Int>) {
        for (extent, part) in parts(of: range.clamped(to: 0..<byteCount)) {
            switch extent.place {
            case .memory: break
            case .content(let content, let start):
                let first = start + part.lowerBound
                store.pass(content, first..<first + part.count, resolution: resolution)
            case .elements(let elements):
                guard let bytes = elements.storedRange(of: part) else { continue }
                store.pass(elements.content, bytes, resolution: resolution)
            }
        }
    }

    /// The extents that a range of the file needs, each with the part of it, from its own beginning.
    private func parts(of range: Range<Int>) -> [(Extent, Range<Int>)] {
        guard !range.isEmpty else { return [] }
        var parts: [(Extent, Range<Int>)] = []
        var index = firstExtent(at: range.lowerBound)
        while index < extents.count, extents[index].offset < range.upperBound {
            let extent = extents[index]
            let start = max(range.lowerBound - extent.offset, 0)
            let end = min(range.upperBound - extent.offset, extent.byteCount)
            parts.append((extent, start..<end))
            index += 1
        }
        return parts
    }

    private func firstExtent(at offset: Int) -> Int {
        var low = 0
        var high = extents.count
        while low + 1 < high {
            let middle = (low + high) / 2
            if extents[middle].offset <= offset { low = middle } else { high = middle }
        }
        return low
    }
}

extension FileSystemError {
    /// What a failure of the store means to whoever reads a file.
    init(_ error: ParameterStoreError) {
        self.init(error.code == .missingLowPlanes ? .noMedium : .inputOutput, error.message)
    }
}
