import PackFiles
import TensorCoding

/// The models of the segments that were decoded last, ready to decode more of their chunks.
///
/// A model takes up to a megabyte and a millisecond to make, so that chunks of one segment share it, and one
/// thread makes it for all.
final class SegmentModels: Sendable {
    private struct Key: Hashable {
        let pack: PackID
        let indexOffset: Int
        let segment: Int
    }

    private static let byteCountMax = 48 << 20

    /// Enough for readers of one version that are not far from one another.
    private static let passedByteCountMax = 4 << 20

    private let models = FlightCache<Key, SegmentModel>(
        weightMax: byteCountMax,
        passedWeightMax: passedByteCountMax
    ) { $0.byteCount }

    /// The model of a segment.
    func model(
        ofSegment segment: Int,
        of content: StoredContent
    ) throws(ParameterStoreError) -> SegmentModel {
        try models.value(for: Self.key(segment, of: content)) { () throws(ParameterStoreError) in
            try read(segment, of: content)
        }
    }

    /// Lets a model go before others, since a sequential reader has passed its segment.
    func pass(_ segment: Int, of content: StoredContent) {
        models.pass(Self.key(segment, of: content))
    }

    private static func key(_ segment: Int, of content: StoredContent) -> Key {
        // Contents never change where they lie, so the place of an index names it for ever.
        Key(
            pack: content.record.pack,
            indexOffset: content.record.indexOffset,
            segment: segment
        )
    }

    /// Forgets the models of a pack that was taken back.
    func forget(_ pack: PackID) {
        models.remove { $0.pack == pack }
    }

    private func read(
        _ segment: Int,
        of content: StoredContent
    ) throws(ParameterStoreError) -> SegmentModel {
        let stream = content.index.segments[segment].model
        let (start, byteCount) = content.range(ofSegment: segment)
        // A scale of two bytes a row and a column bounds a model, and tables of some kilobytes.
        let limit = 1 << 16 + 8 * byteCount
        guard stream.byteCount <= limit else {
            throw content.damagedModel(segment, "its size cannot be right")
        }
        var bytes = [UInt8](repeating: 0, count: stream.byteCount)
        do {
            try bytes.withUnsafeMutableBytes {
                try content.pack.read(.high, at: stream.offset, into: $0)
            }
            return try bytes.withUnsafeBytes { bytes in
                guard StreamChecksum.of(bytes) == stream.checksum else {
                    throw TensorCodingError(.damaged, "its checksum is wrong")
                }
                return try SegmentModel(
                    coding: content.index.segments[segment].coding,
                    modelLayout: content.index.segments[segment].modelLayout,
                    bytes: bytes,
                    kind: content.record.kind,
                    layout: content.index.layout,
                    start: start,
                    byteCount: byteCount
                )
            }
        } catch let error as TensorCodingError where error.code == .damaged {
            throw content.damagedModel(segment, error.message)
        } catch let error as PackFileError {
            throw ParameterStoreError(pack: error)
        } catch {
            throw ParameterStoreError(.system, "\(error)")
        }
    }
}
