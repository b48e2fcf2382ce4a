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

    /// Hashes all bytes of a source, read in pieces of a megabyte.
    ///
    /// - Throws: An error of the source.
    public init(of source: any ByteSource) throws {
        var hash = SHA256()
        let size = max(1, min(1 << 20, source.byteCount))
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
