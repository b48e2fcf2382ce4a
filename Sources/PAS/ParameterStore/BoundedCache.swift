import Synchronization

/// A cache bounded by the weight of what it holds; what was used longest ago goes first.
///
/// Used from any thread; a lock is held for the time of a look-up only, and what goes is released
/// after it. Every operation but ``remove(where:)`` takes constant time.
public final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
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

    /// All values in it, in no order; none of them counts as used.
    public var values: [Value] {
        state.withLock { state in state.places.values.compactMap { state.slots[$0].value } }
    }

    /// The value of a key, which then counts as used.
    public func value(for key: Key) -> Value? {
        state.withLock { state in
            guard let place = state.places[key] else { return nil }
            state.unlink(place)
            state.linkAsNewest(place)
            return state.slots[place].value
        }
    }

    /// Adds or replaces a value; others go if there is no room.
    ///
    /// A value that is heavier than the whole cache is not kept.
    public func insert(_ value: Value, for key: Key, weight: Int) {
        guard weight <= weightMax else { return }
        let gone = state.withLock { state in
            var gone: [Value] = []
            if let place = state.places[key] { gone += state.remove(place) }
            while state.weight + weight > weightMax, state.oldest != State.none {
                gone += state.remove(state.oldest)
            }
            state.add(value, for: key, weight: weight)
            return gone
        }
        // Values are released here, outside the lock: the last reference may free a lot of memory.
        _ = consume gone
    }

    /// Takes the value of a key out, with its weight.
    public func take(_ key: Key) -> (value: Value, weight: Int)? {
        state.withLock { state in
            guard let place = state.places[key] else { return nil }
            let weight = state.slots[place].weight
            return state.remove(place).first.map { ($0, weight) }
        }
    }

    /// Forgets the values of keys.
    public func remove(where isUnwanted: (Key) -> Bool) {
        let gone = state.withLock { state in
            let places = state.places.filter { isUnwanted($0.key) }.values
            return places.flatMap { state.remove($0) }
        }
        _ = consume gone
    }
}

extension BoundedCache {
    /// The slots form a list from the newest to the oldest, linked by their places in an array.
    private struct State {
        static var none: Int { -1 }

        struct Slot {
            let key: Key
            var value: Value?
            let weight: Int
            var newer: Int
            var older: Int
        }

        var slots: [Slot] = []
        var places: [Key: Int] = [:]
        var free: [Int] = []
        var newest = none
        var oldest = none
        var weight = 0

        mutating func add(_ value: Value, for key: Key, weight: Int) {
            let slot = Slot(key: key, value: value, weight: weight, newer: Self.none, older: Self.none)
            let place: Int
            if let used = free.popLast() {
                place = used
                slots[place] = slot
            } else {
                place = slots.count
                slots.append(slot)
            }
            places[key] = place
            self.weight += weight
            linkAsNewest(place)
        }

        /// Takes a slot out, and gives its value to whoever is to release it.
        mutating func remove(_ place: Int) -> [Value] {
            unlink(place)
            let value = slots[place].value
            slots[place].value = nil
            places[slots[place].key] = nil
            weight -= slots[place].weight
            free.append(place)
            return value.map { [$0] } ?? []
        }

        mutating func linkAsNewest(_ place: Int) {
            slots[place].newer = Self.none
            slots[place].older = newest
            if newest != Self.none { slots[newest].newer = place }
            newest = place
            if oldest == Self.none { oldest = place }
        }

        mutating func unlink(_ place: Int) {
            let (newer, older) = (slots[place].newer, slots[place].older)
            if newer == Self.none { newest = older } else { slots[newer].older = older }
            if older == Self.none { oldest = newer } else { slots[older].newer = newer }
        }
    }
}
