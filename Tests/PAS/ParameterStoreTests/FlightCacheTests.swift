import Foundation
import Synchronization
import Testing

@testable import ParameterStore

struct FlightCacheTests {
    private func cache(_ weightMax: Int, passed: Int = 0) -> FlightCache<Int, Int> {
        FlightCache(weightMax: weightMax, passedWeightMax: passed) { _ in 1 }
    }

    @Test
    func oneThreadMakesWhatManyWantAndTheOthersWait() {
        let cache = cache(100)
        let made = Atomic<Int>(0)
        let found = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 400) { index in
            let key = index % 4
            let value = try? cache.value(for: key) { () throws(ParameterStoreError) in
                made.wrappingAdd(1, ordering: .relaxed)
                usleep(2000)
                return key * 10
            }
            if value == key * 10 { found.wrappingAdd(1, ordering: .relaxed) }
        }
        #expect(made.load(ordering: .relaxed) == 4)
        #expect(found.load(ordering: .relaxed) == 400)
        #expect(cache.flightCount == 0)
        #expect(cache.weight == 4)
    }

    @Test
    func aFailureIsToldAndTheNextReaderTriesAgain() throws {
        let cache = cache(100)
        #expect(throws: ParameterStoreError.self) {
            try cache.value(for: 1) { () throws(ParameterStoreError) in
                throw ParameterStoreError(.damaged, "a test")
            }
        }
        #expect(cache.flightCount == 0)
        #expect(try cache.value(for: 1) { 7 } == 7)
        // It is known now.
        #expect(try cache.value(for: 1) { 8 } == 7)
    }

    @Test
    func whatWasPassedGoesFirst() throws {
        let cache = cache(8, passed: 2)
        for key in 0..<6 { _ = try cache.value(for: key) { key } }
        for key in 0..<4 { cache.pass(key) }
        // Two of those that were passed are left, and all that were not.
        #expect((0..<6).map { cache.value(for: $0) != nil } == [false, false, true, true, true, true])
        for key in 10..<14 { _ = try cache.value(for: key) { key } }
        #expect(cache.value(for: 4) != nil)
        #expect(cache.value(for: 5) != nil)
        #expect(cache.weight == 8)
        cache.remove { $0 < 10 }
        #expect(cache.weight == 4)
    }
}
