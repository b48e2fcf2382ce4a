/// Takes the differences of elements out of a ``TokenStream``, some at a time.
///
/// Whatever the stream holds, it reads nothing but the stream and the padding behind it, and writes
/// nothing but the differences.
struct TokenReader {
    /// The bits of the elements, with padding behind.
    let bytes: UnsafeRawPointer
    /// How many bits there are.
    let endBit: Int
    let tables: DecodingTables
    let stateCount: Int
    /// Those that the stream has, the others 0.
    var states: SIMD64<UInt32>
    /// The first bit that was not taken.
    var position: Int

    /// Begins to read; nil if the stream has no sound beginning.
    ///
    /// - Parameter stream: The stream, with ``TokenStream/paddingByteCount`` readable bytes behind it.
    init?(_ stream: UnsafeRawBufferPointer, _ tables: DecodingTables) {
        guard let header = TokenStream.Header(stream, stateBits: tables.stateBits),
            let start = stream.baseAddress
        else { return nil }
        bytes = start + header.byteCount
        endBit = (stream.count - header.byteCount) * 8
        self.tables = tables
        stateCount = header.stateCount
        states = header.states
        position = header.startBit
    }

    /// Whether all elements of the stream were taken: an encoder begins with all states at 0, so a decoder
    /// must end there.
    var isAtEnd: Bool { position == endBit && states == SIMD64(repeating: 0) }

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
        gathers: Bool = TokenReader.gatherIsFast
    ) -> Bool {
        var taken = 0
        if gathers, stateCount > 8 {
            taken = count / stateCount * stateCount
            guard takeRounds(contexts, taken, differences) else { return false }
        }
        let (contexts, count, differences) = (contexts + taken, count - taken, differences + taken)
        // A constant is one instruction less for every element.
        return tables.stateBits == 10
            ? takeSingly(contexts, count, differences, stateBits: 10)
            : takeSingly(contexts, count, differences, stateBits: tables.stateBits)
    }

    /// Takes elements one after the other, each with a load of its own: a token takes up to 41 bits.
    @inline(__always)
    private mutating func takeSingly(
        _ contexts: UnsafePointer<UInt8>,
        _ count: Int,
        _ differences: UnsafeMutablePointer<UInt32>,
        stateBits: Int
    ) -> Bool {
        let (bytes, endBit, start, stateCount) = (bytes, endBit, tables.start, stateCount)
        var position = self.position
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
        let isSound = withUnsafeMutableBytes(of: &states) { states in
            guard let states = states.baseAddress?.assumingMemoryBound(to: UInt32.self) else { return false }
            while index &+ 8 <= count {
                guard position <= endBit else { return false }
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
            guard position <= endBit else { return false }
            let rest = states + index & (stateCount &- 1)
            for offset in 0..<count &- index { next(rest, offset) }
            return position <= endBit
        }
        guard isSound else { return false }
        self.position = position
        return true
    }
}
