/// An error of planning what is stored as a delta against what.
public struct StoragePlanningError: Error, Hashable {
    /// A kind of failure.
    public enum Code: Hashable, Sendable {
        /// A matrix storage graph that cannot be planned: a matrix without materialisation, say.
        case invalidGraph
        /// An algorithm or a retrieval scheme that does not exist.
        case unknownName
        /// Bounds that no plan keeps.
        case infeasible
    }

    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence, with the way out if there is one.
    public let message: String

    /// Of bounds that no plan keeps: the smallest one for all groups that works, in the graph's unit.
    public let smallestBound: Double?

    /// Creates an error.
    public init(_ code: Code, _ message: String, smallestBound: Double? = nil) {
        self.code = code
        self.message = message
        self.smallestBound = smallestBound
    }
}

extension StoragePlanningError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
