/// The elements of a tensor as row-major (C order) little-endian bytes, wherever they lie in a source.
///
/// Nothing is copied ahead: a read fetches what it needs. A piece whose elements lie close together is
/// read at once; another is cut in half, until it is one element.
public struct RowMajorBytes: ByteSource {
    private let description: TensorDescription
    private let source: any ByteSource
    private let offset: Int

    /// Reading a strided run in one piece pays if it is at most this many times what is wanted.
    private static let wasteMax = 16

    /// Views a tensor in a source.
    ///
    /// - Parameters:
    ///   - description: What the tensor is; all elements must lie within the source.
    ///   - source: What holds it.
    ///   - offset: The place of the first element.
    public init(_ description: TensorDescription, in source: any ByteSource, at offset: Int) {
        self.description = description
        self.source = source
        self.offset = offset
    }

    /// The number of bytes of all elements.
    public var byteCount: Int { description.byteCount ?? 0 }

    /// Fills `buffer` with the bytes from `offset` on.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        let width = description.dtype.block.byteCount
        guard description.strides != nil || description.isBigEndian else {
            return try source.read(into: buffer, at: self.offset + offset)
        }
        let elements = offset / width..<(offset + buffer.count + width - 1) / width
        let whole = UnsafeMutableRawBufferPointer.allocate(
            byteCount: elements.count * width,
            alignment: 16
        )
        defer { whole.deallocate() }
        if let strides = description.strides {
            let places = elements.map { place(of: $0, strides: strides) }
            try gather(places[...], width: width, into: whole)
        } else {
            try source.read(into: whole, at: self.offset + elements.lowerBound * width)
        }
        if description.isBigEndian { swapBytes(of: whole) }
        let skipped = offset - elements.lowerBound * width
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: whole[skipped..<skipped + buffer.count])
        )
    }

    private func swapBytes(of bytes: UnsafeMutableRawBufferPointer) {
        let unit = description.dtype.storageWidth
        for start in stride(from: 0, to: bytes.count - unit + 1, by: unit) {
            bytes[start..<start + unit].reverse()
        }
    }

    private func gather(
        _ places: ArraySlice<Int>,
        width: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws {
        guard let first = places.min(), let last = places.max() else { return }
        let count = last - first + 1
        guard count <= places.count * Self.wasteMax else {
            let middle = places.startIndex + places.count / 2
            let cut = (middle - places.startIndex) * width
            let left = UnsafeMutableRawBufferPointer(rebasing: buffer[..<cut])
            let right = UnsafeMutableRawBufferPointer(rebasing: buffer[cut...])
            try gather(places[..<middle], width: width, into: left)
            try gather(places[middle...], width: width, into: right)
            return
        }
        try withUnsafeTemporaryAllocation(byteCount: count * width, alignment: 16) { run in
            try source.read(into: run, at: offset + first * width)
            for (index, place) in places.enumerated() {
                let start = (place - first) * width
                UnsafeMutableRawBufferPointer(rebasing: buffer[index * width..<(index + 1) * width])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: run[start..<start + width]))
            }
        }
    }

    /// Where an element lies, in elements from the first.
    private func place(of element: Int, strides: [Int]) -> Int {
        var rest = element
        var place = 0
        for (dimension, stride) in zip(description.shape, strides).reversed() {
            place += rest % dimension * stride
            rest /= dimension
        }
        return place
    }
}
