/// Takes the differences of elements out of a ``TokenStream``, some at a time.
///
/// Whatever the stream holds, it reads nothing but the stream and the padding behind it, and writes
/// nothing but the differences.
struct TokenReader {
    private let lane: UnsafeRawBufferPointer
    private let tables: DecodingTables
    private let stateCount: Int
    /// Those that the stream has, the others 0.
    private var states = SIMD64<UInt32>()
    private var position: Int

    /// Begins to read; nil if the stream has no sound beginning.
    ///
    /// - Parameter stream: The stream, with ``TokenStream/paddingByteCount`` readable bytes behind it.
    init?(_ stream: UnsafeRawBufferPointer, _ tables: DecodingTables) {
        guard let header = TokenStream.Header(stream, stateBits: tables.stateBits) else { return nil }
        stateCount = header.stateCount
        states = header.states
        position = header.startBit
        lane = UnsafeRawBufferPointer(rebasing: stream[header.byteCount...])
        self.tables = tables
    }

    /// Whether all elements of the stream were taken: an encoder begins with all states at 0, so a decoder
    /// must end there.
    var isAtEnd: Bool { position == lane.count * 8 && states == SIMD64(repeating: 0) }

    /// Takes the next elements.
    ///
    /// - Parameters:
    ///   - contexts: The context of each, at most that of the tables.
    ///   - count: How many: a multiple of ``TokenStream/stateCountMax``, but for the last.
    ///   - differences: Gets the difference of each.
    ///   - gathers: Whether to take many at a time, where the stream allows it.
    /// - Returns: Whether the stream has them; if not, no more may be taken.
    mutating func take(
        contexts: UnsafePointer<UInt8>,
        count: Int,
        into differences: UnsafeMutablePointer<UInt32>,
        gathers: Bool = TokenGather.isFast
    ) -> Bool {
        let (lane, start, tables, stateCount) = (lane, position, tables, stateCount)
        let end: Int? = withUnsafeMutableBytes(of: &states) { states in
            guard let states = states.baseAddress?.assumingMemoryBound(to: UInt32.self) else { return nil }
            var (position, taken) = (start, 0)
            if gathers, stateCount > 8 {
                taken = count / stateCount * stateCount
                let end = TokenGather.take(
                    lane, position, states, stateCount, contexts, taken, tables, differences
                )
                guard let end else { return nil }
                position = end
            }
            return Self.take(
                lane, position, states, stateCount, contexts + taken, count - taken, tables,
                differences + taken
            )
        }
        guard let end else { return false }
        position = end
        return true
    }

    /// Takes elements one after the other, each with a load of its own: a token takes up to 41 bits.
    @inline(__always)
    private static func take(
        _ lane: UnsafeRawBufferPointer,
        _ startBit: Int,
        _ states: UnsafeMutablePointer<UInt32>,
        _ stateCount: Int,
        _ contexts: UnsafePointer<UInt8>,
        _ count: Int,
        _ tables: DecodingTables,
        _ differences: UnsafeMutablePointer<UInt32>
    ) -> Int? {
        // A constant is one instruction less for every element.
        tables.stateBits == 10
            ? take(lane, startBit, states, stateCount, contexts, count, tables, 10, differences)
            : take(
                lane, startBit, states, stateCount, contexts, count, tables, tables.stateBits, differences
            )
    }

    @inline(__always)
    private static func take(
        _ lane: UnsafeRawBufferPointer,
        _ startBit: Int,
        _ states: UnsafeMutablePointer<UInt32>,
        _ stateCount: Int,
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
        var index = 0
        @inline(__always) func number(at offset: Int) -> UInt32 {
            start.load(fromByteOffset: offset, as: UInt32.self)
        }
        /// Takes one element: its token, the place in its interval, the next state.
        @inline(__always) func next(_ states: UnsafeMutablePointer<UInt32>, _ offset: Int) {
            let word = UInt64(littleEndian: (bytes + position &>> 3).loadUnaligned(as: UInt64.self))
                &>> UInt64(truncatingIfNeeded: position & 7)
            let place = Int(contexts[index &+ offset]) &<< stateBits &+ Int(states[offset])
            let entry = number(at: DecodingTables.entriesOffset &+ 4 &* place)
            let stateBits = Int(truncatingIfNeeded: (entry &>> 16) & 15)
            let mask = number(at: DecodingTables.masksOffset &+ 4 &* stateBits)
            states[offset] = (entry &>> 20) &+ UInt32(truncatingIfNeeded: word) & mask
            let raw = UInt32(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: stateBits))
            position = position &+ Int(truncatingIfNeeded: entry & 63)
            let token = Int(truncatingIfNeeded: (entry &>> 8) & 255)
            differences[index &+ offset] = number(at: 8 &* token) &+ raw & number(at: 8 &* token &+ 4)
        }
        while index &+ 8 <= count {
            guard position <= end else { return nil }
            let states = states + index & (stateCount &- 1)
            next(states, 0)
            next(states, 1)
            next(states, 2)
            next(states, 3)
            next(states, 4)
            next(states, 5)
            next(states, 6)
            next(states, 7)
            index &+= 8
        }
        guard position <= end else { return nil }
        let rest = states + index & (stateCount &- 1)
        for offset in 0..<count &- index { next(rest, offset) }
        return position <= end ? position : nil
    }
}
