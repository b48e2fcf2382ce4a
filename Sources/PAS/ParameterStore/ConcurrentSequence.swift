import Foundation

/// Makes a value for each number below `count` on all cores, and hands the values over in order.
///
/// Values that are made before their turn wait, but only a few more than there are cores: memory does not
/// grow with the count. `make` runs on several threads at a time, `take` on any of them, but one at a time.
///
/// - Throws: The first error of either; nothing is taken after it.
func concurrentSequence<Value: Sendable>(
    _ count: Int,
    make: (Int) throws -> Value,
    take: (Int, Value) throws -> Void
) throws {
    guard count > 1 else {
        for index in 0..<count { try take(index, make(index)) }
        return
    }
    let workerCount = min(count, ProcessInfo.processInfo.activeProcessorCount)
    try withoutActuallyEscaping(make) { make in
        try withoutActuallyEscaping(take) { take in
            let turns = Turns(make: make, take: take, count: count, aheadMax: workerCount + 2)
            DispatchQueue.concurrentPerform(iterations: workerCount) { _ in turns.work() }
            if let failure = turns.failure { throw failure }
        }
    }
}

/// Who makes what, and whose turn it is to be taken.
private final class Turns<Value: Sendable>: @unchecked Sendable {
    // Unchecked: what changes is read and written under the condition's lock, and callers promise that
    // `make` may run on several threads.
    private let make: (Int) throws -> Value
    private let take: (Int, Value) throws -> Void
    private let count: Int
    private let aheadMax: Int
    private let condition = NSCondition()
    private var begunCount = 0
    private var takenCount = 0
    private var made: [Int: Value] = [:]
    private var isTaking = false
    private(set) var failure: (any Error)?

    init(
        make: @escaping (Int) throws -> Value,
        take: @escaping (Int, Value) throws -> Void,
        count: Int,
        aheadMax: Int
    ) {
        self.make = make
        self.take = take
        self.count = count
        self.aheadMax = aheadMax
    }

    /// Makes and takes until there is no more to make.
    func work() {
        while let index = begin() {
            do {
                let value = try make(index)
                takeInOrder(index, value)
            } catch {
                fail(error)
            }
        }
    }

    /// The next number to make; nil at the end, or after a failure. Waits while too many values wait.
    private func begin() -> Int? {
        condition.withLock {
            while failure == nil, begunCount < count, begunCount - takenCount >= aheadMax {
                condition.wait()
            }
            guard failure == nil, begunCount < count else { return nil }
            begunCount += 1
            return begunCount - 1
        }
    }

    /// Takes whatever has its turn, unless another thread does: that one will see the new value.
    private func takeInOrder(_ index: Int, _ value: Value) {
        condition.lock()
        defer { condition.unlock() }
        made[index] = value
        while !isTaking, failure == nil, let next = made.removeValue(forKey: takenCount) {
            let turn = takenCount
            isTaking = true
            condition.unlock()
            let result = Result { try take(turn, next) }
            condition.lock()
            isTaking = false
            takenCount += 1
            if case .failure(let error) = result { failure = error }
            condition.broadcast()
        }
    }

    private func fail(_ error: any Error) {
        condition.withLock {
            failure = failure ?? error
            condition.broadcast()
        }
    }
}
