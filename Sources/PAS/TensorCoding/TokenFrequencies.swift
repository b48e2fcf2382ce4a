import Foundation

/// How often each token occurs in each context, as far as both sides know it.
///
/// Frequencies are coded as levels, numbers of a few significant bits, and made to sum up to the size
/// of a decoding table by arithmetic that is the same for an encoder and a decoder.
struct TokenFrequencies {
    /// Contexts are numbered 0..<96: half a bit of the predicted length of a difference each.
    static let contextCount = 96
    static let contextMax = contextCount - 1

    /// log2 of the states that the tokens of a context share.
    let stateBits: Int
    /// The significant bits of a level below its first.
    let precision: Int
    /// How many halves of a bit a context spans, as a shift: 0 or 1.
    let contextSpan: Int
    /// Levels by context and class; empty for a context without tokens.
    private(set) var levels: [[UInt8]]
    /// Frequencies by context and class, summing up, with both signs, to 2^stateBits.
    private(set) var frequencies: [[UInt16]]

    /// The number a level stands for.
    static func weight(_ level: Int, precision: Int) -> Int {
        guard level >> (precision + 1) > 0 else { return level }
        return (1 << precision | level & (1 << precision - 1)) << (level >> precision - 1)
    }

    /// The level whose number is nearest from below or above.
    static func level(_ weight: Int, precision: Int) -> Int {
        guard weight >> (precision + 1) > 0 else { return weight }
        let shift = Int.bitWidth - weight.leadingZeroBitCount - precision - 1
        let rounded = (weight + 1 << (shift - 1)) >> shift
        // Rounding up may carry into the next power: then the sum is just right.
        return (shift + 1) << precision + (rounded - 1 << precision)
    }

    /// Finds levels and frequencies for counts.
    ///
    /// - Parameters:
    ///   - counts: How often classes occur, both signs together, by context and class:
    ///     ``contextCount`` · ``Tokens/classCount`` of them.
    ///   - surprise: What a level that the context before does not let expect is taken to cost, in bits: one
    ///     that saves less is not coded, and the expected one stands for it.
    init(
        counts: [UInt32],
        stateBits: Int,
        precision: Int,
        contextSpan: Int,
        surprise: Double = 0
    ) {
        self.stateBits = stateBits
        self.precision = precision
        self.contextSpan = contextSpan
        levels = []
        frequencies = []
        var before: (context: Int, levels: [UInt8]) = (0, [])
        for context in 0..<Self.contextCount {
            let start = context * Tokens.classCount
            let own = counts[start..<start + Tokens.classCount]
            var levels = Self.levels(own, stateBits: stateBits, precision: precision)
            if surprise > 0, !levels.isEmpty, !before.levels.isEmpty {
                let moved = (context - before.context) << contextSpan
                follow(before.levels, moved: moved, own, surprise, &levels)
            }
            self.levels.append(levels)
            frequencies.append(Self.frequencies(levels, stateBits, precision))
            if !levels.isEmpty { before = (context, levels) }
        }
    }

    /// Replaces levels by those that the context before lets expect, where coding them gains less than it
    /// costs.
    ///
    /// A class of probability p that is coded as if it had q loses q - p + p · ln(p / q) nats an element: its
    /// share of the divergence, and of what the other classes lack.
    private func follow(
        _ before: [UInt8],
        moved: Int,
        _ counts: ArraySlice<UInt32>,
        _ surprise: Double,
        _ levels: inout [UInt8]
    ) {
        let total = Double(counts.reduce(0) { $0 + Int($1) })
        func loss(_ level: Int, _ index: Int, _ count: Double) -> Double {
            let tokens = index == 0 ? 1 : 2
            let share = Double(tokens * Self.weight(level, precision: precision)) / Double(1 << stateBits)
            let own = count / total
            return total * (share - own + (count > 0 ? own * log(own / share) : 0)) / M_LN2
        }
        // Classes beyond the last that occurs stay without a level: none of them is coded.
        let end = levels.lastIndex { $0 > 0 } ?? 0
        for (index, count) in counts.enumerated().prefix(end + 1) {
            let expected = LevelModels.prediction(before, index, moved: moved)
            guard expected != levels[index], expected > 0 || count == 0 else { continue }
            let lost = loss(expected, index, Double(count))
                - loss(Int(levels[index]), index, Double(count))
            if lost < surprise { levels[index] = UInt8(expected) }
        }
    }

