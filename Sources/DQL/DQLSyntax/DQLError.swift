/// What is wrong with a query: where, and what to do.
///
/// ``rendered(source:name:)`` shows it with the line and a caret.
public struct DQLError: Error, Hashable, Sendable {
    /// A kind of failure.
    public enum Code: Hashable, Sendable {
        /// The text is not DQL.
        case syntax
        /// A name that nothing has.
        case unknownName
        /// Values that cannot be compared.
        case typeMismatch
        /// DQL that this release cannot run yet.
        case unsupported
        /// A saved query that reaches itself.
        case recursion
        /// The query took too long or answered too much.
        case limit
        /// Nobody waits for the answer any more.
        case cancelled
        /// A saved query could not be read.
        case unavailable
    }

    /// The saved query that an error is in, if it is not the one that was run.
    public struct Origin: Hashable, Sendable {
        /// The name of the saved query.
        public var name: String

        /// Its text.
        public var text: [UInt8]

        /// Creates an origin.
        public init(name: String, text: [UInt8]) {
            self.name = name
            self.text = text
        }
    }

    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence.
    public let message: String

    /// Where in the text; nil if it is about the query as a whole.
    public let range: SourceRange?

    /// What would be valid, if that can be guessed.
    public let hint: String?

    /// The text that the range is in; nil for the query that was compiled.
    public private(set) var origin: Origin?

    /// Creates an error.
    public init(
        _ code: Code,
        _ message: String,
        at range: SourceRange? = nil,
        hint: String? = nil,
        origin: Origin? = nil
    ) {
        self.code = code
        self.message = message
        self.range = range
        self.hint = hint
        self.origin = origin
    }

    /// Creates the error for a part of DQL that cannot run yet.
    public init(later what: String, at range: SourceRange) {
        self.init(.unsupported, "\(what) in a later release.", at: range)
    }

    /// The same error, said to be in a saved query unless it names a deeper one already.
    public func located(in origin: Origin?) -> DQLError {
        var error = self
        error.origin = self.origin ?? origin
        return error
    }
}

extension DQLError: CustomStringConvertible {
    /// The message and the hint, without a place.
    public var description: String {
        hint.map { "\(message) (\($0))" } ?? message
    }
}
