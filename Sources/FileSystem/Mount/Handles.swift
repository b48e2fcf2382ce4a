import Synchronization

/// Numbers for things that are open; a number is used again only after a close.
final class Handles<Value: Sendable>: Sendable {
    private struct Table {
        var values: [Value?] = []
        var free: [Int] = []
    }

    private let table = Mutex(Table())

    /// The number of things that are open.
    var count: Int { table.withLock { $0.values.count - $0.free.count } }

    func add(_ value: Value) -> UInt64 {
        table.withLock { table in
            if let index = table.free.popLast() {
                table.values[index] = value
                return UInt64(index)
            }
            table.values.append(value)
            return UInt64(table.values.count - 1)
        }
    }

    func value(_ handle: UInt64) -> Value? {
        table.withLock { table in
            handle < table.values.count ? table.values[Int(handle)] : nil
        }
    }

    func remove(_ handle: UInt64) -> Value? {
        table.withLock { table in
            guard handle < table.values.count, let value = table.values[Int(handle)] else { return nil }
            table.values[Int(handle)] = nil
            table.free.append(Int(handle))
            return value
        }
    }
}
