import TensorCoding
import Tensors

/// The first elements of a chunk of a content, by which bases are judged.
struct ContentSample {
    let bytes: UnsafeRawBufferPointer
    private let memory: SampleMemory
    private let chunk: Int
    private let kind: ElementKind

    private final class SampleMemory {
        let bytes: UnsafeMutableRawBufferPointer
        let base: UnsafeMutableRawBufferPointer

        init(_ byteCount: Int) {
            bytes = .allocate(byteCount: byteCount, alignment: 64)
            base = .allocate(byteCount: byteCount, alignment: 64)
        }

        deinit {
            bytes.deallocate()
            base.deallocate()
        }
    }

    /// The chunks that are sampled, and the elements of each: enough to tell bases apart by a
    /// hundredth of their size.
    private static let chunkCountMax = 4
    private static let elementCount = 8192

    /// Takes samples of a source.
    static func samples(
        of source: any ByteSource,
        kind: ElementKind
    ) throws -> [ContentSample] {
        let chunks = (source.byteCount + kind.chunkByteCount - 1) / kind.chunkByteCount
        let count = min(chunks, chunkCountMax)
        return try (0..<count).map { index in
            let chunk = chunks * index / count
            let start = chunk * kind.chunkByteCount
            let byteCount = min(elementCount * kind.width, source.byteCount - start)
            let memory = SampleMemory(byteCount)
            try source.read(into: memory.bytes, at: start)
            return ContentSample(
                bytes: UnsafeRawBufferPointer(memory.bytes),
                memory: memory,
                chunk: chunk,
                kind: kind
            )
        }
    }

    /// About how many bytes it takes as a delta to the same elements of another content.
    func byteCount(against base: StoredContent, in store: ParameterStore) throws -> Double {
        try store.decode(chunk, of: base, into: memory.base)
        let other = UnsafeRawBufferPointer(memory.base)
        return CodingEstimate.delta(bytes, other, kind: kind)
    }
}
