import PackFiles
import TensorCoding
import Tensors

/// The memory in which segments are encoded: a segment of the content, and one of its base.
///
/// It grows with the largest segment, and no further: some tens of megabytes.
final class SegmentWorkspace {
    private var elements: UnsafeMutableRawBufferPointer
    private var base: UnsafeMutableRawBufferPointer

    init() {
        elements = .allocate(byteCount: 1 << 16, alignment: 64)
        base = .allocate(byteCount: 1 << 16, alignment: 64)
    }

    deinit {
        elements.deallocate()
        base.deallocate()
    }

    /// Reads a segment of a source.
    func load(_ source: any ByteSource, _ range: Range<Int>) throws -> UnsafeRawBufferPointer {
        let buffer = Self.prepare(&elements, range.count)
        try source.read(into: buffer, at: range.lowerBound)
        return UnsafeRawBufferPointer(buffer)
    }

    /// Decodes the same segment of a base, by all cores.
    func load(
        _ base: StoredContent,
        _ range: Range<Int>,
        from store: ParameterStore
    ) throws -> UnsafeRawBufferPointer {
        let buffer = Self.prepare(&self.base, range.count)
        let size = base.record.kind.chunkByteCount
        let first = range.lowerBound / size
        _ = try concurrentMap((range.count + size - 1) / size) { chunk in
            let part = buffer[chunk * size..<min(range.count, (chunk + 1) * size)]
            try store.decode(
                first + chunk,
                of: base,
                into: UnsafeMutableRawBufferPointer(rebasing: part)
            )
        }
        return UnsafeRawBufferPointer(buffer)
    }

    private static func prepare(
        _ buffer: inout UnsafeMutableRawBufferPointer,
        _ byteCount: Int
    ) -> UnsafeMutableRawBufferPointer {
        if buffer.count < byteCount {
            buffer.deallocate()
            buffer = .allocate(byteCount: byteCount, alignment: 64)
        }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount])
    }
}
