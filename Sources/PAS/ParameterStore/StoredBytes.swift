import Tensors

/// A stored content as a source of bytes.
struct StoredBytes: ByteSource {
    let id: ContentID
    let store: ParameterStore
    let byteCount: Int

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        try store.read(id, at: offset, into: buffer)
    }
}
