/// An error of mounting or serving a file system.
public struct FuseError: Error, Hashable {
    /// What went wrong, in one sentence with the way out.
    public let message: String

    /// Creates an error.
    public init(_ message: String) {
        self.message = message
    }
}

extension FuseError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
