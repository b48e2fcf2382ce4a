import TestSupport
import Testing

@testable import TensorCoding

struct TokenTests {
    @Test
    func everyDifferenceLiesInTheIntervalOfItsToken() {
        var differences: [Int32] = [0, 1, -1, 2, -2, .min, .max, .min + 1]
        for shift in 0..<31 { differences += [1 << shift, (1 << shift) - 1, -(1 << shift), 3 << shift / 2] }
        for difference in differences {
            let bits = UInt32(bitPattern: difference)
            let token = Tokens.token(bits)
            let raw = bits &- Tokens.start(token)
            #expect(raw < 1 << UInt32(Tokens.rawBitCount(token >> 1)), "\(difference)")
            #expect(token & 1 == (difference < 0 ? 1 : 0))
        }
        #expect(Tokens.token(5) >> 1 == 4 && Tokens.token(6) >> 1 == 5 && Tokens.token(0) == 0)
    }

    @Test(arguments: [1, 2, 3, 4])
    func levelsAreNear(precision: Int) {
        for weight in 0...2048 {
            let level = TokenFrequencies.level(weight, precision: precision)
            let back = TokenFrequencies.weight(level, precision: precision)
            #expect(abs(back - weight) << (precision + 1) <= weight)
            #expect(level < 1 << (precision + 4))
        }
    }

    private func counts(seed: UInt64) -> [UInt32] {
        var generator = SeededGenerator(seed: seed)
        var counts = [UInt32](
            repeating: 0,
            count: TokenFrequencies.contextCount * Tokens.classCount
        )
        for _ in 0..<Int.random(in: 1...3000, using: &generator) {
            let context = Int.random(in: 0..<12, using: &generator) * 7
            let token = Int.random(in: 0..<Int.random(in: 1...64, using: &generator), using: &generator)
            counts[context * Tokens.classCount + token] += 1
        }
        return counts
    }

