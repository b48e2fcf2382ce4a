/// The decoding tables of all contexts of a segment, for tANS (J. Duda, "Asymmetric numeral systems",
/// arXiv:1311.2540): a state and a context give a token, the next state but for some bits, and how many.
///
///     bits 0–5 state and raw bits together · 6–7 head · 8–15 token · 16–19 state bits · 20–31 base of the next state
///
/// The head and the token's sign above it are the number of three bits that the token's interval starts with, but for
/// its sign (``Tokens/head(_:)``).
///
/// Contexts without tokens hold zeros: token 0, no bits, state 0, so that damage stays within bounds.
///
/// What else a decoder looks up lies in front of the entries, so that its loop has one pointer to all; with
/// three it runs out of registers and is a twentieth slower.
///
///     0      by token: start of its interval (4 bytes) · mask of its raw bits (4 bytes)
///     1024   by count of state bits: their mask (4 bytes)
///     1088   by context and state: the entry (4 bytes); context 0, then those from the lowest with tokens on
final class DecodingTables: @unchecked Sendable {
    // Unchecked: the memory is never written after it was made.
    private let memory: UnsafeMutableRawPointer
    let stateBits: Int
    let contextSpan: Int
    /// The lowest context above 0 that has tokens, and the highest.
    let contexts: ClosedRange<Int>

    static let masksOffset = 8 * Tokens.count
    static let entriesOffset = masksOffset + 4 * 16

    /// Where the tables lie.
    var start: UnsafeRawPointer { UnsafeRawPointer(memory) }

    /// The memory that the tables take.
    var byteCount: Int { Self.entriesOffset + (contexts.count + 1) << stateBits * 4 }

    /// Makes tables.
    ///
    /// - Parameter firstContext: The lowest context above 0 that has a table; nil for the lowest with tokens.
    init(_ frequencies: TokenFrequencies, firstContext: Int? = nil) {
        stateBits = frequencies.stateBits
        contextSpan = frequencies.contextSpan
        let last = max(1, frequencies.frequencies.lastIndex { !$0.isEmpty } ?? 1)
        let first = frequencies.frequencies.dropFirst().firstIndex { !$0.isEmpty } ?? last
        contexts = (firstContext ?? first)...last
        let entryCount = (contexts.count + 1) << stateBits
        // From pages that are in use again and again, and large: a decoder goes to and fro in them.
        memory = LargeBuffers.shared.take(byteCount: Self.entriesOffset + entryCount * 4)
        for token in 0..<Tokens.count {
            let mask = UInt32(1) << UInt32(Tokens.rawBitCount(token >> 1)) - 1
            memory.storeBytes(of: Tokens.start(token), toByteOffset: 8 * token, as: UInt32.self)
            memory.storeBytes(of: mask, toByteOffset: 8 * token + 4, as: UInt32.self)
        }
        for count in 0..<16 {
            let mask = UInt32(1) << UInt32(count) - 1
            memory.storeBytes(of: mask, toByteOffset: Self.masksOffset + 4 * count, as: UInt32.self)
        }
        let entries = (memory + Self.entriesOffset)
            .bindMemory(to: UInt32.self, capacity: entryCount)
        let spread = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << stateBits)
        defer { spread.deallocate() }
        for place in 0...contexts.count {
            let own = frequencies.frequencies[place == 0 ? 0 : contexts.lowerBound + place - 1]
            let table = entries + place << stateBits
            guard !own.isEmpty else {
                table.initialize(repeating: 0, count: 1 << stateBits)
                continue
            }
            TokenSpread.fill(spread, own, stateBits: stateBits)
            fill(table, own, spread)
        }
    }

    deinit {
        LargeBuffers.shared.giveBack(memory, byteCount: byteCount)
    }

    private func fill(
        _ table: UnsafeMutablePointer<UInt32>,
        _ frequencies: [UInt16],
        _ spread: UnsafeMutablePointer<UInt8>
    ) {
        let size = UInt32(1) << UInt32(stateBits)
        let stateBits = UInt32(self.stateBits)
        // By token: the place that its next state has among its states (bits 0–31), and what all its
        // entries have in common (bits 32–63). In one number, since a load and a store are for both.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Tokens.count) { scratch in
            guard let tokens = scratch.baseAddress else { return }
            for token in 0..<Tokens.count {
                let common = UInt64(token << 8 | Tokens.head(token) << 6 | Tokens.rawBitCount(token >> 1))
                tokens[token] = common << 32 | UInt64(frequencies[token >> 1])
            }
            for state in 0..<Int(size) {
                let token = tokens + Int(spread[state])
                let value = token.pointee
                token.pointee = value &+ 1
                let place = UInt32(truncatingIfNeeded: value)
                let bits = stateBits &- 31 &+ UInt32(truncatingIfNeeded: place.leadingZeroBitCount)
                let base = (place &<< bits) &- size
                table[state] = base &<< 20 | (bits &* 0x10001 &+ UInt32(truncatingIfNeeded: value &>> 32))
            }
        }
    }
}

