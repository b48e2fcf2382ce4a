import Foundation

/// The row of a model.
public struct ModelID: RawRepresentable, Hashable, Sendable, Comparable {
    /// The number in the catalog.
    public let rawValue: Int64

    /// Wraps a number of the catalog.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The order of creation.
    public static func < (left: ModelID, right: ModelID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The row of a model version; local to one archive, never used again.
public struct VersionID: RawRepresentable, Hashable, Sendable, Comparable {
    /// The number in the catalog.
    public let rawValue: Int64

    /// Wraps a number of the catalog.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The order of creation.
    public static func < (left: VersionID, right: VersionID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The identity of a model version in every archive: 128 random bits.
public struct GlobalID: Hashable, Sendable, CustomStringConvertible {
    /// The sixteen bytes.
    public let bytes: [UInt8]

    /// Makes a new identity.
    public init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Wraps the bytes of an identity.
    ///
    /// - Parameter bytes: Must be sixteen.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Thirty-two hexadecimal digits.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
