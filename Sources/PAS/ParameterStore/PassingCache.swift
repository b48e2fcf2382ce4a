/// A bounded cache whose values can be passed: what a sequential reader has behind it is the first to go.
///
/// So such a reader works in a few megabytes that stay in the processor's cache, rather than in memory that
/// is fresh from the kernel, which has to find and clear it, and does not push out what others use.
final class PassingCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let values: BoundedCache<Key, Value>
    private let passed: BoundedCache<Key, Value>

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - weightMax: The weight that the values in it may have together.
    ///   - passedWeightMax: How much of that is for those that were passed.
    init(weightMax: Int, passedWeightMax: Int) {
        values = BoundedCache(weightMax: weightMax - passedWeightMax)
        passed = BoundedCache(weightMax: passedWeightMax)
    }

    /// The weight of all values in it.
    var weight: Int { values.weight + passed.weight }

    /// The value of a key, which then counts as used.
    func value(for key: Key) -> Value? {
        values.value(for: key) ?? passed.value(for: key)
    }

    /// Adds or replaces a value; others go if there is no room.
    func insert(_ value: Value, for key: Key, weight: Int) {
        values.insert(value, for: key, weight: weight)
    }

    /// Lets the value of a key go before all that were not passed.
    func pass(_ key: Key) {
        guard let (value, weight) = values.take(key) else { return }
        passed.insert(value, for: key, weight: weight)
    }

    /// Forgets the values of keys.
    func remove(where isUnwanted: (Key) -> Bool) {
        values.remove(where: isUnwanted)
        passed.remove(where: isUnwanted)
    }
}
