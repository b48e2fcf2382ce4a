/// Writes a model: numbers as they are, and symbols.
struct ModelWriter {
    private let layout: ModelLayout
    private var encoder = BinaryEncoder()
    private var channels: [[UInt8]] = ModelChannel.allCases.map { _ in [] }

    init(_ layout: ModelLayout) {
        self.layout = layout
    }

    /// Writes the lowest bits of a number.
    mutating func write(_ value: Int, bitCount: Int) {
        encoder.encodeRaw(value, bitCount: bitCount)
    }

    /// Writes a bit, which its model expects more or less.
    mutating func write(_ bit: Bool, _ model: inout BitModel) {
        encoder.encode(bit, &model)
    }

    /// Writes a symbol; a frame takes a byte of it.
    mutating func write(_ symbol: Int, _ tree: BitTree, to channel: ModelChannel) {
        switch layout {
        case .coded: tree.encode(symbol, to: &encoder)
        case .framed: channels[channel.rawValue].append(UInt8(truncatingIfNeeded: symbol))
        }
    }

    /// The model.
    ///
    /// - Parameters:
    ///   - factors: The frames of a part of low rank, if the coding has one.
    ///   - compressor: Makes the frames of the symbols.
    mutating func finish(
        factors: [UInt8]? = nil,
        _ compressor: ExponentCompressor
    ) throws(TensorCodingError) -> [UInt8] {
        let statistics = encoder.finish()
        var frames: [UInt8] = []
        if layout == .framed {
            for channel in channels { try compressor.append(channel, to: &frames) }
        } else if factors == nil {
            return statistics
        }
        return ModelParts.join(statistics, frames: frames + (factors ?? []))
    }
}
