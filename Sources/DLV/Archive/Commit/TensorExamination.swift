import Catalog
import Crypto
import Dispatch
import Foundation
import ModelFormats
import ParameterStore
import Synchronization
import Tensors

/// Finds out what queries ask of weights, while a commit has their bytes at hand.
///
/// A tensor that equals one of the archive, or of this commit, is not looked at again: its hash is
/// that of its content where it is all of one.
final class TensorExamination {
    private let catalog: Catalog
    private let store: ParameterStore
    private var known: [[UInt8]: TensorFacts] = [:]

    /// What one thread looks at in a go.
    private static let pieceByteCount = 1 << 20
    /// What is read at a time, for the reasons that ``ContentHash`` has.
    private static let readByteCount = 64 << 10

    init(catalog: Catalog, store: ParameterStore) {
        self.catalog = catalog
        self.store = store
    }

    /// The facts of a tensor.
    ///
    /// - Parameters:
    ///   - tensor: What it is, and the content that holds it.
    ///   - isContent: Whether the content holds the elements in their order.
    ///   - source: Holds the elements, row-major and little-endian.
    ///   - range: Where they lie in it, one behind the other.
    func facts(
        of tensor: TensorRecord,
        isContent: Bool,
        in source: any ByteSource,
        at range: Range<Int>
    ) throws -> TensorFacts {
        let dtype = tensor.description.dtype
        let hash = try hash(of: tensor, isContent: isContent, in: source, at: range)
        if let facts = try known[hash] ?? catalog.tensorFacts(hash) {
            known[hash] = facts
            return facts
        }
        var statistics = TensorStatistics()
        if TensorStatistics.covers(dtype) {
            statistics = try Self.statistics(dtype, source, range)
        }
        let facts = TensorFacts(
            hash: hash,
            elementCount: Int64(tensor.description.elementCount ?? 0),
            minimum: statistics.minimum > statistics.maximum ? .nan : statistics.minimum,
            maximum: statistics.minimum > statistics.maximum ? .nan : statistics.maximum,
            mean: Self.rounded(statistics.mean),
            norm: statistics.elementCount == 0 ? .nan : Self.rounded(statistics.norm),
            zeroCount: Int64(statistics.zeroCount),
            nanCount: Int64(statistics.nanCount),
            infinityCount: Int64(statistics.infinityCount)
        )
        known[hash] = facts
        return facts
    }

    /// A sum's last digits depend on the order of its terms, and would take half of the room of all
    /// facts: it is rounded to single precision, unless that is too narrow for it.
    private static func rounded(_ sum: Double) -> Double {
        let single = Float(sum)
        return single.isNormal ? Double(single) : sum
    }

    /// Half of the SHA-256 of the dtype's name and the SHA-256 of the bytes: sixteen bytes, of which
    /// two are equal by chance in no archive.
    private func hash(
        of tensor: TensorRecord,
        isContent: Bool,
        in source: any ByteSource,
        at range: Range<Int>
    ) throws -> [UInt8] {
        let bytes: [UInt8]
        if isContent, tensor.byteOffset == 0, let content = tensor.content,
            case let (hash, byteCount) = try store.identity(of: content), byteCount == range.count
        {
            bytes = hash.bytes
        } else {
            var inner = SHA256()
            try Self.forEachPiece(of: source, range) { inner.update(bufferPointer: $0) }
            bytes = Array(inner.finalize())
        }
        return Self.hash(of: tensor.description.dtype, byteHash: bytes)
    }

    /// The hash by which equal tensors are known.
    ///
    /// - Parameters:
    ///   - dtype: The element type.
    ///   - byteHash: The SHA-256 of the elements, row-major and little-endian.
    static func hash(of dtype: DType, byteHash: [UInt8]) -> [UInt8] {
        var outer = SHA256()
        outer.update(data: Array(dtype.rawValue.utf8))
        outer.update(data: byteHash)
        return Array(outer.finalize().prefix(16))
    }

    private static func forEachPiece(
        of source: any ByteSource,
        _ range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let size = max(1, min(readByteCount, range.count))
        try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let count = min(size, range.upperBound - offset)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try source.read(into: part, at: offset)
                try body(UnsafeRawBufferPointer(part))
                offset += count
            }
        }
    }

    /// Looks at the elements, with all cores where there are many.
    private static func statistics(
        _ dtype: DType,
        _ source: any ByteSource,
        _ range: Range<Int>
    ) throws -> TensorStatistics {
        let pieceCount = (range.count + pieceByteCount - 1) / pieceByteCount
        guard pieceCount > 1 else {
            var statistics = TensorStatistics()
            try forEachPiece(of: source, range) { statistics.add($0, dtype: dtype) }
            return statistics
        }
        // The order of the pieces is that of the sum, so that it is the same every time.
        let results = Mutex<[Int: Result<TensorStatistics, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: pieceCount) { piece in
            let start = range.lowerBound + piece * pieceByteCount
            let part = start..<min(start + pieceByteCount, range.upperBound)
            let result = Result {
                var statistics = TensorStatistics()
                try forEachPiece(of: source, part) { statistics.add($0, dtype: dtype) }
                return statistics
            }
            results.withLock { $0[piece] = result }
        }
        let pieces = results.withLock { $0 }
        var statistics = TensorStatistics()
        for piece in 0..<pieceCount {
            if let part = try pieces[piece]?.get() { statistics.merge(part) }
        }
        return statistics
    }
}
