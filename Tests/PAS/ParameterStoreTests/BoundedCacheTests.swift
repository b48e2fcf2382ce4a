import Testing

@testable import ParameterStore

struct BoundedCacheTests {
    @Test
    func whatWasUsedLongestAgoGoesFirst() {
        let cache = BoundedCache<Int, String>(weightMax: 100)
        for key in 0..<10 { cache.insert("\(key)", for: key, weight: 10) }
        #expect(cache.weight == 100)
        #expect(cache.value(for: 0) == "0")
        cache.insert("new", for: 10, weight: 10)
        #expect(cache.weight <= 100)
        #expect(cache.value(for: 0) == "0")
        #expect(cache.value(for: 1) == nil)
        #expect(cache.value(for: 10) == "new")
    }

    @Test
    func replacingAndRemovingKeepTheWeightRight() {
        let cache = BoundedCache<Int, Int>(weightMax: 100)
        cache.insert(1, for: 1, weight: 30)
        cache.insert(2, for: 1, weight: 50)
        #expect(cache.weight == 50)
        #expect(cache.value(for: 1) == 2)
        cache.insert(3, for: 2, weight: 101)
        #expect(cache.value(for: 2) == nil)
        cache.remove { $0 == 1 }
        #expect(cache.weight == 0)
    }
}
