import Dispatch
import Synchronization

/// Which chunk of which content, at which resolution.
struct ChunkKey: Hashable, Sendable {
    let content: ContentID
    let index: Int
    /// The high-order bytes that are kept of each element; 0 for all.
    let resolution: Int
}

/// The chunks that were decoded last, and the decodes that are under way or wanted.
///
/// However many readers want a chunk, one decodes it and the others wait for it. No lock is held while
/// a chunk is decoded, and a decode never waits for another one.
///
/// Chunks that a sequential reader has passed are the first to go: the kernel has them in its page cache
/// now. So such a reader works in a few megabytes that stay in the processor's cache, rather than in
/// memory that is fresh from the kernel, whose pages it clears first, and does not push out what others use.
final class ChunkCache: Sendable {
    /// Where a chunk is.
    enum Place {
        case known(ChunkBytes)
        case flight(ChunkFlight)
    }

    private let chunks: BoundedCache<ChunkKey, ChunkBytes>
    /// Those that a sequential reader has passed.
    private let passed: BoundedCache<ChunkKey, ChunkBytes>
    private let flights = Mutex<[ChunkKey: ChunkFlight]>([:])

    /// The bytes that it may hold.
    let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        let passedByteCount = min(Self.passedByteCountMax, byteCountMax / 4)
        chunks = BoundedCache(weightMax: byteCountMax - passedByteCount)
        passed = BoundedCache(weightMax: passedByteCount)
    }

    /// Enough for what the kernel asks for out of order, and for who reads two versions side by side.
    private static let passedByteCountMax = 8 << 20

    /// The bytes that it holds.
    var byteCount: Int { chunks.weight + passed.weight }

    /// The number of decodes that are under way or wanted.
    var flightCount: Int { flights.withLock { $0.count } }

    /// The chunk, if it is there.
    func chunk(_ key: ChunkKey) -> ChunkBytes? {
        chunks.value(for: key) ?? passed.value(for: key)
    }

    /// Lets a chunk go before all others, since a sequential reader has passed it.
    func pass(_ key: ChunkKey) {
        guard let chunk = chunks.value(for: key) else { return }
        passed.insert(chunk, for: key, weight: chunk.bytes.count)
        chunks.removeValue(for: key)
    }

    /// The chunk, or the decode that will bring it, which whoever claims it must run.
    func place(of key: ChunkKey) -> Place {
        if let known = chunk(key) { return .known(known) }
        return flights.withLock { flights in
            if let flight = flights[key] { return .flight(flight) }
            // It may have landed since it was looked for.
            if let known = chunk(key) { return .known(known) }
            let flight = ChunkFlight(key)
            flights[key] = flight
            return .flight(flight)
        }
    }

    /// Decodes the chunk of a flight that the caller has claimed, keeps it, and tells those who wait.
    func land(_ flight: ChunkFlight, decode: () throws(ParameterStoreError) -> ChunkBytes) {
        let result = Result { () throws(ParameterStoreError) in try decode() }
        if case .success(let chunk) = result {
            chunks.insert(chunk, for: flight.key, weight: chunk.bytes.count)
        }
        flights.withLock { $0[flight.key] = nil }
        flight.land(result)
    }

    /// Forgets all chunks.
    func forgetAll() {
        chunks.remove { _ in true }
        passed.remove { _ in true }
    }

    /// Forgets the chunks of contents that a commit gave up.
    func forget(_ contents: Set<ContentID>) {
        chunks.remove { contents.contains($0.content) }
        passed.remove { contents.contains($0.content) }
    }
}

/// A decode that is wanted, under way, or done.
final class ChunkFlight: Sendable {
    let key: ChunkKey
    private let isClaimed = Atomic<Bool>(false)
    private let landed = DispatchGroup()
    private let result = Mutex<Result<ChunkBytes, ParameterStoreError>?>(nil)

    init(_ key: ChunkKey) {
        self.key = key
        landed.enter()
    }

    /// Whether the caller is the one who must decode the chunk: true once.
    func claim() -> Bool {
        isClaimed.compareExchange(
            expected: false,
            desired: true,
            ordering: .acquiringAndReleasing
        ).exchanged
    }

    fileprivate func land(_ result: Result<ChunkBytes, ParameterStoreError>) {
        self.result.withLock { $0 = result }
        landed.leave()
    }

    /// The chunk, once whoever claimed the flight has decoded it.
    func wait() throws(ParameterStoreError) -> ChunkBytes {
        landed.wait()
        guard let result = result.withLock({ $0 }) else {
            preconditionFailure("a flight lands with a result")
        }
        return try result.get()
    }
}
