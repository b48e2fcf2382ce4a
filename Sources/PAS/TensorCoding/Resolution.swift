/// How many high-order bytes of each float are read.
///
/// A lower resolution is an exact truncation of the stored value, whatever the storage plan: the bytes
/// beyond are zero. Integers, truth values and floats of one byte are whole at every resolution. A NaN
/// stays one: where its truncation would be a number or infinity, all bits of the exponent and the
/// highest of the mantissa are kept set, though they lie beyond the resolution.
public struct Resolution: Hashable, Sendable {
    /// The bytes of each float: 1, 2, 3, or 8 for all.
    public let byteCount: Int

    /// Every byte.
    public static let full = Resolution(byteCount: 8)

    /// The resolutions below the full one.
    public static let reduced = [1, 2, 3].map { Resolution(byteCount: $0) }

    private init(byteCount: Int) {
        self.byteCount = byteCount
    }

    /// A resolution of so many bytes; nil unless it is 1, 2 or 3.
    public init?(reducedTo byteCount: Int) {
        guard (1...3).contains(byteCount) else { return nil }
        self.byteCount = byteCount
    }

    /// Whether it shows elements of a kind whole.
    public func isFull(for kind: ElementKind) -> Bool {
        !kind.isFloatingPoint || byteCount >= kind.width
    }

    /// Truncates elements in place.
    ///
    /// - Parameters:
    ///   - elements: A whole number of them; bytes behind the last whole one stay as they are.
    ///   - kind: What they are.
    public func truncate(_ elements: UnsafeMutableRawBufferPointer, kind: ElementKind) {
        guard !isFull(for: kind), let start = elements.baseAddress else { return }
        func run<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) {
            let words = start.assumingMemoryBound(to: Word.self)
            let sign: Word = 1 << Word(Word.bitWidth - 1)
            let mantissa: Word = 1 << Word(kind.mantissaBitCount) - 1
            let infinity = ~sign & ~mantissa
            let quiet = infinity | (mantissa ^ mantissa >> 1)
            let kept: Word = ~0 << Word(Word.bitWidth - 8 * byteCount)
            let top = Word(Word.bitWidth - 1)
            // All ones for a magnitude that is a NaN's, without a comparison, which would not vectorise.
            @inline(__always) func isNaN(_ magnitude: Word) -> Word {
                0 &- ((infinity &- magnitude) &>> top)
            }
            let count = elements.count / kind.width
            var index = 0
            while index < count {
                let word = words[index]
                let magnitude = word & ~sign
                let isLost = isNaN(magnitude) & ~isNaN(magnitude & kept)
                words[index] = word & kept | isLost & quiet
                index &+= 1
            }
        }
        switch kind.width {
        case 2: run(UInt16.self)
        case 4: run(UInt32.self)
        default: run(UInt64.self)
        }
    }
}

/// The numbers between which a weight is proven to lie.
public struct WeightInterval: Hashable, Sendable {
    /// The lowest that it can be.
    public let low: Double
    /// The highest that it can be.
    public let high: Double

    /// The interval of a truncated float: from the number with all bits beyond the resolution zero to
    /// the one with all of them set. Both ends are NaN for a NaN.
    ///
    /// - Parameters:
    ///   - bits: The truncated bits, as ``Resolution/truncate(_:kind:)`` gives them.
    ///   - kind: A float's kind; numbers of other kinds have no resolution.
    ///   - resolution: The resolution that they were truncated to.
    public init(truncated bits: UInt64, kind: ElementKind, resolution: Resolution) {
        let width = UInt64(kind.width * 8)
        let unknown: UInt64 =
            resolution.isFull(for: kind)
            ? 0 : (1 << (width - UInt64(resolution.byteCount * 8))) - 1
        let inner = Self.value(bits, kind)
        guard !inner.isNaN else {
            (low, high) = (.nan, .nan)
            return
        }
        let outer = Self.value(bits | unknown, kind)
        let isNegative = bits >> (width - 1) & 1 == 1
        // Bits that would make a NaN stand for infinity at most: NaNs are told apart.
        let end = outer.isNaN ? (isNegative ? -Double.infinity : .infinity) : outer
        (low, high) = isNegative ? (end, inner) : (inner, end)
    }

    private static func value(_ bits: UInt64, _ kind: ElementKind) -> Double {
        switch kind {
        case .float16: Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
        case .bfloat16: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16))
        case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        default: Double(bitPattern: bits)
        }
    }
}