    private static func levels(
        _ counts: ArraySlice<UInt32>,
        stateBits: Int,
        precision: Int
    ) -> [UInt8] {
        let total = counts.reduce(0) { $0 + Int($1) }
        guard total > 0 else { return [] }
        return counts.enumerated().map { index, count in
            guard count > 0 else { return 0 }
            // A class but the first has two tokens, so each gets half.
            let share = (Int(count) << stateBits) / (index == 0 ? total : 2 * total)
            return UInt8(level(max(1, share), precision: precision))
        }
    }

    /// Frequencies in proportion to levels, at least one each, that sum up to 2^stateBits with both
    /// tokens of every class but the first.
    private static func frequencies(
        _ levels: [UInt8],
        _ stateBits: Int,
        _ precision: Int
    ) -> [UInt16] {
        let weights = levels.map { weight(Int($0), precision: precision) }
        let total = weights.reduce(0, +) * 2 - (weights.first ?? 0)
        guard total > 0 else { return [] }
        let size = 1 << stateBits
        var shares = weights.map { $0 == 0 ? 0 : max(1, (($0 << stateBits) + total / 2) / total) }
        // The first class has one token, the others two: its share is even, so that the sum can be.
        if shares[0] > 0 { shares[0] = max(2, (shares[0] + 1) & ~1) }
        // What is missing or too much is even, and goes to whoever has most, who feels it least.
        var missing = size - shares.reduce(0, +) * 2 + shares[0]
        while missing != 0 {
            var largest = 0
            var most = shares[0]
            for index in shares.indices.dropFirst() where 2 * shares[index] > most {
                largest = index
                most = 2 * shares[index]
            }
            let change = missing > 0 ? missing : max(missing, -max(2, (most / 4) & ~1))
            shares[largest] += largest == 0 ? change : change / 2
            missing -= change
        }
        return shares.map(UInt16.init)
    }

    /// The bits that tokens of given counts take, raw bits not counted.
    func bitCount(of counts: [UInt32]) -> Double {
        var bits = 0.0
        for context in 0..<Self.contextCount where !frequencies[context].isEmpty {
            let start = context * Tokens.classCount
            for index in 0..<Tokens.classCount {
                let count = counts[start + index]
                guard count > 0 else { continue }
                let frequency = Double(frequencies[context][index])
                bits += Double(count) * (Double(stateBits) - frequency.logarithm2)
            }
        }
        return bits
    }
}

// MARK: - Serialization

extension TokenFrequencies {
    /// The models that the levels of all contexts are coded with.
    private struct LevelModels {
        private let trees: [BitTree]
        private var used = [BitModel](repeating: BitModel(), count: 2)
        private let bitCount: Int

        init(precision: Int) {
            bitCount = precision + 4
            trees = (0..<4).map { [bitCount] _ in BitTree(bitCount: bitCount) }
        }

        /// Levels resemble those of the context before, moved by as many classes as contexts lie
        /// between: a context is half a bit of a difference's length, and so is a class.
        static func prediction(_ before: [UInt8], _ index: Int, moved: Int) -> Int {
            guard !before.isEmpty else { return 0 }
            let source = index - moved
            guard index > 1, source > 0 else { return Int(before[min(index, 1)]) }
            return source < before.count ? Int(before[source]) : 0
        }

