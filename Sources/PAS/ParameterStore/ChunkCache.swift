import Dispatch
import Synchronization

/// Which chunk of which content, at which resolution.
struct ChunkKey: Hashable, Sendable {
    let content: ContentID
    let index: Int
    /// The high-order bytes that are kept of each element; 0 for all.
    let resolution: Int
}

/// The chunks that were decoded last, and the decodes that are under way.
///
/// However many readers want a chunk, one decodes it and the others wait for it. No lock is held while
/// a chunk is decoded, and a decode never waits for another one.
final class ChunkCache: Sendable {
    private final class Flight: Sendable {
        let landed = DispatchGroup()
        let result = Mutex<Result<ChunkBytes, any Error>?>(nil)

        init() {
            landed.enter()
        }
    }

    private let chunks: BoundedCache<ChunkKey, ChunkBytes>
    private let flights = Mutex<[ChunkKey: Flight]>([:])

    init(byteCountMax: Int) {
        chunks = BoundedCache(weightMax: byteCountMax)
    }

    var byteCount: Int { chunks.weight }

    /// The chunk, if it is there.
    func chunk(_ key: ChunkKey) -> ChunkBytes? {
        chunks.value(for: key)
    }

    /// The chunk; decoded by `decode` unless it is there or another thread is at it.
    func chunk(_ key: ChunkKey, decode: () throws -> ChunkBytes) throws -> ChunkBytes {
        if let known = chunks.value(for: key) { return known }
        let (flight, isMine) = flights.withLock { flights in
            if let flight = flights[key] { return (flight, false) }
            let flight = Flight()
            flights[key] = flight
            return (flight, true)
        }
        guard isMine else {
            flight.landed.wait()
            guard let result = flight.result.withLock({ $0 }) else {
                preconditionFailure("a flight lands with a result")
            }
            return try result.get()
        }
        let result = Result { try chunks.value(for: key) ?? decode() }
        if case .success(let chunk) = result {
            chunks.insert(chunk, for: key, weight: chunk.bytes.count)
        }
        flight.result.withLock { $0 = result }
        flights.withLock { $0[key] = nil }
        flight.landed.leave()
        return try result.get()
    }

    /// Forgets the chunks of contents that a commit gave up.
    func forget(_ contents: Set<ContentID>) {
        chunks.remove { contents.contains($0.content) }
    }
}
