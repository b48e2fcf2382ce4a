import Catalog
import ModelFormats
import ParameterStore
import TensorCoding
import Tensors

/// The elements of a tensor as another file shows them: row-major although they are stored with
/// strides, little-endian although they are stored big-endian, or widened to 32-bit floats.
struct TensorElements: Sendable {
    private let stored: StoredBytes
    private let ordered: any ByteSource
    private let dtype: DType
    private let isOrdered: Bool
    private let isWidened: Bool

    /// A content as a source, from an offset on.
    private struct StoredBytes: ByteSource {
        let store: ParameterStore
        let content: ContentID
        let offset: Int
        let byteCount: Int
        let resolution: Resolution

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
            try store.read(
                content,
                at: self.offset + offset,
                into: buffer,
                resolution: resolution
            )
        }
    }

    /// Shows a tensor.
    ///
    /// - Parameters:
    ///   - tensor: The tensor.
    ///   - content: Holds its elements.
    ///   - store: Holds the content.
    ///   - isOrdered: Whether elements are put in row-major order and made little-endian; else they are
    ///     shown as they lie.
    ///   - isWidened: Whether elements become 32-bit floats, since numpy has no bfloat16 and no float8.
    ///   - resolution: At which resolution they are read.
    init(
        _ tensor: TensorRecord,
        in content: ContentID,
        of store: ParameterStore,
        isOrdered: Bool,
        isWidened: Bool,
        resolution: Resolution = .full
    ) {
        stored = StoredBytes(
            store: store,
            content: content,
            offset: tensor.byteOffset,
            byteCount: tensor.description.spannedByteCount ?? 0,
            resolution: resolution
        )
        let isPlain = tensor.description.strides == nil && !tensor.description.isBigEndian
        self.isOrdered = isOrdered && !isPlain
        ordered = self.isOrdered ? RowMajorBytes(tensor.description, in: stored, at: 0) : stored
        dtype = tensor.description.dtype
        self.isWidened = isWidened
    }

    /// The cheapest way to read the elements: a plain part of the content where nothing changes.
    var source: FileExtents.Source {
        isOrdered || isWidened ? .elements(self) : .content(stored.content, offset: stored.offset)
    }

    /// The content that holds the elements.
    var content: ContentID { stored.content }

    /// Where in the content the bytes lie that a range of the shown ones needs; nil where they are
    /// scattered.
    func storedRange(of shown: Range<Int>) -> Range<Int>? {
        guard !isOrdered else { return nil }
        guard isWidened else {
            return stored.offset + shown.lowerBound..<stored.offset + shown.upperBound
        }
        let width = dtype.storageWidth
        let start = stored.offset + shown.lowerBound / 4 * width
        return start..<max(start, stored.offset + (shown.upperBound + 3) / 4 * width)
    }

    /// Fills a buffer with the bytes from an offset on.
    func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(ParameterStoreError) {
        do {
            try fill(buffer, from: offset)
        } catch let error as ParameterStoreError {
            throw error
        } catch {
            throw ParameterStoreError(.system, "\(error)")
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) throws {
        guard isWidened else { return try ordered.read(into: buffer, at: offset) }
        let width = dtype.storageWidth
        let elements = offset / 4..<(offset + buffer.count + 3) / 4
        let narrow = UnsafeMutableRawBufferPointer.allocate(
            byteCount: elements.count * width,
            alignment: 16
        )
        defer { narrow.deallocate() }
        try ordered.read(into: narrow, at: elements.lowerBound * width)
        let wide = UnsafeMutableRawBufferPointer.allocate(
            byteCount: elements.count * 4,
            alignment: 16
        )
        defer { wide.deallocate() }
        FloatWidening.widen(dtype, UnsafeRawBufferPointer(narrow), into: wide)
        let skipped = offset - elements.lowerBound * 4
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: wide[skipped..<skipped + buffer.count])
        )
    }
}
