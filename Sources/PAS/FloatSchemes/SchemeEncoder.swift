public import Tensors

/// How far the weights of a scheme are from the original ones.
public struct SchemeError: Hashable, Sendable {
    /// The largest distance.
    public private(set) var largest = 0.0
    /// The number of finite weights that were compared.
    public private(set) var count = 0
    /// Finite weights that the scheme cannot hold: beyond the range of half precision.
    public private(set) var overflowCount = 0

    private var squares = 0.0

    /// Starts with no weights.
    public init() {}

    /// The root of the mean of the squared distances.
    public var rootMeanSquare: Double { count == 0 ? 0 : (squares / Double(count)).squareRoot() }

    /// Takes in a weight and what is kept of it.
    public mutating func add(_ original: Double, _ kept: Double) {
        guard original.isFinite else { return }
        guard kept.isFinite else {
            overflowCount += 1
            return
        }
        let distance = abs(original - kept)
        largest = max(largest, distance)
        squares += distance * distance
        count += 1
    }

    /// Takes in what another one did.
    public mutating func add(_ other: SchemeError) {
        largest = max(largest, other.largest)
        squares += other.squares
        count += other.count
        overflowCount += other.overflowCount
    }
}

/// Encodes the weights of one tensor by a float scheme.
///
/// What a scheme needs to know of the whole tensor it is told first (``observe(_:)``, ``levels``); then
/// weights are encoded piece by piece, in memory that does not grow with the tensor. Infinities and NaNs
/// stay what they are.
public struct SchemeEncoder {
    /// The dtype of what comes out.
    public let dtype: DType

    /// How far the weights that were encoded are from the original ones.
    public private(set) var error = SchemeError()

    private let scheme: FloatScheme
    private var least = Double.infinity
    private var largest = -Double.infinity
    private var levels: [Double] = []

    /// Prepares for a tensor.
    ///
    /// - Parameters:
    ///   - scheme: The scheme.
    ///   - dtype: What its elements are now; one that ``FloatElements`` supports.
    public init(_ scheme: FloatScheme, _ dtype: DType) {
        self.scheme = scheme
        self.dtype =
            switch scheme {
            case .float16: .f16
            case .bfloat16: .bf16
            default: dtype
            }
    }

    /// Whether ``observe(_:)`` has to see all weights before the first is encoded.
    public var needsRange: Bool {
        switch scheme {
        case .fixed, .uniform: true
        default: false
        }
    }

    /// How many weights, drawn from all of the tensor, ``setLevels(_:)`` wants; 0 for none.
    public var drawnCount: Int {
        if case .random(let bitCount) = scheme { return 1 << bitCount }
        return 0
    }

    /// Notes the least and the largest weight.
    public mutating func observe(_ values: [Double]) {
        for value in values where value.isFinite {
            least = min(least, value)
            largest = max(largest, value)
        }
    }

    /// Takes drawn weights for the levels.
    public mutating func setLevels(_ drawn: [Double]) {
        levels = Set(drawn.filter(\.isFinite)).sorted()
    }

    /// Encodes weights.
    ///
    /// - Returns: Their bytes, little-endian, of ``dtype``.
    public mutating func encode(_ values: [Double]) -> [UInt8] {
        prepare()
        let kept = values.map { value in
            value.isFinite ? FloatElements.rounded(keep(value), to: dtype) : value
        }
        for (value, kept) in zip(values, kept) { error.add(value, kept) }
        return FloatElements.bytes(of: kept, dtype)
    }

    private mutating func prepare() {
        guard case .uniform(let bitCount) = scheme, levels.isEmpty, least <= largest else { return }
        let count = 1 << bitCount
        let step = (largest - least) / Double(count - 1)
        levels = (0..<count).map { FloatElements.rounded(least + Double($0) * step, to: dtype) }
    }

    private func keep(_ value: Double) -> Double {
        switch scheme {
        case .float16, .bfloat16: value
        case .fixed(let bitCount): fixed(value, bitCount)
        case .uniform, .random: nearestLevel(to: value)
        }
    }

    /// A multiple of 2^(E-K+1), where 2^E is more than every weight's magnitude.
    private func fixed(_ value: Double, _ bitCount: Int) -> Double {
        let magnitude = max(abs(least), abs(largest))
        guard magnitude > 0 else { return 0 }
        let unit = Double(sign: .plus, exponent: magnitude.exponent + 2 - bitCount, significand: 1)
        let limit = Double(1 << (bitCount - 1))
        let count = (value / unit).rounded(.toNearestOrEven)
        // Adding zero turns the negative zero that rounding leaves into the positive one.
        return min(limit - 1, max(-limit, count)) * unit + 0
    }

    private func nearestLevel(to value: Double) -> Double {
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low + high) / 2
            if levels[middle] < value { low = middle + 1 } else { high = middle }
        }
        guard let last = levels.last else { return value }
        guard low < levels.count else { return last }
        guard low > 0 else { return levels[0] }
        return value - levels[low - 1] <= levels[low] - value ? levels[low - 1] : levels[low]
    }
}
