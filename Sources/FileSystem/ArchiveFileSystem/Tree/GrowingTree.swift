import Foundation

/// The tree of a version while one thread makes it: others see what there is of it already.
///
/// An entry that is there stays as it is, so that it can be told of before the tree is complete.
final class GrowingTree: @unchecked Sendable {
    // Unchecked: the condition guards what changes.
    private let condition = NSCondition()
    private var tree = VersionTree()
    private var error: (any Error)?

    /// Changes the tree.
    ///
    /// For the thread that makes it, which takes no lock meanwhile.
    func grow<Value>(_ change: (inout VersionTree) -> Value) -> Value {
        condition.withLock { change(&tree) }
    }

    /// Wakes those who wait, after changes.
    func showGrowth() {
        condition.withLock { condition.broadcast() }
    }

    /// Says that nothing will be added any more, and gives the tree.
    func complete() -> VersionTree {
        condition.withLock {
            tree.complete()
            condition.broadcast()
            return tree
        }
    }

    /// Says that the tree cannot be made.
    func fail(_ error: any Error) {
        condition.withLock {
            self.error = error
            condition.broadcast()
        }
    }

    /// Looks at the tree once a function finds enough in it, or it is complete.
    ///
    /// - Throws: What came in the way of making it, or what the look throws.
    func look<Value>(
        until isEnough: (VersionTree) -> Bool,
        _ body: (VersionTree) throws -> Value
    ) throws -> Value {
        condition.lock()
        defer { condition.unlock() }
        while !tree.isComplete, !isEnough(tree) {
            if let error { throw error }
            condition.wait()
        }
        return try body(tree)
    }
}
