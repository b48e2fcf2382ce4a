import ModelFormats
import ParameterStore
import Tensors

/// The bytes of a file in the mount, as a list of where each run of them comes from.
///
/// It never changes, so any number of open files and threads share it.
final class FileExtents: ReadableFile {
    /// Where a run of bytes comes from.
    enum Source: Sendable {
        /// Bytes in memory.
        case bytes([UInt8])
        /// A part of a content, beginning at an offset.
        case content(ContentID, offset: Int)
        /// Elements of a content, beginning at an offset, widened to 32-bit floats: numpy has no
        /// bfloat16 and no float8.
        case widened(ContentID, offset: Int, DType)
    }

    private struct Extent {
        let offset: Int
        let byteCount: Int
        let source: Source
    }

    private let extents: [Extent]
    private let store: ParameterStore

    /// The size of the file in bytes.
    let byteCount: Int

    /// The number of extents, as a measure of the memory that the list takes.
    var extentCount: Int { extents.count }

    /// Joins runs of bytes to a file.
    init(_ parts: [(byteCount: Int, source: Source)], store: ParameterStore) {
        var offset = 0
        var extents: [Extent] = []
        for part in parts where part.byteCount > 0 {
            extents.append(Extent(offset: offset, byteCount: part.byteCount, source: part.source))
            offset += part.byteCount
        }
        self.extents = extents
        self.store = store
        byteCount = offset
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileSystemError) -> Int {
        guard offset >= 0, offset < byteCount else { return 0 }
        let count = min(buffer.count, byteCount - offset)
        var done = 0
        var index = firstExtent(at: offset)
        while done < count {
            let extent = extents[index]
            let skipped = offset + done - extent.offset
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[done..<done + min(extent.byteCount - skipped, count - done)]
            )
            do {
                try copy(extent.source, from: skipped, into: part)
            } catch {
                throw FileSystemError(.inputOutput, "\(error)")
            }
            done += part.count
            index += 1
        }
        return count
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

    private func copy(
        _ source: Source,
        from skipped: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws {
        switch source {
        case .bytes(let bytes):
            bytes.withUnsafeBytes { all in
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: all[skipped..<skipped + buffer.count])
                )
            }
        case .content(let content, let offset):
            try store.read(content, at: offset + skipped, into: buffer)
        case .widened(let content, let offset, let dtype):
            try copyWidened(content, offset, dtype, from: skipped, into: buffer)
        }
    }

    /// Reads the elements that a range of widened bytes needs, and widens them.
    private func copyWidened(
        _ content: ContentID,
        _ offset: Int,
        _ dtype: DType,
        from skipped: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws {
        let first = skipped / 4
        let elements = first..<(skipped + buffer.count + 3) / 4
        let width = dtype.storageWidth
        var narrow = [UInt8](repeating: 0, count: elements.count * width)
        try narrow.withUnsafeMutableBytes {
            try store.read(content, at: offset + first * width, into: $0)
        }
        let wide = UnsafeMutableRawBufferPointer.allocate(
            byteCount: elements.count * 4,
            alignment: 16
        )
        defer { wide.deallocate() }
        narrow.withUnsafeBytes { FloatWidening.widen(dtype, $0, into: wide) }
        let start = skipped - first * 4
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: wide[start..<start + buffer.count])
        )
    }
}
