/// A way to keep weights in fewer bits, losing some of each (Miao et al., ICDE 2017, §IV-B).
public enum FloatScheme: Hashable, Sendable {
    /// IEEE half precision, rounded to the nearest, ties to even.
    case float16
    /// The upper half of single precision, rounded to the nearest, ties to even.
    case bfloat16
    /// K bits of sign and mantissa, with one exponent for the whole tensor.
    case fixed(bitCount: Int)
    /// 2^K levels, spread evenly from the least to the largest weight of the tensor.
    case uniform(bitCount: Int)
    /// 2^K levels, drawn from the weights of the tensor themselves: more where there are more.
    case random(bitCount: Int)

    /// The scheme of a name: `float16`, `bfloat16`, `fixed:K`, `quantize-uniform:K`, `quantize-random:K`.
    ///
    /// - Throws: ``FloatSchemeError`` that says which there are, or which K a scheme takes.
    public init(named name: String) throws(FloatSchemeError) {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        let bitCount = parts.count == 2 ? Int(parts[1]) : nil
        switch (parts[0], parts.count) {
        case ("float16", 1): self = .float16
        case ("bfloat16", 1): self = .bfloat16
        case ("fixed", 2): self = .fixed(bitCount: try Self.check(bitCount, 2...24, name))
        case ("quantize-uniform", 2): self = .uniform(bitCount: try Self.check(bitCount, 1...8, name))
        case ("quantize-random", 2): self = .random(bitCount: try Self.check(bitCount, 1...8, name))
        default:
            throw FloatSchemeError(
                "There is no float scheme '\(name)'; there are float16, bfloat16, fixed:K, "
                    + "quantize-uniform:K and quantize-random:K."
            )
        }
    }

    private static func check(
        _ bitCount: Int?,
        _ range: ClosedRange<Int>,
        _ name: String
    ) throws(FloatSchemeError) -> Int {
        guard let bitCount, range.contains(bitCount) else {
            throw FloatSchemeError(
                "The float scheme '\(name)' needs a number of bits from \(range.lowerBound) to "
                    + "\(range.upperBound), as in '\(name.prefix { $0 != ":" }):\(range.upperBound)'."
            )
        }
        return bitCount
    }

    /// The name by which ``init(named:)`` knows it.
    public var name: String {
        switch self {
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .fixed(let bitCount): "fixed:\(bitCount)"
        case .uniform(let bitCount): "quantize-uniform:\(bitCount)"
        case .random(let bitCount): "quantize-random:\(bitCount)"
        }
    }
}

/// A float scheme that does not exist, or weights that one cannot keep.
public struct FloatSchemeError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, in one sentence, with the way out if there is one.
    public let message: String

    /// Creates an error.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
