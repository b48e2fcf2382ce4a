/// A tensor without its bytes: what a weight file says of it.
public struct TensorDescription: Hashable, Sendable, Codable {
    /// The name as the file gives it, not escaped in any way; may be empty.
    public var name: String

    /// The element type.
    public var dtype: DType

    /// The number of elements along each dimension; empty for a scalar.
    public var shape: [Int]

    /// Whether the elements lie column-major (Fortran order) instead of row-major (C order).
    public var isFortranOrder: Bool

    /// Creates a description.
    ///
    /// - Parameters:
    ///   - name: The name as the file gives it.
    ///   - dtype: The element type.
    ///   - shape: The number of elements along each dimension; empty for a scalar.
    ///   - isFortranOrder: Whether the elements lie column-major.
    public init(name: String, dtype: DType, shape: [Int], isFortranOrder: Bool = false) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.isFortranOrder = isFortranOrder
    }

    /// The number of elements, or nil if it does not fit 63 bits.
    public var elementCount: Int? {
        checkedProduct(shape)
    }

    /// The number of bytes of all elements, or nil if it does not fit 63 bits or is not whole.
    public var byteCount: Int? {
        guard let elementCount else { return nil }
        let (bits, overflow) = elementCount.multipliedReportingOverflow(by: dtype.bitWidth)
        return overflow || bits % 8 != 0 ? nil : bits / 8
    }
}

/// The product of the dimensions of a shape, or nil if a dimension is negative or the product
/// overflows, also where another dimension is zero.
public func checkedProduct(_ shape: [Int]) -> Int? {
    var product = 1
    for dimension in shape {
        guard dimension >= 0 else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: max(1, dimension))
        guard !overflow else { return nil }
        product = next
    }
    return shape.contains(0) ? 0 : product
}
