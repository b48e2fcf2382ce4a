import CVectors
import Foundation

/// Takes elements out of a ``TokenStream`` of 32 or 64 states, that many at a time.
///
/// An entry of the tables tells how many bits an element takes before the bits are looked at, so the sums of
/// these numbers tell where the bits of many elements lie, and vectors can load them all. A vector waits some 80
/// cycles for its next entries, for they depend on bits whose place depends on the entries before; so several
/// wait at the same time.
enum TokenGather {
    private typealias Vector = SIMD16<UInt32>

    /// Whether it is faster than to take one element after the other.
    ///
    /// It needs instructions that load by a vector of places. Where the processor leaks what such loads read
    /// (CVE-2022-40982, "Downfall"), its microcode makes them slower than the loads they stand for.
    static let isFast: Bool = {
        guard vector_has_gather() != 0 else { return false }
        let file = "/sys/devices/system/cpu/vulnerabilities/gather_data_sampling"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return false }
        return text.hasPrefix("Not affected") || text.hasPrefix("Vulnerable")
    }()

    /// Takes the next elements.
    ///
    /// - Parameters:
    ///   - lane: The bits of the stream, with ``TokenStream/paddingByteCount`` readable bytes behind them.
    ///   - startBit: Where those of the elements begin.
    ///   - states: The states.
    ///   - stateCount: How many there are, 32 or 64.
    ///   - contexts: The context of each element.
    ///   - count: How many elements, a multiple of the states.
    ///   - differences: Gets the difference of each.
    /// - Returns: Where their bits end; nil if the stream has not as many.
    static func take(
        _ lane: UnsafeRawBufferPointer,
        _ startBit: Int,
        _ states: UnsafeMutablePointer<UInt32>,
        _ stateCount: Int,
        _ contexts: UnsafePointer<UInt8>,
        _ count: Int,
        _ tables: DecodingTables,
        _ differences: UnsafeMutablePointer<UInt32>
    ) -> Int? {
        guard let bytes = lane.baseAddress else { return nil }
        let (starts, stateBits) = (tables.start, UInt32(truncatingIfNeeded: tables.stateBits & 31))
        let entries = starts + DecodingTables.entriesOffset
        let end = lane.count &* 8
        // The bits begin in the byte at `position`, as many bits behind as `ahead` tells in each lane.
        var position = startBit & ~7
        var ahead = all(UInt32(truncatingIfNeeded: startBit & 7))

        @inline(__always) func entry(_ state: Vector, _ index: Int) -> Vector {
            let own = UnsafeRawPointer(contexts + index).loadUnaligned(as: SIMD16<UInt8>.self)
            return vector_gather(entries, vector_widened(own) &<< all(stateBits) &+ state)
        }
        /// Gives the places of the elements of entries, and moves on behind them.
        @inline(__always) func places(_ entry: Vector) -> Vector {
            let bitCounts = entry & all(63)
            let sums = vector_running_sums(bitCounts)
            let places = ahead &+ sums &- bitCounts
            ahead = ahead &+ all(sums[15])
            return places
        }
        @inline(__always) func finish(_ entry: Vector, _ place: Vector, _ state: inout Vector, _ index: Int) {
            let start = bytes + position &>> 3
            var words = Pairs(place &>> all(3))
            words.even = vector_gather_bytes(start, words.even)
            words.odd = vector_gather_bytes(start, words.odd)
            words.shift(by: place & all(7))
            let stateBits = entry &>> all(16) & all(15)
            state = entry &>> all(20) &+ words.low & masks(stateBits)
            words.shift(by: stateBits)
            let raw = words.low & masks(entry & all(63) &- stateBits)
            // A token's start lies at every second number.
            let difference = vector_gather(starts, entry &>> all(7) & all(0x1FE)) &+ raw
            UnsafeMutableRawPointer(differences + index).storeBytes(of: difference, as: Vector.self)
        }
        @inline(__always) func finishRound() {
            position = position &+ Int(truncatingIfNeeded: ahead[0]) & ~7
            ahead = ahead & all(7)
        }

        let memory = UnsafeMutableRawPointer(states)
        @inline(__always) func load(_ group: Int) -> Vector {
            memory.loadUnaligned(fromByteOffset: 64 &* group, as: Vector.self)
        }
        var (s0, s1, s2, s3) = (load(0), load(1), load(2), load(3))
        var index = 0
        if stateCount == 64 {
            while index < count {
                guard position <= end else { return nil }
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
                guard position <= end else { return nil }
                let (e0, e1) = (entry(s0, index), entry(s1, index &+ 16))
                let (p0, p1) = (places(e0), places(e1))
                finish(e0, p0, &s0, index)
                finish(e1, p1, &s1, index &+ 16)
                finishRound()
                index &+= 32
            }
        }
        memory.storeBytes(of: s0, toByteOffset: 0, as: Vector.self)
        memory.storeBytes(of: s1, toByteOffset: 64, as: Vector.self)
        memory.storeBytes(of: s2, toByteOffset: 128, as: Vector.self)
        memory.storeBytes(of: s3, toByteOffset: 192, as: Vector.self)
        position = position &+ Int(truncatingIfNeeded: ahead[0])
        return position <= end ? position : nil
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
