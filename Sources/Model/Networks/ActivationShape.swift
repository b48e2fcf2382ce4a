/// The shape of what a layer takes or gives: a tensor that exists only while the network runs.
///
/// A dimension is nil if it is not known, such as the batch of a network that takes any; it is
/// written `?`.
public struct ActivationShape: Hashable, Sendable {
    /// The number of elements along each dimension.
    public var dimensions: [Int?]

    /// Creates a shape.
    public init(_ dimensions: [Int?]) {
        self.dimensions = dimensions
    }

    /// Larger than any dimension of a tensor; bounds every sum and product of a few of them.
    static let dimensionMax = 1 << 40

    /// More dimensions than any framework allows.
    static let rankMax = 64

    /// Whether a tensor may have these dimensions.
    static func isPossible(_ dimensions: [Int?]) -> Bool {
        dimensions.count <= rankMax
            && dimensions.allSatisfy { $0.map { (0..<dimensionMax).contains($0) } ?? true }
    }

    /// The number of dimensions.
    public var rank: Int { dimensions.count }

    /// The product of the dimensions from one on, or nil if one is not known or it overflows.
    public func product(from first: Int = 0) -> Int? {
        var product = 1
        for dimension in dimensions.dropFirst(first) {
            guard let dimension else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }

    /// Whether every dimension is known.
    public var isKnown: Bool { !dimensions.contains(nil) }
}

extension ActivationShape: CustomStringConvertible {
    /// The shape as `[10, 3, 227, 227]`.
    public var description: String {
        "[\(dimensions.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
    }
}

extension Optional<ActivationShape> {
    /// The shape, or `?` if it is not known at all.
    public var text: String { map(\.description) ?? "?" }
}
