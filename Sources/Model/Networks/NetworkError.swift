/// An error thrown while reading, asking or changing a network.
public struct NetworkError: Error, Hashable {
    /// What kind of failure this is.
    public let code: Code

    /// What went wrong, in one sentence, with the way out if there is one.
    public let message: String

    /// The layer at which it went wrong, if one is to blame.
    public let node: String?

    /// The byte of the text (a selector, a prototxt) at which it went wrong, from 0.
    public let offset: Int?

    /// Creates an error.
    public init(_ code: Code, _ message: String, node: String? = nil, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.node = node
        self.offset = offset
    }

    /// A kind of network failure.
    public struct Code: Hashable, Sendable {
        private enum Value {
            case badInput, cyclic, badPattern, badTemplate, shapeMismatch, brokenGraph, noPath
        }

        private let value: Value

        /// A file that should hold a network cannot be read as one.
        public static let badInput = Code(value: .badInput)
        /// Layers feed each other in a circle.
        public static let cyclic = Code(value: .cyclic)
        /// A node selector breaks the rules of its language.
        public static let badPattern = Code(value: .badPattern)
        /// A node template names no operator, or has arguments that the operator lacks.
        public static let badTemplate = Code(value: .badTemplate)
        /// The shapes of a layer's inputs and parameters do not fit each other.
        public static let shapeMismatch = Code(value: .shapeMismatch)
        /// A change would leave a layer without what it needs.
        public static let brokenGraph = Code(value: .brokenGraph)
        /// No path leads from the start of a slice to its end.
        public static let noPath = Code(value: .noPath)
    }
}

extension NetworkError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
