import Dispatch
import Foundation
import Synchronization

/// Calls a function for the numbers below `count` on all cores, and gives its values in order.
///
/// The function is called from several threads at a time; what it writes must be apart for each number.
///
/// - Throws: The error of the lowest number that failed.
public func concurrentMap<Value: Sendable>(
    _ count: Int,
    _ body: (Int) throws -> Value
) throws -> [Value] {
    guard count > 1 else { return try (0..<count).map(body) }
    let results = Mutex([Result<Value, any Error>?](repeating: nil, count: count))
    withoutActuallyEscaping(body) { body in
        let work = ConcurrentWork(body: body)
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let result = Result { try work.body(index) }
            results.withLock { $0[index] = result }
        }
    }
    return try results.withLock { results in
        try results.map { result in
            guard let result else { preconditionFailure("every number has a result") }
            return try result.get()
        }
    }
}

/// Calls a function for as many parts of `0..<count` as there are cores, at least one, and gives its values in
/// order.
///
/// - Throws: The error of the lowest part that failed.
func concurrentParts<Value: Sendable>(
    _ count: Int,
    _ body: (Range<Int>) throws -> Value
) throws -> [Value] {
    let parts = min(ProcessInfo.processInfo.activeProcessorCount, max(1, count))
    return try concurrentMap(parts) { part in
        try body(count * part / parts..<count * (part + 1) / parts)
    }
}

private struct ConcurrentWork<Value>: @unchecked Sendable {
    // Unchecked: callers promise that the function may run on several threads.
    let body: (Int) throws -> Value
}
