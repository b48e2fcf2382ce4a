/// Why the file system refused or failed an operation.
///
/// The kinds have the names of the errno values that they become; only the Mount target turns them
/// into numbers.
public struct FileSystemError: Error, Hashable, Sendable {
    /// A kind of failure, named as in errno(3).
    public enum Code: Hashable, Sendable {
        case noSuchEntry
        case notDirectory
        case isDirectory
        case readOnly
        case notPermitted
        case exists
        case invalidArgument
        case inputOutput
        case fileTooBig
        case noSpace
        case nameTooLong
        case noMedium
        case stale
        case timedOut
        case noAttribute
        case interrupted
        case badHandle
    }

    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence; goes to the log.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
