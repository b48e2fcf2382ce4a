/// The stream of the tokens of a chunk, with their raw bits.
///
///     start bit (1 byte) · states · bits
///
/// Interleaved states take the elements in turn, so that as many chains of table look-ups run at a time. The
/// bits of an element lie together, the state's below the raw ones, so that one unaligned load gives both.
/// They are read upwards and were written downwards, for a state is decoded in the order opposite to the
/// encoding one. A chunk without elements has no stream.
///
/// A stream of few elements has 8 states of two bytes each; one of many has 32, or 64 if its elements have 32
/// bits, of as many bits as the tables have. Then 8 or 16 is added to the start bit.
enum TokenStream {
    static let stateCountMax = 64

    /// The bytes behind a stream that a decoder may read, whatever it holds: 64 elements take at most
    /// 64 · 43 bits, and a load is eight bytes.
    static let paddingByteCount = 384

    /// The bytes that the stream of so many elements cannot exceed.
    static func byteCountMax(_ count: Int) -> Int {
        Header.byteCount(stateCount: stateCountMax, stateBits: 11) + 6 * count + 16
    }

    /// The states of an encoder: many take a thousandth of a stream of so many elements.
    static func stateCount(forElements count: Int, isNarrow: Bool) -> Int {
        count < 1 << 15 ? 8 : isNarrow ? 32 : 64
    }

    /// What a stream begins with.
    struct Header {
        /// How many bits of the first byte are not of the stream.
        let startBit: Int
        /// 8, 32 or 64.
        let stateCount: Int
        /// The states, and zeros.
        let states: SIMD64<UInt32>
        let byteCount: Int

        static func byteCount(stateCount: Int, stateBits: Int) -> Int {
            1 + (stateCount == 8 ? 16 : stateCount / 8 * stateBits)
        }

        /// Reads the beginning of a stream; nil if it is not sound.
        init?(_ stream: UnsafeRawBufferPointer, stateBits: Int) {
            guard let first = stream.first, first < 24 else { return nil }
            startBit = Int(first & 7)
            stateCount = first < 8 ? 8 : first < 16 ? 32 : 64
            byteCount = Self.byteCount(stateCount: stateCount, stateBits: stateBits)
            guard stream.count >= byteCount else { return nil }
            let width = stateCount == 8 ? 16 : stateBits
            var states = SIMD64<UInt32>()
            var bits: UInt64 = 0
            var bitCount = 0
            var place = 1
            for index in 0..<stateCount {
                while bitCount < width {
                    bits |= UInt64(stream[place]) << UInt64(bitCount)
                    bitCount += 8
                    place += 1
                }
                states[index] = UInt32(bits & (1 << UInt64(width) - 1))
                guard states[index] < 1 << UInt32(stateBits) else { return nil }
                bits >>= UInt64(width)
                bitCount -= width
            }
            self.states = states
        }

        /// The beginning of a stream.
        static func bytes(startBit: Int, _ states: UnsafeBufferPointer<UInt32>, stateBits: Int) -> [UInt8] {
            let width = states.count == 8 ? 16 : stateBits
            var bytes = [UInt8(startBit + states.count / 32 * 8)]
            var bits: UInt64 = 0
            var bitCount = 0
            for state in states {
                bits |= UInt64(state) << UInt64(bitCount)
                bitCount += width
                while bitCount >= 8 {
                    bytes.append(UInt8(truncatingIfNeeded: bits))
                    bits >>= 8
                    bitCount -= 8
                }
            }
            return bytes
        }
    }
}

// MARK: - Encoding

extension TokenStream {
    /// Encodes the tokens of a chunk.
    ///
    /// - Parameters:
    ///   - differences: The difference of each element.
    ///   - contexts: Its context.
    ///   - isNarrow: Whether all differences are of 16-bit elements.
    ///   - block: Scratch.
    ///   - scratch: At least ``byteCountMax(_:)`` bytes.
    /// - Returns: The stream.
    static func encode(
        _ differences: UnsafePointer<UInt32>,
        contexts: UnsafePointer<UInt8>,
        count: Int,
        _ tables: EncodingTables,
        isNarrow: Bool,
        block: TokenKeys,
        scratch: UnsafeMutableRawBufferPointer
    ) -> [UInt8] {
        guard count > 0, let start = scratch.baseAddress else { return [] }
        let steps = UnsafePointer(tables.steps)
        let states = UnsafePointer(tables.states)
        let masks = Tokens.masks.entries
        let (keys, raws) = (UnsafePointer(block.keys), UnsafePointer(block.raws))
        let first: UInt32 = 1 << UInt32(tables.stateBits)
        let stateCount = stateCount(forElements: count, isNarrow: isNarrow)
        let own = UnsafeMutableBufferPointer(start: block.states, count: stateCount)
        own.initialize(repeating: first)
        var bits: UInt64 = 0
        var bitCount: UInt64 = 0
        var end = start + scratch.count
        @inline(__always) func put(_ place: UnsafeMutablePointer<UInt32>, _ index: Int) {
            let state = place.pointee
            let step = steps[Int(keys[index])]
            let count = (state &+ UInt32(truncatingIfNeeded: step)) &>> 16
            let rawBits = (step &>> 32) & 255
            let raw = UInt64(raws[index]) & masks[Int(truncatingIfNeeded: rawBits)]
            let stateValue = UInt64(state) & masks[Int(truncatingIfNeeded: count)]
            let total = UInt64(count) &+ rawBits
            bits = bits &<< total | raw &<< UInt64(count) | stateValue
            bitCount = bitCount &+ total
            // The highest bits go to memory, as many whole bytes as there are; what lies below is
            // overwritten by the next store.
            (end - 8).storeBytes(of: (bits &<< (64 &- bitCount)).littleEndian, as: UInt64.self)
            end -= Int(truncatingIfNeeded: bitCount &>> 3)
            bitCount &= 7
            let add = Int(truncatingIfNeeded: Int64(bitPattern: step) &>> 40)
            place.pointee = UInt32(states[Int(state &>> count) &+ add])
        }
        var blockStart = (count - 1) / TokenKeys.countMax * TokenKeys.countMax
        var index = count - blockStart
        while blockStart >= 0 {
            block.fill(differences + blockStart, contexts + blockStart, count: index)
            while index & 7 > 0 {
                index &-= 1
                put(block.states + index & (stateCount &- 1), index)
            }
            while index > 0 {
                index &-= 8
                let group = block.states + index & (stateCount &- 1)
                put(group + 7, index &+ 7)
                put(group + 6, index &+ 6)
                put(group + 5, index &+ 5)
                put(group + 4, index &+ 4)
                put(group + 3, index &+ 3)
                put(group + 2, index &+ 2)
                put(group + 1, index &+ 1)
                put(group, index)
            }
            blockStart -= TokenKeys.countMax
            index = TokenKeys.countMax
        }
        if bitCount > 0 {
            (end - 8).storeBytes(of: (bits &<< (64 &- bitCount)).littleEndian, as: UInt64.self)
            end -= 1
        }
        let startBit = bitCount > 0 ? 8 - bitCount : 0
        for index in 0..<stateCount { own[index] -= first }
        var stream = Header.bytes(
            startBit: Int(startBit),
            UnsafeBufferPointer(own),
            stateBits: tables.stateBits
        )
        let laneByteCount = start + scratch.count - end
        stream.reserveCapacity(stream.count + laneByteCount)
        stream.append(contentsOf: UnsafeRawBufferPointer(start: end, count: laneByteCount))
        return stream
    }
}
