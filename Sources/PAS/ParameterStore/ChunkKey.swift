/// Which chunk of which content, at which resolution.
struct ChunkKey: Hashable, Sendable {
    let content: ContentID
    let index: Int
    /// The high-order bytes that are kept of each element; 0 for all.
    let resolution: Int
}

/// The chunks that were decoded last. The kernel has those that a sequential reader has passed in its page
/// cache; a few are enough for what it asks for out of order, and for who reads two versions side by side.
typealias ChunkCache = FlightCache<ChunkKey, ChunkBytes>

extension FlightCache<ChunkKey, ChunkBytes> {
    /// Makes a cache for so many bytes.
    convenience init(byteCountMax: Int) {
        self.init(weightMax: byteCountMax, passedWeightMax: 4 << 20) { $0.bytes.count }
    }
}
