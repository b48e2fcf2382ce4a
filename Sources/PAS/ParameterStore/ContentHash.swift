import Crypto
import Foundation
public import Tensors

/// The SHA-256 of a content's bytes (FIPS 180-4).
public struct ContentHash: Hashable, Sendable {
    /// Thirty-two bytes.
    public let bytes: [UInt8]

    /// Wraps the bytes of a hash.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// What is read at a time. It stays in a core's own cache, and below the size from which the C library
    /// gives memory back to the system every time, so that a new page is cleared for each that is read.
    private static let pieceByteCount = 64 << 10

    /// Hashes all bytes of a source.
    ///
    /// - Throws: An error of the source.
    public init(of source: any ByteSource) throws {
        var hash = SHA256()
        let size = max(1, min(Self.pieceByteCount, source.byteCount))
        try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
            var offset = 0
            while offset < source.byteCount {
                let count = min(size, source.byteCount - offset)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try source.read(into: part, at: offset)
                hash.update(bufferPointer: UnsafeRawBufferPointer(part))
                offset += count
            }
        }
        bytes = Array(hash.finalize())
    }
}
