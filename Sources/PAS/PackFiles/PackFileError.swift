/// An error of reading or writing a pack file.
public struct PackFileError: Error, Hashable {
    /// A kind of failure.
    public enum Code: Hashable, Sendable {
        /// The file is not there.
        case missing
        /// The file of low-order planes is not there.
        case missingLow
        /// The file ends before the bytes that were asked for.
        case truncated
        /// The file does not begin like a pack.
        case notAPack
        /// The disk is full.
        case full
        /// The operating system refused.
        case system
    }

    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension PackFileError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
