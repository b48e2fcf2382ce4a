import Foundation

/// A file of `query/` that is in memory: an editor's scratch, or a query while somebody has it open.
///
/// Protected by the lock of the directory that it belongs to, hence unchecked.
final class QueryFile: @unchecked Sendable {
    let node: NodeNumber
    /// Its name now; nil once it was deleted.
    var name: [UInt8]?
    var bytes: [UInt8]
    /// In nanoseconds since 1970.
    var modificationTime: Int64
    /// Whether it was changed since it was saved.
    var isDirty = false
    /// How many handles have it open.
    var openCount = 0

    /// Larger files are not queries.
    static let byteCountMax = 1 << 20

    init(node: NodeNumber, name: [UInt8], bytes: [UInt8], modificationTime: Int64) {
        self.node = node
        self.name = name
        self.bytes = bytes
        self.modificationTime = modificationTime
    }

    func write(_ data: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
        guard offset >= 0, offset + data.count <= Self.byteCountMax else { throw Self.tooBig }
        if bytes.count < offset { bytes += Array(repeating: 0, count: offset - bytes.count) }
        let end = min(bytes.count, offset + data.count)
        bytes.replaceSubrange(offset..<end, with: data)
        touch()
    }

    func resize(to byteCount: Int) throws(FileSystemError) {
        guard byteCount >= 0, byteCount <= Self.byteCountMax else { throw Self.tooBig }
        if byteCount < bytes.count {
            bytes.removeLast(bytes.count - byteCount)
        } else {
            bytes += Array(repeating: 0, count: byteCount - bytes.count)
        }
        touch()
    }

    private func touch() {
        modificationTime = Self.now()
        isDirty = true
    }

    static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1e9)
    }

    /// Whether a text says nothing, which is no mistake.
    static func isBlank(_ text: [UInt8]) -> Bool {
        text.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private static let tooBig = FileSystemError(
        .fileTooBig,
        "Files in query/ hold at most \(byteCountMax) bytes."
    )
}
