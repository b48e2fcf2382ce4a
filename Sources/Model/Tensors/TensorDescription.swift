/// A tensor without its bytes: what a weight file says of it.
public struct TensorDescription: Hashable, Sendable, Codable {
    /// The name as the file gives it, not escaped in any way; may be empty.
    public var name: String

    /// The element type.
    public var dtype: DType

    /// The number of elements along each dimension; empty for a scalar.
    public var shape: [Int]

    /// How many elements lie between neighbours along each dimension, where the elements are not
    /// simply row-major (C order): for a column-major array, a transpose, a row of a larger tensor, or
    /// an expanded one, whose step is 0. Never negative; only for types whose elements are addressable.
    public private(set) var strides: [Int]?

    /// Whether the bytes of an element come most significant first.
    public var isBigEndian: Bool

    /// Creates a description.
    ///
    /// - Parameters:
    ///   - name: The name as the file gives it.
    ///   - dtype: The element type.
    ///   - shape: The number of elements along each dimension; empty for a scalar.
    ///   - strides: The steps along each dimension in elements; those of row-major order are dropped.
    ///   - isBigEndian: Whether the bytes of an element come most significant first.
    public init(
        name: String,
        dtype: DType,
        shape: [Int],
        strides: [Int]? = nil,
        isBigEndian: Bool = false
    ) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.strides = strides.flatMap { Self.isRowMajor($0, shape) ? nil : $0 }
        self.isBigEndian = isBigEndian && dtype.storageWidth > 1
    }

    /// Creates the description of an array that lies column-major (Fortran order) or row-major.
    public init(name: String, dtype: DType, shape: [Int], isFortranOrder: Bool) {
        let strides = isFortranOrder ? Self.columnMajorStrides(shape) : nil
        self.init(name: name, dtype: dtype, shape: shape, strides: strides)
    }

    /// Whether the elements lie column-major (Fortran order) and one behind the other.
    public var isFortranOrder: Bool {
        guard let strides, let expected = Self.columnMajorStrides(shape) else { return false }
        return zip(shape, zip(strides, expected)).allSatisfy { $0 < 2 || $1.0 == $1.1 }
    }

    /// Whether the elements lie one behind the other without gaps, in row- or column-major order, so
    /// that their bytes are one run.
    public var isContiguous: Bool { strides == nil || isFortranOrder }

    /// The number of elements, or nil if it does not fit 63 bits.
    public var elementCount: Int? {
        checkedProduct(shape)
    }

    /// The number of bytes of all elements one behind the other, or nil if it does not fit 63 bits or
    /// the last block is not full. Types of less than a byte are padded to a whole one.
    public var byteCount: Int? {
        elementCount.flatMap { Self.byteCount(of: $0, dtype) }
    }

    /// The number of bytes from the first element to the end of the last, which is ``byteCount`` unless
    /// there are strides; nil if it does not fit 63 bits.
    public var spannedByteCount: Int? {
        guard let strides, let elementCount else { return byteCount }
        guard elementCount > 0 else { return 0 }
        var last = 0
        for (dimension, stride) in zip(shape, strides) {
            let (step, overflow) = (dimension - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = last.addingReportingOverflow(step)
            guard stride >= 0, !overflow, !carry else { return nil }
            last = sum
        }
        let (count, overflow) = last.addingReportingOverflow(1)
        return overflow ? nil : Self.byteCount(of: count, dtype)
    }

    private static func byteCount(of elementCount: Int, _ dtype: DType) -> Int? {
        let block = dtype.block
        if dtype.bitWidth == 0, elementCount % block.elementCount != 0 { return nil }
        let (whole, rest) = elementCount.quotientAndRemainder(dividingBy: block.elementCount)
        let (bytes, overflow) = whole.multipliedReportingOverflow(by: block.byteCount)
        let (sum, carry) = bytes.addingReportingOverflow((rest * dtype.bitWidth + 7) / 8)
        return overflow || carry ? nil : sum
    }

    private static func columnMajorStrides(_ shape: [Int]) -> [Int]? {
        guard checkedProduct(shape) != nil else { return nil }
        var step = 1
        return shape.map { dimension in
            defer { step *= max(1, dimension) }
            return step
        }
    }

    /// Whether strides say no more than the shape does; steps along dimensions of one element, and of
    /// an array without elements, mean nothing.
    private static func isRowMajor(_ strides: [Int], _ shape: [Int]) -> Bool {
        guard strides.count == shape.count, let count = checkedProduct(shape), count > 0 else {
            return true
        }
        var step = 1
        for (dimension, stride) in zip(shape, strides).reversed() where dimension > 1 {
            guard stride == step else { return false }
            step *= dimension
        }
        return true
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
