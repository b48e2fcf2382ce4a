public import TensorCoding

extension ParameterStore {
    /// A weight's bits at a resolution, as the interval that it is proven to lie in.
    ///
    /// - Parameters:
    ///   - id: A content of floats.
    ///   - elements: Which of them, counted from the content's beginning.
    ///   - resolution: How many of the high-order bytes are read.
    /// - Returns: An interval an element.
    /// - Throws: ``ParameterStoreError``.
    public func intervals(
        of id: ContentID,
        elements: Range<Int>,
        resolution: Resolution
    ) throws(ParameterStoreError) -> [WeightInterval] {
        let kind = try content(id).record.kind
        guard kind.isFloatingPoint else {
            throw ParameterStoreError(
                .system,
                "Content \(id.rawValue) does not hold floats, so that it has no intervals."
            )
        }
        let width = kind.width
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: elements.count * width,
            alignment: 8
        )
        defer { bytes.deallocate() }
        try read(id, at: elements.lowerBound * width, into: bytes, resolution: resolution)
        return (0..<elements.count).map { index in
            var bits: UInt64 = 0
            for place in (0..<width).reversed() { bits = bits << 8 | UInt64(bytes[index * width + place]) }
            return WeightInterval(truncated: bits, kind: kind, resolution: resolution)
        }
    }
}

extension StoredContent {
    /// Whether reading it reads the pack of low-order planes.
    func needsLowPlanes(isUpper: Bool) -> Bool {
        index.segments.enumerated().contains { number, segment in
            if isUpper, record.kind == .float32, segment.coding.hasUpperAlone { return false }
            let first = number * ElementKind.segmentChunkCount
            let last = min(index.chunks.count, first + ElementKind.segmentChunkCount)
            return index.chunks[first..<last].contains { $0.low.byteCount > 0 }
        }
    }

    /// Whether its upper halves need nothing but the upper halves of its base.
    var keepsUpperApart: Bool {
        index.segments.allSatisfy { !$0.coding.needsBase || $0.coding.keepsUpperApart }
    }
}
