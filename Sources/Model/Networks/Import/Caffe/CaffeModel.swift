public import Tensors

extension CaffeNetwork {
    /// Reads the network that a `.caffemodel` holds besides its weights, whose bytes are skipped.
    ///
    /// It is that of training, as Caffe had it: with layers named `…_split` where several read one
    /// blob, which are left out.
    ///
    /// - Parameter source: The file.
    /// - Returns: Nil if it holds no layers that are connected.
    /// - Throws: ``NetworkError`` if it is damaged, or an error of the source.
    public static func readModel(_ source: any ByteSource) throws -> Network? {
        let net = try CaffeModelReader(source: source).read(
            .net,
            in: 0..<source.byteCount,
            depth: 0
        )
        let layers = net.messages("layer") + net.messages("layers")
        guard layers.contains(where: { !$0.scalars("bottom").isEmpty }) else { return nil }
        return try read(net)
    }
}

/// Reads a message of caffe.proto as if it had been written as text.
private struct CaffeModelReader {
    let source: any ByteSource

    /// More text or numbers in one field than any layer has.
    private static let fieldByteCountMax = 1 << 16

    func read(
        _ message: CaffeSchema.Message,
        in range: Range<Int>,
        depth: Int
    ) throws -> TextMessage {
        guard depth < 8 else { throw ProtobufFields.broken("messages lie too deep in each other") }
        var result = TextMessage()
        try ProtobufFields.forEach(source, in: range) { field in
            guard let (name, kind) = CaffeSchema.field(field.number, of: message) else { return }
            for value in try values(field, kind, depth: depth) {
                result.fields.append(.init(name: name, value: value))
            }
            guard result.fields.count <= Network.nodeCountMax else {
                throw ProtobufFields.broken("a message has too many fields")
            }
        }
        return result
    }

    private func values(
        _ field: ProtobufField,
        _ kind: CaffeSchema.Kind,
        depth: Int
    ) throws -> [TextMessage.Value] {
        switch (kind, field.range) {
        case (.message(let inner), let range?):
            return [.message(try read(inner, in: range, depth: depth + 1))]
        case (.text, let range?) where range.count <= Self.fieldByteCountMax:
            return [.scalar(String(decoding: try source.bytes(in: range), as: UTF8.self))]
        case (.integer, nil): return [.scalar("\(Int64(bitPattern: field.bits))")]
        case (.integer, let range?) where range.count <= Self.fieldByteCountMax:
            // Repeated numbers may be packed into one field.
            return try ONNXFields.integers(in: source.bytes(in: range)).map { .scalar("\($0)") }
        case (.number, nil):
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: field.bits))
            return [.scalar(value.description)]
        default: return []
        }
    }
}