        private func tree(_ prediction: Int, _ last: Int) -> Int {
            (prediction == 0 ? 0 : 2) + (last == 0 ? 0 : 1)
        }

        func encode(
            _ level: Int,
            _ prediction: Int,
            _ last: Int,
            to writer: inout ModelWriter
        ) {
            let mask = 1 << bitCount - 1
            writer.write((level - prediction) & mask, trees[tree(prediction, last)], to: .levels)
        }

        func decode(
            _ prediction: Int,
            _ last: Int,
            from reader: inout ModelReader
        ) -> Int {
            let mask = 1 << bitCount - 1
            let difference = reader.symbol(
                bitCount: bitCount,
                trees[tree(prediction, last)],
                from: .levels
            )
            return (difference + prediction) & mask
        }

        mutating func encode(isUsed: Bool, _ last: Bool, to writer: inout ModelWriter) {
            writer.write(isUsed, &used[last ? 1 : 0])
        }

        mutating func decodeIsUsed(_ last: Bool, from reader: inout ModelReader) -> Bool {
            reader.bit(&used[last ? 1 : 0])
        }
    }

    /// Appends the tables: parameters, and for a context whether it is used, its last class, and the
    /// levels up to it, each as the difference to what the context before lets expect.
    func encode(to writer: inout ModelWriter) {
        writer.write(stateBits - 8, bitCount: 2)
        writer.write(precision - 1, bitCount: 2)
        writer.write(contextSpan, bitCount: 1)
        var models = LevelModels(precision: precision)
        var before: (context: Int, levels: [UInt8]) = (0, [])
        for context in 0..<Self.contextCount >> contextSpan {
            let own = levels[context]
            models.encode(isUsed: !own.isEmpty, before.context + 1 == context, to: &writer)
            guard !own.isEmpty else { continue }
            let end = own.lastIndex { $0 > 0 } ?? 0
            writer.write(end, bitCount: 6)
            let moved = (context - before.context) << contextSpan
            var last = 1
            for index in 0...end {
                let prediction = LevelModels.prediction(before.levels, index, moved: moved)
                models.encode(Int(own[index]), prediction, last, to: &writer)
                last = Int(own[index])
            }
            before = (context, own)
        }
    }

    /// Reads tables.
    ///
    /// - Throws: ``TensorCodingError`` if they cannot be what an encoder wrote.
    init(from source: inout ModelReader) throws(TensorCodingError) {
        var reader = source
        defer { source = reader }
        stateBits = reader.number(bitCount: 2) + 8
        precision = reader.number(bitCount: 2) + 1
        contextSpan = reader.number(bitCount: 1)
        levels = Array(repeating: [], count: Self.contextCount)
        frequencies = levels.map { _ in [] }
        var models = LevelModels(precision: precision)
        var before: (context: Int, levels: [UInt8]) = (0, [])
        for context in 0..<Self.contextCount >> contextSpan {
            guard models.decodeIsUsed(before.context + 1 == context, from: &reader) else { continue }
            let end = reader.number(bitCount: 6)
            let moved = (context - before.context) << contextSpan
            var own = [UInt8](repeating: 0, count: Tokens.classCount)
            var last = 1
            for index in 0...end {
                let prediction = LevelModels.prediction(before.levels, index, moved: moved)
                last = models.decode(prediction, last, from: &reader)
                // No level of a sound table exceeds the number of states.
                guard Self.weight(last, precision: precision) <= 2 << stateBits else {
                    throw TensorCodingError(.damaged, "a frequency exceeds its table")
                }
                own[index] = UInt8(last)
            }
            guard own[end] > 0 else { throw TensorCodingError(.damaged, "a table is empty") }
            levels[context] = own
            frequencies[context] = Self.frequencies(own, stateBits, precision)
            before = (context, own)
        }
    }
}

extension Double {
    /// The logarithm to base 2.
    fileprivate var logarithm2: Double { log2(self) }
}