    /// Half of the cases are of the layout for few elements.
    @Test(arguments: 0..<30, [8, 9, 10, 11])
    func frequenciesFillTheirTableAndComeBack(seed: UInt64, stateBits: Int) throws {
        let counts = counts(seed: seed)
        let frequencies = TokenFrequencies(
            counts: counts,
            stateBits: stateBits,
            precision: Int(seed % 4) + 1,
            contextSpan: 0
        )
        for (context, own) in frequencies.frequencies.enumerated() {
            let start = context * Tokens.classCount
            let used = counts[start..<start + Tokens.classCount]
            guard used.contains(where: { $0 > 0 }) else {
                #expect(own.isEmpty)
                continue
            }
            let sum = own.reduce(0) { $0 + 2 * Int($1) } - Int(own[0])
            #expect(sum == 1 << stateBits)
            for (count, frequency) in zip(used, own) { #expect((count > 0) == (frequency > 0)) }
        }
        let layout = seed % 2 == 0 ? ModelLayout.coded : .framed
        var writer = ModelWriter(layout)
        frequencies.encode(to: &writer)
        let read = try writer.finish(ExponentCompressor()).withUnsafeBytes { bytes in
            var reader = try ModelReader(bytes, layout, hasFactors: false, symbolCountMax: 10_000)
            let read = try TokenFrequencies(from: &reader)
            #expect(reader.isAtEnd)
            return read
        }
        #expect(read.frequencies == frequencies.frequencies)
        #expect(read.stateBits == stateBits)
    }

    @Test func keysAreContextsAndTokens() {
        let block = TokenKeys()
        defer { block.deallocate() }
        var generator = SeededGenerator(seed: 3)
        let edges: [UInt32] = (0..<32).flatMap { bit in
            let power: UInt32 = 1 << UInt32(bit)
            return [power, power &- 1, power &+ 1, 0 &- power, 1 &- power, power | power >> 1]
        }
        let random = (0..<331).map { _ in
            UInt32.random(in: 0...(.max), using: &generator)
                >> UInt32.random(in: 0...31, using: &generator)
        }
        let differences = edges + random
        let contexts = differences.map { UInt8($0 % 96) }
        block.fill(differences, contexts, count: differences.count)
        for (index, difference) in differences.enumerated() {
            let token = Tokens.token(difference)
            #expect(Int(block.keys[index]) == Int(contexts[index]) * Tokens.count + token)
            let mask = UInt32(1) << UInt32(Tokens.rawBitCount(token >> 1)) - 1
            #expect(block.raws[index] & mask == difference &- Tokens.start(token))
        }
    }

    /// Streams of 8, 32 and 64 states, taken one by one and many at a time.
    @Test(arguments: 0..<20, [false, true])
    func aStreamComesBack(seed: UInt64, gathers: Bool) throws {
        var generator = SeededGenerator(seed: seed)
        let count = [0, 1, 7, 8, 9, 500, 4001, 32768, 32805, 65536][Int(seed) % 10]
        let isNarrow = seed / 10 == 0
        let differences = (0..<count).map { index in
            let bits = UInt32.random(in: 0...(.max), using: &generator)
            // For a thousand elements each few bits, then many: loads of 32 and of 64 bits take turns.
            let shortest: UInt32 = isNarrow ? 17 : index / 1000 % 2 == 0 ? 12 : 0
            let shift = UInt32.random(in: shortest...31, using: &generator)
            return UInt32(bitPattern: Int32(bitPattern: bits) >> Int32(shift))
        }
        let contexts = differences.map { UInt8(truncatingIfNeeded: 3 + $0.leadingZeroBitCount) }
        let tokens = differences.map { UInt8(Tokens.token($0)) }
        var counts = [UInt32](repeating: 0, count: TokenFrequencies.contextCount * Tokens.classCount)
        for (context, token) in zip(contexts, tokens) {
            counts[Int(context) * Tokens.classCount + Int(token >> 1)] += 1
        }
        let frequencies = TokenFrequencies(
            counts: counts,
            stateBits: 8 + Int(seed) % 4,
            precision: 2,
            contextSpan: 0
        )
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: TokenStream.byteCountMax(count),
            alignment: 64
        )
        defer { scratch.deallocate() }
        let block = TokenKeys()
        defer { block.deallocate() }
        let stream = TokenStream.encode(
            differences,
            contexts: contexts,
            count: count,
            EncodingTables(frequencies),
            isNarrow: isNarrow,
            block: block,
            scratch: scratch
        )
        let tables = DecodingTables(frequencies, firstContext: 1)
        let buffer = StreamBuffer()
        func decode(_ stream: [UInt8]) -> [UInt32]? {
            buffer.prepare(byteCount: stream.count).copyBytes(from: stream)
            var output = [UInt32](repeating: 7, count: count)
            guard count > 0 else { return stream.isEmpty ? output : nil }
            let bytes = buffer.stream(byteCount: stream.count).bytes
            guard var reader = TokenReader(bytes, tables) else { return nil }
            // In two parts, as a decoder takes a block after another.
            let first = count / 2 & ~(TokenStream.stateCountMax - 1)
            let isSound = output.withUnsafeMutableBufferPointer { output in
                contexts.withUnsafeBufferPointer { contexts in
                    guard let output = output.baseAddress, let contexts = contexts.baseAddress
                    else { return false }
                    return reader.take(
                        contexts: contexts, count: first, into: output, gathers: gathers
                    )
                        && reader.take(
                            contexts: contexts + first, count: count - first, into: output + first,
                            gathers: gathers
                        )
                }
            }
            return isSound && reader.isAtEnd ? output : nil
        }
        #expect(decode(stream) == differences)
        guard count > 8 else { return }
        #expect(decode(Array(stream.dropLast())) == nil)
        #expect(decode(stream + [0]) == nil)
        #expect(decode([]) == nil)
        #expect(decode([24] + stream.dropFirst()) == nil)
        #expect(decode(Array(stream.prefix(16))) == nil)
    }

    /// What a damaged stream gives is not said, but it is the same either way.
    @Test(arguments: 0..<8)
    func damagedStreamsAreTakenAlikeEitherWay(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = 1 << 15
        let contexts = (0..<count).map { _ in UInt8.random(in: 1...12, using: &generator) }
        var counts = [UInt32](repeating: 0, count: TokenFrequencies.contextCount * Tokens.classCount)
        for context in 1...12 {
            for place in 0..<64 { counts[context * Tokens.classCount + place] = UInt32(1 + place % 5) }
        }
        let frequencies = TokenFrequencies(counts: counts, stateBits: 10, precision: 3, contextSpan: 0)
        let tables = DecodingTables(frequencies, firstContext: 1)
        var stream = (0..<Int.random(in: 100...400_000, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        stream[0] = 8 + UInt8(seed) * 2
        let buffer = StreamBuffer()
        buffer.prepare(byteCount: stream.count).copyBytes(from: stream)
        let answers = [false, true].map { gathers -> ([UInt32]?, Bool) in
            guard var reader = TokenReader(buffer.stream(byteCount: stream.count).bytes, tables)
            else { return (nil, false) }
            var output = [UInt32](repeating: 0, count: count)
            let isSound = reader.take(
                contexts: contexts, count: count, into: &output, gathers: gathers
            )
            return (isSound ? output : nil, reader.isAtEnd)
        }
        #expect(answers[0].0 == answers[1].0)
        #expect(answers[0].1 == answers[1].1)
    }
}
