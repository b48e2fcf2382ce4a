import Synchronization
import TensorCoding
import Tensors

/// What a thread needs to encode a chunk and to prove that it comes back.
final class ChunkWorker {
    private let encoder: ChunkEncoder
    private let decoder: ChunkDecoder
    private let original: UnsafeMutableRawBufferPointer
    private let base: UnsafeMutableRawBufferPointer
    private let restored: UnsafeMutableRawBufferPointer

    init() throws {
        encoder = try ChunkEncoder()
        decoder = try ChunkDecoder()
        let byteCount = ElementKind.chunkElementCount * 8
        original = .allocate(byteCount: byteCount, alignment: 64)
        base = .allocate(byteCount: byteCount, alignment: 64)
        restored = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit {
        original.deallocate()
        base.deallocate()
        restored.deallocate()
    }

    /// Encodes a chunk of a source, decodes it again and compares it with the original.
    ///
    /// - Parameters:
    ///   - index: The number of the chunk.
    ///   - source: The bytes of the content.
    ///   - kind: What its elements are.
    ///   - base: The content to code against, if any, and the store that holds it.
    func encode(
        _ index: Int,
        of source: any ByteSource,
        kind: ElementKind,
        base content: StoredContent?,
        in store: ParameterStore
    ) throws -> EncodedChunk {
        let (chunk, base) = try load(index, of: source, kind: kind, base: content, in: store)
        let encoded = try encoder.encode(chunk, kind: kind, base: base)
        let output = UnsafeMutableRawBufferPointer(rebasing: restored[..<chunk.count])
        try encoded.high.withUnsafeBytes { high in
            try encoded.low.withUnsafeBytes { low in
                try decoder.decode(
                    encoded.coding,
                    high: high,
                    low: low,
                    kind: kind,
                    base: base,
                    into: output
                )
            }
        }
        guard UnsafeRawBufferPointer(output).elementsAreEqual(to: chunk) else {
            throw ParameterStoreError(
                .system,
                "A chunk that was encoded did not decode to the same bytes; nothing was stored. "
                    + "This is a fault of dlv or of the machine's memory."
            )
        }
        return encoded
    }

    /// About how many bytes a chunk would take alone and against a base.
    func estimate(
        _ index: Int,
        of source: any ByteSource,
        kind: ElementKind,
        base content: StoredContent,
        in store: ParameterStore
    ) throws -> (alone: Double, delta: Double) {
        let (chunk, base) = try load(index, of: source, kind: kind, base: content, in: store)
        let alone = encoder.estimatedByteCount(chunk, base: nil, kind: kind)
        if let base, base.elementsAreEqual(to: chunk) { return (alone, 0) }
        return (alone, encoder.estimatedByteCount(chunk, base: base, kind: kind))
    }

    private func load(
        _ index: Int,
        of source: any ByteSource,
        kind: ElementKind,
        base content: StoredContent?,
        in store: ParameterStore
    ) throws -> (chunk: UnsafeRawBufferPointer, base: UnsafeRawBufferPointer?) {
        let offset = index * kind.chunkByteCount
        let count = min(kind.chunkByteCount, source.byteCount - offset)
        let chunk = UnsafeMutableRawBufferPointer(rebasing: original[..<count])
        try source.read(into: chunk, at: offset)
        guard let content else { return (UnsafeRawBufferPointer(chunk), nil) }
        let other = UnsafeMutableRawBufferPointer(rebasing: base[..<count])
        try store.decode(index, of: content, into: other)
        return (UnsafeRawBufferPointer(chunk), UnsafeRawBufferPointer(other))
    }
}

/// Workers for as many threads as encode at a time.
final class ChunkWorkerPool: Sendable {
    private struct Box: @unchecked Sendable {
        // Unchecked: whoever takes it out of the pool is the only one to use it.
        let worker: ChunkWorker
    }

    private let idle = Mutex<[Box]>([])

    /// Runs a function with a worker that no other thread uses.
    func use<Value>(_ body: (ChunkWorker) throws -> Value) throws -> Value {
        let box = try idle.withLock { $0.popLast() } ?? Box(worker: ChunkWorker())
        defer { idle.withLock { $0.append(box) } }
        return try body(box.worker)
    }
}
