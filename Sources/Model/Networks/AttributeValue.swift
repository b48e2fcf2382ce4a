/// The value of an attribute of a layer, such as the kernel of a convolution.
public indirect enum AttributeValue: Hashable, Sendable {
    /// A whole number.
    case integer(Int)
    /// A real number.
    case number(Double)
    /// A word or name.
    case text(String)
    /// A truth value.
    case boolean(Bool)
    /// Several values, such as one per spatial dimension.
    case list([AttributeValue])

    /// A list of whole numbers.
    public static func integers(_ values: [Int]) -> AttributeValue {
        .list(values.map { .integer($0) })
    }

    /// The whole number, if it is one (also `3.0`).
    public var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, if it is one.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The text, if it is one.
    public var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The truth value, if it is one.
    public var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The whole numbers of a list, or the one that stands alone.
    public var integers: [Int]? {
        guard case .list(let values) = self else { return integer.map { [$0] } }
        let numbers = values.compactMap(\.integer)
        return numbers.count == values.count ? numbers : nil
    }

    /// Whether a template argument means this value.
    ///
    /// Numbers are compared as numbers, words without regard to case, and one number stands for a
    /// list of equal ones: `CONV(kernel=3)` means a kernel of `[3, 3]`.
    public func matches(_ argument: AttributeValue) -> Bool {
        switch (self, argument) {
        case (.text(let left), .text(let right)):
            return left == right || left.lowercased() == right.lowercased()
        case (.boolean(let left), .boolean(let right)): return left == right
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.matches($1) }
        case (.list(let left), _):
            return !left.isEmpty && left.allSatisfy { $0.matches(argument) }
        case (_, .list(let right)): return right.count == 1 && matches(right[0])
        default:
            guard let left = number, let right = argument.number else { return false }
            return left == right
        }
    }
}

extension AttributeValue: CustomStringConvertible {
    /// The value as users write it in a template.
    public var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        case .boolean(let value): "\(value)"
        case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
        }
    }
}
