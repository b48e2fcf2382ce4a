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
        /// Gives the elements of entries their places, and moves on behind them.
        @inline(__always) func elements(_ entry: Vector) -> Elements {
            let bitCounts = entry & Self.all(63)
            let sums = vector_running_sums(bitCounts)
            let places = ahead &+ sums &- bitCounts
            ahead = ahead &+ Self.all(sums[15])
            return Elements(entry: entry, bitCounts: bitCounts, places: places)
        }
        @inline(__always) func finish(_ own: Elements, areLong: Bool, _ state: inout Vector, _ index: Int) {
            let words = own.words(bytes + position &>> 3, areLong: areLong)
            state = vector_joined(own.entry &>> Self.all(20), words.state, own.stateBits)
            let difference = vector_token_difference(own.entry, words.raw, own.bitCounts &- own.stateBits)
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
                let (o0, o1) = (elements(e0), elements(e1))
                let (o2, o3) = (elements(e2), elements(e3))
                let ends = vector_larger(vector_larger(o0.ends, o1.ends), vector_larger(o2.ends, o3.ends))
                if Self.areLong(ends) {
                    finish(o0, areLong: true, &s0, index)
                    finish(o1, areLong: true, &s1, index &+ 16)
                    finish(o2, areLong: true, &s2, index &+ 32)
                    finish(o3, areLong: true, &s3, index &+ 48)
                } else {
                    finish(o0, areLong: false, &s0, index)
                    finish(o1, areLong: false, &s1, index &+ 16)
                    finish(o2, areLong: false, &s2, index &+ 32)
                    finish(o3, areLong: false, &s3, index &+ 48)
                }
                finishRound()
                index &+= 64
            }
        } else {
            while index < count {
                guard position <= endBit else { return false }
                let (e0, e1) = (entry(s0, index), entry(s1, index &+ 16))
                let (o0, o1) = (elements(e0), elements(e1))
                if Self.areLong(vector_larger(o0.ends, o1.ends)) {
                    finish(o0, areLong: true, &s0, index)
                    finish(o1, areLong: true, &s1, index &+ 16)
                } else {
                    finish(o0, areLong: false, &s0, index)
                    finish(o1, areLong: false, &s1, index &+ 16)
                }
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

    /// Elements whose entries are known, and so where their bits lie.
    private struct Elements {
        let entry: Vector
        let bitCounts: Vector
        /// The first bit of each, behind the byte at the reader's position.
        let places: Vector

        @inline(__always)
        var stateBits: Vector { entry &>> all(16) & all(15) }

        /// The ends of the bits of each, counted from the byte that they begin in.
        @inline(__always)
        var ends: Vector { places & all(7) &+ bitCounts }

        /// Loads the bits of each, and those of them behind the bits of the state.
        @inline(__always)
        func words(_ start: UnsafeRawPointer, areLong: Bool) -> (state: Vector, raw: Vector) {
            let (bytePlaces, bitPlaces) = (places &>> all(3), places & all(7))
            guard areLong else {
                let words = vector_gather_bytes(start, bytePlaces) &>> bitPlaces
                return (words, words &>> stateBits)
            }
            var words = Pairs(bytePlaces)
            words.even = vector_gather_bytes_wide(start, words.even)
            words.odd = vector_gather_bytes_wide(start, words.odd)
            words.shift(by: bitPlaces)
            let state = words.low
            words.shift(by: stateBits)
            return (state, words.low)
        }
    }

    /// Whether some elements with these ends do not lie in one load of 32 bits. Vectors take twice as long for loads of
    /// 64; few elements need them, mostly those that changed by about their own size.
    @inline(__always)
    private static func areLong(_ ends: Vector) -> Bool { vector_is_any_above(ends, 32) != 0 }

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
