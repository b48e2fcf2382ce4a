public import Catalog
import Foundation
import ParameterStore

/// A committed file, readable at any offset.
public struct StoredFile: Sendable {
    /// The file.
    public let record: FileRecord

    private let spans: [SpanRecord]
    private let store: ParameterStore

    /// Finds the spans of a file.
    public init(_ record: FileRecord, in archive: ModelArchive) throws {
        self.record = record
        spans = try archive.catalog.spans(of: record.id)
        store = archive.store
    }

    /// Calls a function with all bytes in order, in pieces of at most a mebibyte.
    public func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        for span in spans {
            var done = 0
            while done < span.byteCount {
                let count = min(buffer.count, span.byteCount - done)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try store.read(span.content, at: span.contentOffset + done, into: part)
                try body(UnsafeRawBufferPointer(part))
                done += count
            }
        }
    }
}
