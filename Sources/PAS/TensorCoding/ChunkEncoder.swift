import Foundation

/// Encodes chunks: alone or against a chunk of the same size, whichever promises fewer bytes.
///
/// Owns its buffers and a context of libzstd, so it is used by one thread at a time.
public final class ChunkEncoder {
    private let compressor: ZstdCompressor
    private let planes: UnsafeMutableRawBufferPointer
    private let folded: UnsafeMutableRawBufferPointer

    /// Makes buffers for chunks of any kind.
    public init() throws(TensorCodingError) {
        compressor = try ZstdCompressor()
        let byteCount = ElementKind.chunkElementCount * 8
        planes = .allocate(byteCount: byteCount, alignment: 64)
        folded = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit {
        planes.deallocate()
        folded.deallocate()
    }

    /// Encodes a chunk.
    ///
    /// - Parameters:
    ///   - chunk: At most ``ElementKind/chunkByteCount`` bytes.
    ///   - kind: What they are. Bytes that are no whole number of elements are coded as bytes.
    ///   - base: As many bytes, or nil.
    public func encode(
        _ chunk: UnsafeRawBufferPointer,
        kind: ElementKind,
        base: UnsafeRawBufferPointer?
    ) throws(TensorCodingError) -> EncodedChunk {
        let base = base.flatMap { $0.count == chunk.count ? $0 : nil }
        if let base, base.elementsAreEqual(to: chunk) {
            return EncodedChunk(coding: .same, high: [], low: [])
        }
        guard chunk.count % kind.width == 0, kind != .bytes else {
            var frame: [UInt8] = []
            try compressor.append(chunk, effort: .normal, to: &frame)
            return EncodedChunk(coding: .whole, high: frame, low: [])
        }
        let isDelta = base.map { Self.promisesLess(chunk, $0, kind: kind, scratch: folded) } ?? false
        if isDelta, let base {
            ChunkPlanes.difference(chunk, base, kind: kind, into: folded)
            return try encodePlanes(of: part(folded, chunk.count), kind: kind, coding: .delta)
        }
        guard kind.width > 1 else {
            var frame: [UInt8] = []
            try compressor.append(chunk, effort: effort(for: chunk, most: .normal), to: &frame)
            return EncodedChunk(coding: .whole, high: frame, low: [])
        }
        return try encodePlanes(of: chunk, kind: kind, coding: .planes)
    }

    private func encodePlanes(
        of elements: UnsafeRawBufferPointer,
        kind: ElementKind,
        coding: ChunkCoding
    ) throws(TensorCodingError) -> EncodedChunk {
        ChunkPlanes.split(elements, kind: kind, into: planes)
        let count = elements.count / kind.width
        var high: [UInt8] = []
        var low: [UInt8] = []
        for index in 0..<kind.width {
            let plane = UnsafeRawBufferPointer(rebasing: planes[index * count..<(index + 1) * count])
            let effort = effort(for: plane, most: .low)
            if index == 0 {
                try compressor.append(plane, effort: effort, to: &high)
            } else {
                try compressor.append(plane, effort: effort, to: &low)
            }
        }
        return EncodedChunk(coding: coding, high: high, low: low)
    }

    private func effort(
        for plane: UnsafeRawBufferPointer,
        most: ZstdCompressor.Effort
    ) -> ZstdCompressor.Effort {
        PlaneEntropy.bitsPerByte(plane) > PlaneEntropy.noiseBitsPerByte ? .none : most
    }

    private func part(
        _ buffer: UnsafeMutableRawBufferPointer,
        _ count: Int
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    // MARK: - Estimates

    /// The elements of a chunk that an estimate looks at, in one run of it.
    private static let sampleElementCount = 4096

    private static func promisesLess(
        _ chunk: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer,
        kind: ElementKind,
        scratch: UnsafeMutableRawBufferPointer
    ) -> Bool {
        estimatedByteCount(chunk, base: base, kind: kind, scratch: scratch)
            < estimatedByteCount(chunk, base: nil, kind: kind, scratch: scratch)
    }

    /// About how many bytes a chunk will take, from the entropy of the planes of a part of it.
    ///
    /// - Parameters:
    ///   - chunk: The chunk.
    ///   - base: What it would be coded against, as many bytes; nil for alone.
    ///   - kind: What the elements are.
    public func estimatedByteCount(
        _ chunk: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        kind: ElementKind
    ) -> Double {
        Self.estimatedByteCount(chunk, base: base, kind: kind, scratch: folded)
    }

    private static func estimatedByteCount(
        _ chunk: UnsafeRawBufferPointer,
        base: UnsafeRawBufferPointer?,
        kind: ElementKind,
        scratch: UnsafeMutableRawBufferPointer
    ) -> Double {
        let elementCount = chunk.count / kind.width
        guard elementCount > 0 else { return Double(chunk.count) }
        let sampled = min(elementCount, sampleElementCount)
        let start = (elementCount - sampled) / 2 * kind.width
        let range = start..<start + sampled * kind.width
        // The first half of the scratch holds the differences, the second their planes.
        let half = scratch.count / 2
        let planes = UnsafeMutableRawBufferPointer(rebasing: scratch[half...])
        if let base {
            let folded = UnsafeMutableRawBufferPointer(rebasing: scratch[..<range.count])
            ChunkPlanes.difference(
                UnsafeRawBufferPointer(rebasing: chunk[range]),
                UnsafeRawBufferPointer(rebasing: base[range]),
                kind: kind,
                into: folded
            )
            ChunkPlanes.split(UnsafeRawBufferPointer(folded), kind: kind, into: planes)
        } else {
            ChunkPlanes.split(UnsafeRawBufferPointer(rebasing: chunk[range]), kind: kind, into: planes)
        }
        var bits = 0.0
        for plane in 0..<kind.width {
            let bytes = planes[plane * sampled..<(plane + 1) * sampled]
            bits += PlaneEntropy.bitsPerByte(UnsafeRawBufferPointer(rebasing: bytes))
        }
        return bits / 8 * Double(elementCount)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether two buffers of one size hold the same bytes. The corresponding C function is `memcmp`.
    public func elementsAreEqual(to other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, count) == 0
    }
}
