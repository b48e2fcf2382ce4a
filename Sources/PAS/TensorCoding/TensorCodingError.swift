/// An error of coding or decoding a chunk.
public struct TensorCodingError: Error, Hashable {
    /// A kind of failure.
    public enum Code: Hashable, Sendable {
        /// A stream is not what an encoder wrote.
        case damaged
        /// libzstd could not get the memory that it needs.
        case zstd
    }

    /// What kind of failure this is.
    public let code: Code

    /// What is wrong, without a full stop: the caller adds the place.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
