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

// MARK: - Decoding

extension TokenStream {
    /// Decodes the differences of elements.
    ///
    /// Whatever the stream holds, it reads nothing but the stream and the padding behind it, and writes
    /// nothing but the differences.
    ///
    /// - Parameters:
    ///   - stream: The stream, with ``paddingByteCount`` readable bytes behind it.
    ///   - contexts: The context of each element, at most that of the tables.
    ///   - count: The number of elements: those of the stream, or the first of them.
    ///   - isWhole: Whether these are all elements of the stream, so that it must end with them.
    ///   - isNarrow: Whether all differences are of 16-bit elements.
    ///   - differences: Gets the difference of each element.
    /// - Returns: Whether the stream is sound.
    static func decode(
        _ stream: UnsafeRawBufferPointer,
        contexts: UnsafePointer<UInt8>,
        count: Int,
        isWhole: Bool,
        isNarrow: Bool,
        _ tables: DecodingTables,
        into differences: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        guard count > 0 else { return !isWhole || stream.isEmpty }
        guard stream.count >= headerByteCount, stream[0] < 8, let start = stream.baseAddress else {
            return false
        }
        var states = SIMD8<UInt32>()
        for index in 0..<stateCount {
            let value = stream.loadUnaligned(fromByteOffset: 1 + 2 * index, as: UInt16.self)
            states[index] = UInt32(UInt16(littleEndian: value))
            guard states[index] < 1 << UInt32(tables.stateBits) else { return false }
        }
        let lane = UnsafeRawBufferPointer(
            start: start + headerByteCount,
            count: stream.count - headerByteCount
        )
        @inline(__always) func decode(stateBits: Int) -> Int? {
            isNarrow
                ? decodePairs(
                    lane, Int(stream[0]), &states, contexts, count, tables, stateBits, differences
                )
                : decodeSingly(
                    lane, Int(stream[0]), &states, contexts, count, tables, stateBits, differences
                )
        }
        // A constant is one instruction less for every element.
        let position = tables.stateBits == 10
            ? decode(stateBits: 10) : decode(stateBits: tables.stateBits)
        guard let position else { return false }
        // An encoder begins with all states at 0, so a decoder must end there.
        return !isWhole || position == lane.count * 8 && states == SIMD8(repeating: 0)
    }

