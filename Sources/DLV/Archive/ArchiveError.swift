/// An error of an operation on an archive.
public struct ArchiveError: Error {
    /// A kind of failure.
    public enum Code: Hashable, Sendable {
        /// What was asked for is not there.
        case notFound
        /// A name, reference or value cannot be used.
        case invalid
        /// Something of that name is there already.
        case exists
        /// A file to commit is broken or changed under way.
        case badInput
        /// Stored bytes are damaged.
        case damaged
        /// The operating system refused.
        case system
    }

    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence, with the way out if there is one.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// An error of the operating system: what was tried, and the sentence of errno(3).
    static func system(_ action: String, _ error: any Error) -> ArchiveError {
        ArchiveError(.system, "Cannot \(action): \(error).")
    }
}

extension ArchiveError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
