import ArchiveFileSystem
import ParameterStore

/// The hidden file `.status` in the root of a mount: what the server has done, as JSON.
///
/// It is not listed and is made anew for everyone who opens it. Through it `dlv status` asks a server
/// without knowing where its process is, or in which container.
final class StatusFile: ReadableFile {
    /// The name of the file.
    static let name = Array(".status".utf8)

    /// Its number, of which no node of the archive's tree has the first bit.
    static let number: UInt64 = 1 << 63

    private let text: ChunkBytes

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.text = ChunkBytes(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
    }

    func pieces(at offset: Int, byteCount: Int) -> [ContentPiece] {
        let size = text.readOnly.count
        guard offset >= 0, offset < size else { return [] }
        return [ContentPiece(text, offset: offset, byteCount: min(byteCount, size - offset))]
    }
}
