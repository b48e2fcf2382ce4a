import CVectors
import Foundation

/// Elements taken by vectors, as many at a time as a stream has states, 32 or 64.
///
/// An entry of the tables tells how many bits an element takes before the bits are looked at, so the sums of
/// these numbers tell where the bits of many elements lie, and vectors can load them all. A vector waits some 80
/// cycles for its next entries, for they depend on bits whose place depends on the entries before; so several
/// wait at the same time.
extension TokenReader {
    private typealias Vector = SIMD16<UInt32>

    /// Whether vectors are faster than to take one element after the other.
    ///
    /// They need instructions that load by a vector of places. Where the processor leaks what such loads read
    /// (CVE-2022-40982, "Downfall"), its microcode makes them slower than the loads they stand for.
    static let gatherIsFast: Bool = {
        guard vector_has_gather() != 0 else { return false }
        let file = "/sys/devices/system/cpu/vulnerabilities/gather_data_sampling"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return false }
        return text.hasPrefix("Not affected") || text.hasPrefix("Vulnerable")
    }()

    /// Takes the next elements, as ``take(contexts:count:into:gathers:)`` does.
    ///
    /// - Parameter count: A multiple of the states, of which there are 32 or 64.
    mutating func takeRounds(
        _ contexts: UnsafePointer<UInt8>,
        _ count: Int,
        _ differences: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        let (bytes, endBit, entries) = (bytes, endBit, tables.start + DecodingTables.entriesOffset)
        let stateBits = UInt32(truncatingIfNeeded: tables.stateBits & 31)
        // The bits begin in the byte at `position`, as many bits behind as `ahead` tells in each lane.
        var position = self.position & ~7
        var ahead = Self.all(UInt32(truncatingIfNeeded: self.position & 7))

        @inline(__always) func entry(_ state: Vector, _ index: Int) -> Vector {
            let own = UnsafeRawPointer(contexts + index).loadUnaligned(as: SIMD16<UInt8>.self)
            return vector_gather(entries, vector_widened(own) &<< Self.all(stateBits) &+ state)
        }
        /// Gives the places of the elements of entries, and moves on behind them.
        @inline(__always) func places(_ entry: Vector) -> Vector {
            let bitCounts = entry & Self.all(63)
            let sums = vector_running_sums(bitCounts)
            let places = ahead &+ sums &- bitCounts
            ahead = ahead &+ Self.all(sums[15])
            return places
        }
        @inline(__always) func finish(_ entry: Vector, _ place: Vector, _ state: inout Vector, _ index: Int) {
            let start = bytes + position &>> 3
            var words = Pairs(place &>> Self.all(3))
            words.even = vector_gather_bytes(start, words.even)
            words.odd = vector_gather_bytes(start, words.odd)
            words.shift(by: place & Self.all(7))
            let stateBits = entry &>> Self.all(16) & Self.all(15)
            state = entry &>> Self.all(20) &+ words.low & Self.masks(stateBits)
            words.shift(by: stateBits)
            let difference = vector_token_difference(entry, words.low, entry & Self.all(63) &- stateBits)
            UnsafeMutableRawPointer(differences + index).storeBytes(of: difference, as: Vector.self)
        }
        @inline(__always) func finishRound() {
            position = position &+ Int(truncatingIfNeeded: ahead[0]) & ~7
            ahead = ahead & Self.all(7)
        }

        // By way of memory: the library takes vectors apart lane by lane, and then so does the compiler in the loops.
        var (s0, s1, s2, s3) = withUnsafeBytes(of: states) { states in
            (
                states.loadUnaligned(as: Vector.self),
                states.loadUnaligned(fromByteOffset: 64, as: Vector.self),
                states.loadUnaligned(fromByteOffset: 128, as: Vector.self),
                states.loadUnaligned(fromByteOffset: 192, as: Vector.self)
            )
        }
        var index = 0
        if stateCount == 64 {
            while index < count {
                guard position <= endBit else { return false }
                let (e0, e1) = (entry(s0, index), entry(s1, index &+ 16))
                let (e2, e3) = (entry(s2, index &+ 32), entry(s3, index &+ 48))
                let (p0, p1) = (places(e0), places(e1))
                let (p2, p3) = (places(e2), places(e3))
                finish(e0, p0, &s0, index)
                finish(e1, p1, &s1, index &+ 16)
                finish(e2, p2, &s2, index &+ 32)
                finish(e3, p3, &s3, index &+ 48)
                finishRound()
                index &+= 64
            }
        } else {
            while index < count {
                guard position <= endBit else { return false }
                let (e0, e1) = (entry(s0, index), entry(s1, index &+ 16))
                let (p0, p1) = (places(e0), places(e1))
                finish(e0, p0, &s0, index)
                finish(e1, p1, &s1, index &+ 16)
                finishRound()
                index &+= 32
            }
        }
        position = position &+ Int(truncatingIfNeeded: ahead[0])
        guard position <= endBit else { return false }
        self.position = position
        withUnsafeMutableBytes(of: &states) { states in
            states.storeBytes(of: s0, as: Vector.self)
            states.storeBytes(of: s1, toByteOffset: 64, as: Vector.self)
            states.storeBytes(of: s2, toByteOffset: 128, as: Vector.self)
            states.storeBytes(of: s3, toByteOffset: 192, as: Vector.self)
        }
        return true
    }

    /// As many ones as each lane tells.
    @inline(__always)
    private static func masks(_ bitCounts: Vector) -> Vector {
        all(1) &<< bitCounts &- all(1)
    }

    @inline(__always)
    private static func all(_ number: UInt32) -> Vector {
        Vector(repeating: number)
    }

    /// Sixteen lanes as numbers of 64 bits, those of even place and those of odd, which is how they lie in
    /// memory.
    private struct Pairs {
        var even: SIMD8<UInt64>
        var odd: SIMD8<UInt64>

        @inline(__always)
        init(_ lanes: Vector) {
            even = vector_even_lanes(lanes)
            odd = vector_odd_lanes(lanes)
        }

        /// The lower halves.
        @inline(__always)
        var low: Vector { vector_low_halves(even, odd) }

        @inline(__always)
        mutating func shift(by bitCounts: Vector) {
            let counts = Pairs(bitCounts)
            even = vector_shift_right_wide(even, counts.even)
            odd = vector_shift_right_wide(odd, counts.odd)
        }
    }
}

// In place of the library's, which go by the lanes.
extension SIMD16 where Scalar == UInt32 {
    @inline(__always)
    fileprivate static func & (a: Self, b: Self) -> Self { vector_and(a, b) }

    @inline(__always)
    fileprivate static func &<< (a: Self, b: Self) -> Self { vector_shift_left(a, b) }

    @inline(__always)
    fileprivate static func &>> (a: Self, b: Self) -> Self { vector_shift_right(a, b) }
}
