/// The stream of the tokens of a chunk, with their raw bits.
///
///     start bit (1 byte) · 8 states (2 bytes each) · bits
///
/// Eight interleaved states take the elements in turn, so that eight chains of table look-ups run at a
/// time. The bits of an element lie together, the state's below the raw ones, so that one unaligned load
/// gives both. They are read upwards and were written downwards, for a state is decoded in the order
/// opposite to the encoding one. A chunk without elements has no stream.
enum TokenStream {
    static let stateCount = 8
    static let headerByteCount = 1 + 2 * stateCount

    /// The bytes behind a stream that a decoder may read, whatever it holds: eight elements take at
    /// most 8 · 43 bits, and a load is eight bytes.
    static let paddingByteCount = 64

    /// The bytes that the stream of so many elements cannot exceed.
    static func byteCountMax(_ count: Int) -> Int { headerByteCount + 6 * count + 16 }
}

// MARK: - Encoding

extension TokenStream {
    /// Encodes the tokens of a chunk.
    ///
    /// - Parameters:
    ///   - differences: The difference of each element.
    ///   - contexts: Its context.
    ///   - block: Scratch.
    ///   - scratch: At least ``byteCountMax(_:)`` bytes.
    /// - Returns: The stream.
    static func encode(
        _ differences: UnsafePointer<UInt32>,
        contexts: UnsafePointer<UInt8>,
        count: Int,
        _ tables: EncodingTables,
        block: TokenKeys,
        scratch: UnsafeMutableRawBufferPointer
    ) -> [UInt8] {
        guard count > 0, let start = scratch.baseAddress else { return [] }
        let steps = UnsafePointer(tables.steps)
        let states = UnsafePointer(tables.states)
        let masks = Tokens.masks.entries
        let (keys, raws) = (UnsafePointer(block.keys), UnsafePointer(block.raws))
        let first: UInt32 = 1 << UInt32(tables.stateBits)
        var s0 = first, s1 = first, s2 = first, s3 = first
        var s4 = first, s5 = first, s6 = first, s7 = first
        var bits: UInt64 = 0
        var bitCount: UInt64 = 0
        var end = start + scratch.count
        @inline(__always) func put(_ state: inout UInt32, _ index: Int) {
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
            state = UInt32(states[Int(state &>> count) &+ add])
        }
        var blockStart = (count - 1) / TokenKeys.countMax * TokenKeys.countMax
        var index = count - blockStart
        while blockStart >= 0 {
            block.fill(differences + blockStart, contexts + blockStart, count: index)
            // Only the last block, which comes first, may end within a round of the states.
            let rest = index & 7
            if rest > 6 { index &-= 1; put(&s6, index) }
            if rest > 5 { index &-= 1; put(&s5, index) }
            if rest > 4 { index &-= 1; put(&s4, index) }
            if rest > 3 { index &-= 1; put(&s3, index) }
            if rest > 2 { index &-= 1; put(&s2, index) }
            if rest > 1 { index &-= 1; put(&s1, index) }
            if rest > 0 { index &-= 1; put(&s0, index) }
            while index > 0 {
                index &-= 8
                put(&s7, index &+ 7)
                put(&s6, index &+ 6)
                put(&s5, index &+ 5)
                put(&s4, index &+ 4)
                put(&s3, index &+ 3)
                put(&s2, index &+ 2)
                put(&s1, index &+ 1)
                put(&s0, index)
            }
            blockStart -= TokenKeys.countMax
            index = TokenKeys.countMax
        }
        if bitCount > 0 {
            (end - 8).storeBytes(of: (bits &<< (64 &- bitCount)).littleEndian, as: UInt64.self)
            end -= 1
        }
        let startBit = bitCount > 0 ? 8 - bitCount : 0
        var stream: [UInt8] = []
        let laneByteCount = start + scratch.count - end
        stream.reserveCapacity(headerByteCount + laneByteCount)
        stream.append(UInt8(startBit))
        for state in [s0, s1, s2, s3, s4, s5, s6, s7] {
            let value = state - first
            stream.append(UInt8(truncatingIfNeeded: value))
            stream.append(UInt8(truncatingIfNeeded: value >> 8))
        }
        stream.append(contentsOf: UnsafeRawBufferPointer(start: end, count: laneByteCount))
        return stream
    }
}
