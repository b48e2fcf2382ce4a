/// Takes the differences of elements out of a ``TokenStream``, some at a time.
///
/// Whatever the stream holds, it reads nothing but the stream and the padding behind it, and writes
/// nothing but the differences.
struct TokenReader {
    private let lane: UnsafeRawBufferPointer
    private let tables: DecodingTables
    private let isNarrow: Bool
    private var states = SIMD8<UInt32>()
    private var position: Int

    /// Begins to read; nil if the stream has no sound beginning.
    ///
    /// - Parameters:
    ///   - stream: The stream, with ``TokenStream/paddingByteCount`` readable bytes behind it.
    ///   - isNarrow: Whether all differences are of 16-bit elements.
    init?(_ stream: UnsafeRawBufferPointer, _ tables: DecodingTables, isNarrow: Bool) {
        guard stream.count >= TokenStream.headerByteCount, stream[0] < 8 else { return nil }
        for index in 0..<TokenStream.stateCount {
            let value = stream.loadUnaligned(fromByteOffset: 1 + 2 * index, as: UInt16.self)
            states[index] = UInt32(UInt16(littleEndian: value))
            guard states[index] < 1 << UInt32(tables.stateBits) else { return nil }
        }
        position = Int(stream[0])
        lane = UnsafeRawBufferPointer(rebasing: stream[TokenStream.headerByteCount...])
        self.tables = tables
        self.isNarrow = isNarrow
    }

    /// Whether all elements of the stream were taken: an encoder begins with all states at 0, so a decoder
    /// must end there.
    var isAtEnd: Bool { position == lane.count * 8 && states == SIMD8(repeating: 0) }

    /// Takes the next elements.
    ///
    /// - Parameters:
    ///   - contexts: The context of each, at most that of the tables.
    ///   - count: How many: a multiple of ``TokenStream/stateCount``, but for the last.
    ///   - differences: Gets the difference of each.
    /// - Returns: Whether the stream has them; if not, no more may be taken.
    mutating func take(
        contexts: UnsafePointer<UInt8>,
        count: Int,
        into differences: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        @inline(__always) func decode(stateBits: Int) -> Int? {
            isNarrow
                ? Self.decodePairs(
                    lane, position, &states, contexts, count, tables, stateBits, differences
                )
                : Self.decodeSingly(
                    lane, position, &states, contexts, count, tables, stateBits, differences
                )
        }
        // A constant is one instruction less for every element.
        let end = tables.stateBits == 10
            ? decode(stateBits: 10) : decode(stateBits: tables.stateBits)
        guard let end else { return false }
        position = end
        return true
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
