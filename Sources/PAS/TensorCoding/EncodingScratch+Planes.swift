extension EncodingScratch {
    /// Codes elements by plane, each plane a zstd frame.
    func encodePlanes(
        of elements: UnsafeRawBufferPointer,
        kind: ElementKind
    ) throws -> EncodedChunk {
        ChunkPlanes.split(elements, kind: kind, into: planes)
        let count = elements.count / kind.width
        var high: [UInt8] = []
        var low: [UInt8] = []
        for index in 0..<kind.width {
            let plane = UnsafeRawBufferPointer(
                rebasing: planes[index * count..<(index + 1) * count]
            )
            let isNoise = PlaneEntropy.bitsPerByte(plane) > PlaneEntropy.noiseBitsPerByte
            let effort = isNoise ? ZstdCompressor.Effort.none : .low
            if index < kind.highPlaneCount {
                try compressor.append(plane, effort: effort, to: &high)
            } else {
                try compressor.append(plane, effort: effort, to: &low)
            }
        }
        return EncodedChunk(high: high, low: low)
    }

    /// Codes floats of two or four bytes as exponents and planes.
    ///
    ///     high  size of the frame (4 bytes) · frame of the exponents · signs and mantissas' highest bits
    ///     low   the second lowest bytes · the lowest bytes
    func encodeRaw(_ chunk: UnsafeRawBufferPointer, kind: ElementKind) throws -> EncodedChunk {
        let count = chunk.count / kind.width
        guard count > 0, let input = chunk.baseAddress, let output = planes.baseAddress else {
            return EncodedChunk(high: [], low: [])
        }
        let bytes = output.assumingMemoryBound(to: UInt8.self)
        let low = [UInt8](unsafeUninitializedCapacity: (kind.width - 2) * count) { low, lowCount in
            if kind.width == 4, let low = low.baseAddress {
                RawFloats.split(
                    input.assumingMemoryBound(to: UInt32.self),
                    count: count,
                    exponents: bytes,
                    high: bytes + count,
                    middle: low,
                    low: low + count
                )
            } else {
                RawFloats.split(
                    input.assumingMemoryBound(to: UInt16.self),
                    count: count,
                    exponents: bytes,
                    rest: bytes + count
                )
            }
            lowCount = (kind.width - 2) * count
        }
        let frameCount = try huffman.compress(
            UnsafeRawBufferPointer(rebasing: planes[..<count]),
            into: stream
        )
        var high: [UInt8] = []
        high.reserveCapacity(4 + frameCount + count)
        withUnsafeBytes(of: UInt32(frameCount).littleEndian) { high += $0 }
        high += stream[..<frameCount]
        high += planes[count..<2 * count]
        return EncodedChunk(high: high, low: low)
    }
}

extension ElementKind {
    /// The byte planes that lie in the pack of high-order planes: all of what is never shown at a lower
    /// resolution, the two highest of floats.
    var highPlaneCount: Int { isFloatingPoint ? min(2, width) : width }
}
