/// A weight file that is broken: it claims a format and does not keep to it.
public struct ModelFormatError: Error, Hashable {
    /// What is wrong and where, in one sentence.
    public let message: String

    /// Creates an error.
    public init(_ message: String) {
        self.message = message
    }
}

extension ModelFormatError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
