/// An error thrown while opening, reading or changing a catalog.
public struct CatalogError: Error {
    /// A kind of catalog failure.
    public enum Code: Hashable, Sendable {
        /// There is no catalog at the path.
        case missing
        /// The file is not a catalog, or is damaged.
        case notACatalog
        /// The catalog was written by a newer release.
        case newerFormat
        /// Another process holds the catalog for longer than this one waited.
        case busy
        /// The disk is full.
        case full
        /// The archive lies on a medium that cannot be written.
        case readOnly
        /// SQLite failed in another way.
        case database
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
}

extension CatalogError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
