import Tensors

/// Eight elements of a floating-point type as floats, exactly.
protocol FloatLanes {
    /// The bytes of an element.
    static var byteCount: Int { get }

    /// Loads eight elements.
    static func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> SIMD8<Float>
}

/// IEEE 754 binary32.
enum Float32Lanes: FloatLanes {
    static let byteCount = 4

    @inline(__always)
    static func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> SIMD8<Float> {
        let bits = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt32>.self)
        return unsafeBitCast(bits, to: SIMD8<Float>.self)
    }
}

/// The upper half of a binary32.
enum BrainFloatLanes: FloatLanes {
    static let byteCount = 2

    @inline(__always)
    static func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> SIMD8<Float> {
        let halves = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt16>.self)
        let bits = SIMD8<UInt32>(truncatingIfNeeded: halves) &<< 16
        return unsafeBitCast(bits, to: SIMD8<Float>.self)
    }
}

/// IEEE 754 binary16.
enum HalfLanes: FloatLanes {
    static let byteCount = 2

    /// Five bits of exponent with a bias of 15 become eight with a bias of 127: a factor of 2^112
    /// does it, also for subnormal ones.
    private static let scale = Float(sign: .plus, exponent: 112, significand: 1)

    @inline(__always)
    static func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> SIMD8<Float> {
        let halves = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt16>.self)
        let wide = SIMD8<UInt32>(truncatingIfNeeded: halves)
        let magnitude = (wide & 0x7FFF) &<< 13
        let scaled = unsafeBitCast(magnitude, to: SIMD8<Float>.self) * scale
        var bits = unsafeBitCast(scaled, to: SIMD8<UInt32>.self)
        // Infinities and NaN keep an exponent of all ones.
        bits.replace(with: magnitude | 0x7F80_0000, where: (wide & 0x7C00) .== 0x7C00)
        return unsafeBitCast(bits | ((wide & 0x8000) &<< 16), to: SIMD8<Float>.self)
    }
}

extension TensorStatistics {
    /// Adds floats, eight at a time.
    mutating func addFloats<Lanes: FloatLanes>(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        of lanes: Lanes.Type
    ) {
        var least = SIMD8<Float>(repeating: .infinity)
        var greatest = SIMD8<Float>(repeating: -.infinity)
        var sums = SIMD8<Double>()
        var squares = SIMD8<Double>()
        var zeros = SIMD8<Int32>()
        var index = 0
        while index + 8 <= count {
            // A lane counts at most so many zeros before they are added up.
            let end = min(count - 7, index + 8 << 20)
            while index < end {
                let values = Lanes.load(bytes, at: index * Lanes.byteCount)
                index += 8
                // The difference of an infinity or a NaN with itself is NaN.
                guard all((values - values) .== 0) else {
                    for lane in 0..<8 { add(Double(values[lane]), times: 1) }
                    continue
                }
                least.replace(with: values, where: values .< least)
                greatest.replace(with: values, where: values .> greatest)
                zeros.replace(with: zeros &+ 1, where: values .== 0)
                let wide = SIMD8<Double>(values)
                sums += wide
                squares += wide * wide
            }
            zeroCount += Int(zeros.wrappedSum())
            zeros = SIMD8()
        }
        minimum = min(minimum, Double(least.min()))
        maximum = max(maximum, Double(greatest.max()))
        sum += sums.sum()
        sumOfSquares += squares.sum()
        addRest(bytes, from: index, count: count, of: lanes)
    }

    /// Adds the fewer than eight elements at the end.
    private mutating func addRest<Lanes: FloatLanes>(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        count: Int,
        of lanes: Lanes.Type
    ) {
        guard start < count else { return }
        withUnsafeTemporaryAllocation(byteCount: 8 * Lanes.byteCount, alignment: 16) { buffer in
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            let rest = bytes[start * Lanes.byteCount..<count * Lanes.byteCount]
            buffer.copyBytes(from: rest)
            let values = Lanes.load(UnsafeRawBufferPointer(buffer), at: 0)
            for lane in 0..<count - start { add(Double(values[lane]), times: 1) }
        }
    }
}
