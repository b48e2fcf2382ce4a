import Tensors

/// A range of a source as a source of its own: a file within a zip archive.
struct PartOfSource: ByteSource {
    let source: any ByteSource
    /// Must lie within the source.
    let range: Range<Int>

    var byteCount: Int { range.count }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        try source.read(into: buffer, at: range.lowerBound + offset)
    }
}
