import Synchronization

/// A cache bounded by the weight of what it holds; what was used longest ago goes first.
///
/// Used from any thread; a lock is held for the time of a look-up only.
public final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot {
        let value: Value
        let weight: Int
        var lastUse: UInt64
    }

    private struct State {
        var slots: [Key: Slot] = [:]
        var weight = 0
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let weightMax: Int

    /// Makes an empty cache.
    ///
    /// - Parameter weightMax: The weight that the values in it may have together.
    public init(weightMax: Int) {
        self.weightMax = weightMax
    }

    /// The weight of all values in it.
    public var weight: Int { state.withLock { $0.weight } }

    /// The value of a key, which then counts as used.
    public func value(for key: Key) -> Value? {
        state.withLock { state in
            guard let index = state.slots.index(forKey: key) else { return nil }
            state.clock &+= 1
            state.slots.values[index].lastUse = state.clock
            return state.slots.values[index].value
        }
    }

    /// Adds or replaces a value; others go if there is no room.
    ///
    /// A value that is heavier than the whole cache is not kept.
    public func insert(_ value: Value, for key: Key, weight: Int) {
        guard weight <= weightMax else { return }
        state.withLock { state in
            state.clock &+= 1
            if let old = state.slots.removeValue(forKey: key) { state.weight -= old.weight }
            if state.weight + weight > weightMax { Self.makeRoom(for: weight, weightMax, &state) }
            state.slots[key] = Slot(value: value, weight: weight, lastUse: state.clock)
            state.weight += weight
        }
    }

    /// Forgets the values of keys.
    public func remove(where isUnwanted: (Key) -> Bool) {
        state.withLock { state in
            for key in state.slots.keys.filter(isUnwanted) {
                if let old = state.slots.removeValue(forKey: key) { state.weight -= old.weight }
            }
        }
    }

    /// A quarter goes at once, so that many insertions share the cost of one ordering.
    private static func makeRoom(for weight: Int, _ weightMax: Int, _ state: inout State) {
        let target = min(weightMax * 3 / 4, weightMax - weight)
        for (key, slot) in state.slots.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard state.weight > target else { break }
            state.slots[key] = nil
            state.weight -= slot.weight
        }
    }
}
