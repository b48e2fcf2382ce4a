public import Tensors

/// What the elements of a tensor are like: the facts that queries ask of weights.
///
/// Elements are added in pieces and in any order, from several threads into values of their own that
/// are merged; sums are of doubles, so that the order hardly shows.
public struct TensorStatistics: Hashable, Sendable {
    /// The number of elements.
    public var elementCount = 0
    /// The least element that is no NaN; +∞ if there is none.
    public var minimum = Double.infinity
    /// The greatest element that is no NaN; -∞ if there is none.
    public var maximum = -Double.infinity
    /// The sum of the finite elements.
    public var sum = 0.0
    /// The sum of the squares of the finite elements.
    public var sumOfSquares = 0.0
    /// How many elements are zero, of either sign.
    public var zeroCount = 0
    /// How many elements are NaN.
    public var nanCount = 0
    /// How many elements are infinite.
    public var infinityCount = 0

    /// Statistics of no elements.
    public init() {}

    /// The mean of the finite elements; NaN if there are none.
    public var mean: Double {
        let count = elementCount - nanCount - infinityCount
        return count == 0 ? .nan : sum / Double(count)
    }

    /// The Euclidean norm of the finite elements.
    public var norm: Double { sumOfSquares.squareRoot() }

    /// Adds what other statistics counted.
    public mutating func merge(_ other: TensorStatistics) {
        elementCount += other.elementCount
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        sum += other.sum
        sumOfSquares += other.sumOfSquares
        zeroCount += other.zeroCount
        nanCount += other.nanCount
        infinityCount += other.infinityCount
    }

    /// Whether the elements of a type can be looked at: not packed ones, which share bytes, and not
    /// complex ones, which have no order.
    public static func covers(_ dtype: DType) -> Bool {
        switch dtype {
        case .c64, .c128, .void8, .void16, .opaque: false
        // Packed numbers and blocks must be decoded first.
        default: dtype.isAddressable
        }
    }

    /// Adds elements.
    ///
    /// - Parameters:
    ///   - bytes: Whole elements, little-endian.
    ///   - dtype: One for which ``covers(_:)`` holds.
    public mutating func add(_ bytes: UnsafeRawBufferPointer, dtype: DType) {
        let count = bytes.count / max(1, dtype.bitWidth / 8)
        elementCount += count
        switch dtype {
        case .f32: addFloats(bytes, count: count, of: Float32Lanes.self)
        case .bf16: addFloats(bytes, count: count, of: BrainFloatLanes.self)
        case .f16: addFloats(bytes, count: count, of: HalfLanes.self)
        case .f64: addDoubles(bytes, count: count)
        case .i64: addIntegers(bytes, count: count, of: Int64.self)
        case .u64: addIntegers(bytes, count: count, of: UInt64.self)
        case .i32: addIntegers(bytes, count: count, of: Int32.self)
        case .u32: addIntegers(bytes, count: count, of: UInt32.self)
        case .i16: addIntegers(bytes, count: count, of: Int16.self)
        case .u16: addIntegers(bytes, count: count, of: UInt16.self)
        case .c64, .c128, .f4, .f6E2M3, .f6E3M2: break
        default: addBytes(bytes, dtype: dtype)
        }
    }

    private mutating func addDoubles(_ bytes: UnsafeRawBufferPointer, count: Int) {
        for index in 0..<count {
            let bits = bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
            add(Double(bitPattern: UInt64(littleEndian: bits)), times: 1)
        }
    }

    private mutating func addIntegers<Element: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        of type: Element.Type
    ) {
        var (least, greatest) = (Element.max, Element.min)
        for index in 0..<count {
            let raw = bytes.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self
            )
            let element = Element(littleEndian: raw)
            least = min(least, element)
            greatest = max(greatest, element)
            zeroCount += element == 0 ? 1 : 0
            let value = Double(element)
            sum += value
            sumOfSquares += value * value
        }
        guard count > 0 else { return }
        minimum = min(minimum, Double(least))
        maximum = max(maximum, Double(greatest))
    }

    /// Elements of one byte have 256 values: counting them is all the work.
    private mutating func addBytes(_ bytes: UnsafeRawBufferPointer, dtype: DType) {
        var counts = [Int](repeating: 0, count: 256)
        for byte in bytes { counts[Int(byte)] += 1 }
        let values = Self.byteValues(of: dtype)
        for (byte, count) in counts.enumerated() where count > 0 {
            add(values[byte], times: count)
        }
    }

    private static func byteValues(of dtype: DType) -> [Double] {
        switch dtype {
        case .i8: return (0...255).map { Double(Int8(truncatingIfNeeded: $0)) }
        case .u8: return (0...255).map(Double.init)
        case .bool: return (0...255).map { $0 == 0 ? 0 : 1 }
        default:
            var floats = [Float](repeating: 0, count: 256)
            let bytes = Array(UInt8(0)...255)
            floats.withUnsafeMutableBytes { output in
                bytes.withUnsafeBytes { FloatWidening.widen(dtype, $0, into: output) }
            }
            return floats.map { Double(Float(bitPattern: UInt32(littleEndian: $0.bitPattern))) }
        }
    }

    /// Adds an element that occurs several times.
    mutating func add(_ value: Double, times count: Int) {
        if value.isNaN {
            nanCount += count
            return
        }
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        guard value.isFinite else {
            infinityCount += count
            return
        }
        zeroCount += value == 0 ? count : 0
        sum += value * Double(count)
        sumOfSquares += value * value * Double(count)
    }
}