    /// Takes one element from a word: its token, the place in its interval, its next state.
    ///
    /// - Parameter context: The number of the first entry of its context.
    @inline(__always)
    private static func take(
        _ state: inout UInt32,
        _ word: inout UInt64,
        _ position: inout Int,
        _ tables: UnsafeRawPointer,
        _ context: Int
    ) -> UInt32 {
        @inline(__always) func number(at offset: Int) -> UInt32 {
            tables.load(fromByteOffset: offset, as: UInt32.self)
        }
        let entry = number(at: DecodingTables.entriesOffset &+ 4 &* (context &+ Int(state)))
        let stateBits = Int(truncatingIfNeeded: (entry &>> 16) & 15)
        let mask = number(at: DecodingTables.masksOffset &+ 4 &* stateBits)
        state = (entry &>> 20) &+ UInt32(truncatingIfNeeded: word) & mask
        let raw = UInt32(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: stateBits))
        word = word &>> UInt64(truncatingIfNeeded: entry & 63)
        position = position &+ Int(truncatingIfNeeded: entry & 63)
        let token = Int(truncatingIfNeeded: (entry &>> 8) & 255)
        return number(at: 8 &* token) &+ raw & number(at: 8 &* token &+ 4)
    }

    @inline(__always)
    private static func word(_ lane: UnsafeRawPointer, _ position: Int) -> UInt64 {
        UInt64(littleEndian: (lane + position &>> 3).loadUnaligned(as: UInt64.self))
            &>> UInt64(truncatingIfNeeded: position & 7)
    }

    /// One load an element: a token of 32-bit elements takes up to 41 bits.
    @inline(__always)
    private static func decodeSingly(
        _ lane: UnsafeRawBufferPointer,
        _ startBit: Int,
        _ states: inout SIMD8<UInt32>,
        _ contexts: UnsafePointer<UInt8>,
        _ count: Int,
        _ tables: DecodingTables,
        _ stateBits: Int,
        _ differences: UnsafeMutablePointer<UInt32>
    ) -> Int? {
        let start = tables.start
        let end = lane.count &* 8
        guard let bytes = lane.baseAddress else { return nil }
        var position = startBit
        var s0 = states[0], s1 = states[1], s2 = states[2], s3 = states[3]
        var s4 = states[4], s5 = states[5], s6 = states[6], s7 = states[7]
        var index = 0
        @inline(__always) func next(_ state: inout UInt32, _ offset: Int) {
            var word = word(bytes, position)
            let context = Int(contexts[index &+ offset]) &<< stateBits
            differences[index &+ offset] = take(&state, &word, &position, start, context)
        }
        while index &+ 8 <= count {
            guard position <= end else { return nil }
            next(&s0, 0)
            next(&s1, 1)
            next(&s2, 2)
            next(&s3, 3)
            next(&s4, 4)
            next(&s5, 5)
            next(&s6, 6)
            next(&s7, 7)
            index &+= 8
        }
        let rest = count &- index
        if rest > 0 { next(&s0, 0) }
        if rest > 1 { next(&s1, 1) }
        if rest > 2 { next(&s2, 2) }
        if rest > 3 { next(&s3, 3) }
        if rest > 4 { next(&s4, 4) }
        if rest > 5 { next(&s5, 5) }
        if rest > 6 { next(&s6, 6) }
        states = SIMD8(s0, s1, s2, s3, s4, s5, s6, s7)
        return position <= end ? position : nil
    }

    /// One load for two elements: a token of 16-bit elements takes up to 25 bits.
    @inline(__always)
    private static func decodePairs(
        _ lane: UnsafeRawBufferPointer,
        _ startBit: Int,
        _ states: inout SIMD8<UInt32>,
        _ contexts: UnsafePointer<UInt8>,
        _ count: Int,
        _ tables: DecodingTables,
        _ stateBits: Int,
        _ differences: UnsafeMutablePointer<UInt32>
    ) -> Int? {
        let start = tables.start
        let end = lane.count &* 8
        guard let bytes = lane.baseAddress else { return nil }
        var position = startBit
        var s0 = states[0], s1 = states[1], s2 = states[2], s3 = states[3]
        var s4 = states[4], s5 = states[5], s6 = states[6], s7 = states[7]
        var index = 0
        @inline(__always) func next(_ state: inout UInt32, _ bits: inout UInt64, _ offset: Int) {
            let context = Int(contexts[index &+ offset]) &<< stateBits
            differences[index &+ offset] = take(&state, &bits, &position, start, context)
        }
        @inline(__always) func nextPair(_ a: inout UInt32, _ b: inout UInt32, _ offset: Int) {
            var bits = word(bytes, position)
            next(&a, &bits, offset)
            next(&b, &bits, offset &+ 1)
        }
        while index &+ 8 <= count {
            guard position <= end else { return nil }
            nextPair(&s0, &s1, 0)
            nextPair(&s2, &s3, 2)
            nextPair(&s4, &s5, 4)
            nextPair(&s6, &s7, 6)
            index &+= 8
        }
        @inline(__always) func nextSingle(_ state: inout UInt32, _ offset: Int) {
            var bits = word(bytes, position)
            next(&state, &bits, offset)
        }
        let rest = count &- index
        if rest > 0 { nextSingle(&s0, 0) }
        if rest > 1 { nextSingle(&s1, 1) }
        if rest > 2 { nextSingle(&s2, 2) }
        if rest > 3 { nextSingle(&s3, 3) }
        if rest > 4 { nextSingle(&s4, 4) }
        if rest > 5 { nextSingle(&s5, 5) }
        if rest > 6 { nextSingle(&s6, 6) }
        states = SIMD8(s0, s1, s2, s3, s4, s5, s6, s7)
        return position <= end ? position : nil
    }
}
