import Dispatch
import Synchronization

/// The values that were made last, and those that are being made or wanted: decoded chunks, the models of
/// segments.
///
/// However many readers want a value, one makes it and the others wait for it. No lock is held while a value
/// is made. What a sequential reader has passed goes first.
final class FlightCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Where a value is.
    enum Place {
        case known(Value)
        case flight(Flight<Key, Value>)
    }

    private let values: PassingCache<Key, Value>
    private let flights = Mutex<[Key: Flight<Key, Value>]>([:])
    private let weigh: @Sendable (Value) -> Int

    /// The weight that the values in it may have together.
    let weightMax: Int

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - weightMax: The weight that the values in it may have together.
    ///   - passedWeightMax: The most of that for those that a sequential reader has passed.
    ///   - weigh: The weight of a value.
    init(weightMax: Int, passedWeightMax: Int, weigh: @escaping @Sendable (Value) -> Int) {
        self.weightMax = weightMax
        self.weigh = weigh
        values = PassingCache(
            weightMax: weightMax,
            passedWeightMax: min(passedWeightMax, weightMax / 4)
        )
    }

    /// The weight of all values in it.
    var weight: Int { values.weight }

    /// The number of values that are being made or wanted.
    var flightCount: Int { flights.withLock { $0.count } }

    /// The value, if it is there.
    func value(for key: Key) -> Value? {
        values.value(for: key)
    }

    /// The value, or the flight that will bring it, which whoever claims it must land.
    func place(of key: Key) -> Place {
        if let known = value(for: key) { return .known(known) }
        return flights.withLock { flights in
            if let flight = flights[key] { return .flight(flight) }
            // It may have landed since it was looked for.
            if let known = value(for: key) { return .known(known) }
            let flight = Flight<Key, Value>(key)
            flights[key] = flight
            return .flight(flight)
        }
    }

    /// Makes the value of a flight that the caller has claimed, keeps it, and tells those who wait.
    func land(
        _ flight: Flight<Key, Value>,
        make: () throws(ParameterStoreError) -> Value
    ) {
        let result = Result { () throws(ParameterStoreError) in try make() }
        if case .success(let value) = result {
            values.insert(value, for: flight.key, weight: weigh(value))
        }
        flights.withLock { $0[flight.key] = nil }
        flight.land(result)
    }

    /// The value: made, if it is not there and nobody is at it.
    func value(
        for key: Key,
        make: () throws(ParameterStoreError) -> Value
    ) throws(ParameterStoreError) -> Value {
        switch place(of: key) {
        case .known(let value): return value
        case .flight(let flight):
            if flight.claim() { land(flight, make: make) }
            return try flight.value()
        }
    }

    /// Lets a value go before all others, since a sequential reader has passed it.
    func pass(_ key: Key) {
        values.pass(key)
    }

    /// Forgets the values of keys.
    func remove(where isUnwanted: (Key) -> Bool) {
        values.remove(where: isUnwanted)
    }
}

/// A value that is wanted, being made, or made.
final class Flight<Key: Sendable, Value: Sendable>: Sendable {
    let key: Key
    private let isClaimed = Atomic<Bool>(false)
    private let landed = DispatchGroup()
    private let result = Mutex<Result<Value, ParameterStoreError>?>(nil)

    init(_ key: Key) {
        self.key = key
        landed.enter()
    }

    /// Whether the caller is the one who must make the value: true once.
    func claim() -> Bool {
        isClaimed.compareExchange(
            expected: false,
            desired: true,
            ordering: .acquiringAndReleasing
        ).exchanged
    }

    fileprivate func land(_ result: Result<Value, ParameterStoreError>) {
        self.result.withLock { $0 = result }
        landed.leave()
    }

    /// Waits until whoever claimed the flight has landed it.
    func wait() {
        landed.wait()
    }

    /// The value, once the flight has landed.
    func value() throws(ParameterStoreError) -> Value {
        wait()
        guard let result = result.withLock({ $0 }) else {
            preconditionFailure("a flight lands with a result")
        }
        return try result.get()
    }
}
