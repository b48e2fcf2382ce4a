/// The parts of a model that has frames: the size of the statistics (4 bytes, little-endian), the statistics, the
/// frames.
struct ModelParts {
    let statistics: UnsafeRawBufferPointer
    /// The zstd frames of the symbols, and those of the factors.
    let frames: UnsafeRawBufferPointer

    /// Finds the parts of a model.
    ///
    /// - Throws: ``TensorCodingError`` if it is too short.
    init(_ model: UnsafeRawBufferPointer) throws(TensorCodingError) {
        guard model.count >= 4 else { throw Self.cut }
        let size = Int(UInt32(littleEndian: model.loadUnaligned(as: UInt32.self)))
        guard size <= model.count - 4 else { throw Self.cut }
        statistics = UnsafeRawBufferPointer(rebasing: model[4..<4 + size])
        frames = UnsafeRawBufferPointer(rebasing: model[(4 + size)...])
    }

    /// A model of both parts.
    static func join(_ statistics: [UInt8], frames: [UInt8]) -> [UInt8] {
        let size = UInt32(statistics.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) } + statistics + frames
    }

    private static let cut = TensorCodingError(.damaged, "a model is cut off")
}
