/// A fact of a version, as conditions and columns see it.
public enum DQLValue: Hashable, Sendable {
    /// Nothing is known; NaN counts as that too.
    case missing
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([String])

    /// The value as a number, if it is one.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value.isNaN ? nil : value
        default: nil
        }
    }

    /// The value, with NaN as missing.
    static func measured(_ value: Double?) -> DQLValue {
        guard let value, !value.isNaN else { return .missing }
        return .number(value)
    }

    /// Whether one value comes before another in an ordered answer; missing ones come last, whatever
    /// the direction.
    static func precedes(_ left: DQLValue, _ right: DQLValue, isDescending: Bool) -> Bool? {
        switch (left, right) {
        case (.missing, .missing): return nil
        case (.missing, _): return false
        case (_, .missing): return true
        default: break
        }
        if let left = left.number, let right = right.number {
            return left == right ? nil : (left < right) != isDescending
        }
        let (left, right) = (left.sortKey, right.sortKey)
        guard left != right else { return nil }
        return (left.rank, left.text) < (right.rank, right.text) ? !isDescending : isDescending
    }

    /// Numbers come before truth values, these before texts.
    private var sortKey: (rank: Int, text: String) {
        switch self {
        case .missing: (4, "")
        case .integer, .number: (0, "")
        case .boolean(let value): (1, value ? "1" : "0")
        case .text(let text): (2, text)
        case .list(let items): (3, items.joined(separator: "\u{0}"))
        }
    }
}
