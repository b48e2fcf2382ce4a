import Synchronization

/// What threads need to work, made once for as many as work at a time.
public final class ScratchPool<Scratch>: Sendable {
    private struct Box: @unchecked Sendable {
        // Unchecked: whoever takes it out of the pool is the only one to use it.
        let scratch: Scratch
    }

    private let idle = Mutex<[Box]>([])
    private let make: @Sendable () throws -> Scratch

    /// Makes an empty pool.
    ///
    /// - Parameter make: Makes scratch for another thread.
    public init(_ make: @escaping @Sendable () throws -> Scratch) {
        self.make = make
    }

    /// Runs a function with scratch that no other thread uses.
    public func use<Value>(_ body: (Scratch) throws -> Value) throws -> Value {
        let box = try idle.withLock { $0.popLast() } ?? Box(scratch: make())
        defer { idle.withLock { $0.append(box) } }
        return try body(box.scratch)
    }
}