/// Which token each state stands for: the tokens of a context spread over its states.
enum TokenSpread {
    /// Fills `states` with tokens, each as often as it is frequent, far from one another: the next state of a token
    /// lies a step behind, and so does the first of the next token.
    static func fill(
        _ states: UnsafeMutablePointer<UInt8>,
        _ frequencies: [UInt16],
        stateBits: Int
    ) {
        let size = 1 << stateBits
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { ordered in
            guard let ordered = ordered.baseAddress else { return }
            var end = 0
            for token in 0..<Tokens.count where token != 1 {
                let count = Int(frequencies[token >> 1])
                (ordered + end).update(repeating: UInt8(truncatingIfNeeded: token), count: count)
                end += count
            }
            // By the states, since loads from places that lie apart are faster than stores.
            let back = Self.inverse(ofStep: size >> 1 + size >> 3 + 3)
            var place = 0
            for state in 0..<size {
                states[state] = ordered[place]
                place = (place &+ back) & (size &- 1)
            }
        }
    }

    /// The number that an odd one gives 1 with, modulo a power of two: Newton's method, each round of which doubles
    /// the bits that are right, three at first.
    private static func inverse(ofStep step: Int) -> Int {
        var inverse = step
        for _ in 0..<4 { inverse = inverse &* (2 &- step &* inverse) }
        return inverse
    }
}

/// The encoding tables of all contexts of a segment.
final class EncodingTables: @unchecked Sendable {
    // Unchecked: the memory is never written after it was made.
    /// By context and token: what to add to a state so that its upper half is the number of bits to
    /// emit (bits 0–31), the raw bits (bits 32–39), and what to add to the rest of the state to find the
    /// next one (bits 40–63).
    let steps: UnsafeMutablePointer<UInt64>
    /// By context: the next states, of all tokens one behind the other.
    let states: UnsafeMutablePointer<UInt16>
    let stateBits: Int

    init(_ frequencies: TokenFrequencies) {
        stateBits = frequencies.stateBits
        let size = 1 << stateBits
        let contexts = frequencies.frequencies.count
        steps = .allocate(capacity: contexts * Tokens.count)
        steps.initialize(repeating: 0, count: contexts * Tokens.count)
        states = .allocate(capacity: contexts << stateBits)
        states.initialize(repeating: 0, count: contexts << stateBits)
        let spread = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { spread.deallocate() }
        for (context, own) in frequencies.frequencies.enumerated() where !own.isEmpty {
            TokenSpread.fill(spread, own, stateBits: stateBits)
            var next = [Int](repeating: 0, count: Tokens.count)
            var sum = 0
            for token in 0..<Tokens.count where token != 1 && own[token >> 1] > 0 {
                let frequency = Int(own[token >> 1])
                next[token] = sum
                steps[context * Tokens.count + token] =
                    step(frequency, sum + context << stateBits, token)
                sum += frequency
            }
            let table = states + context << stateBits
            for state in 0..<size {
                let token = Int(spread[state])
                table[next[token]] = UInt16(truncatingIfNeeded: size + state)
                next[token] += 1
            }
        }
    }

    deinit {
        steps.deallocate()
        states.deallocate()
    }

    /// The step of a token with a frequency; `place` is where its states begin.
    private func step(_ frequency: Int, _ place: Int, _ token: Int) -> UInt64 {
        let bits: Int
        let add: Int
        if frequency == 1 {
            bits = stateBits << 16 - 1 << stateBits
            add = place - 1
        } else {
            let most = stateBits - (Int.bitWidth - 1 - (frequency - 1).leadingZeroBitCount)
            bits = most << 16 - frequency << most
            add = place - frequency
        }
        return UInt64(UInt32(truncatingIfNeeded: bits))
            | UInt64(Tokens.rawBitCount(token >> 1)) << 32
            | UInt64(bitPattern: Int64(add)) << 40
    }
}
