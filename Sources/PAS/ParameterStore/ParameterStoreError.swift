/// An error of reading or writing a content.
public struct ParameterStoreError: Error, Hashable {
    /// A kind of failure.
    public enum Code: Hashable, Sendable {
        /// Stored bytes are not what was written.
        case damaged
        /// A pack is not there.
        case missingPack
        /// The pack of low-order planes is not there, while that of the high-order ones is: it was moved
        /// to another disk, and low resolutions can be read all the same.
        case missingLowPlanes
        /// The catalog has no such content.
        case missingContent
        /// The disk is full.
        case full
        /// The operating system, SQLite or libzstd refused.
        case system
    }

    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence that names pack and offset.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension ParameterStoreError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
