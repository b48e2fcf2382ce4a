/// Finds the rows of a segment that change by the decay of weights, and the steps of it.
///
/// A row is a candidate if nearly all its floats came nearer to zero by a few units in the last place. The
/// candidates vote, by the highest bits of the mantissa, for the step; those that mostly follow the vote
/// decay.
final class WeightDecayFit<Word: FixedWidthInteger & UnsignedInteger> {
    /// The base with the rows that decay replaced by what decay makes of them; nil if none decays.
    let decayedBase: UnsafePointer<Word>?

    /// What decay does to the bits; empty if no rows decay.
    private let steps: [Int16]
    /// The rows that decay.
    private let decayed: [Int]

    private typealias Run = (start: Int, count: Int, row: Int)

    /// Fewer elements that decay are not worth a table.
    private static var elementCountMin: Int { 4096 }

    /// Looks for rows that decay.
    init(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        rows: SegmentRows,
        kind: ElementKind
    ) {
        var candidates: [Run] = []
        rows.forEachRun(in: 0..<count) { start, count, row, _ in
            guard Self.shrinks(words + start, base + start, count: count) else { return }
            candidates.append((start, count, row))
        }
        let votes = Self.vote(candidates, words, base, kind)
        let runs = candidates.filter { run in
            Self.follows(votes, words + run.start, base + run.start, run.count, kind)
        }
        guard runs.reduce(0, { $0 + $1.count }) >= Self.elementCountMin else {
            (decayedBase, steps, decayed) = (nil, [], [])
            return
        }
        let copy = UnsafeMutablePointer<Word>.allocate(capacity: count)
        copy.initialize(from: base, count: count)
        votes.withUnsafeBufferPointer { votes in
            guard let votes = votes.baseAddress else { return }
            for run in runs {
                WeightDecay.apply(votes, to: copy + run.start, count: run.count, kind: kind)
            }
        }
        decayedBase = UnsafePointer(copy)
        steps = votes
        decayed = runs.map(\.row)
    }

    deinit {
        decayedBase?.deallocate()
    }

    /// Tells a model what decays: rows that do not change after it are said to decay alone.
    func mark(_ model: inout ScaleModel) {
        guard !steps.isEmpty else { return }
        model.decay = steps
        for row in decayed {
            model.rowClasses[row] =
                model.rowClasses[row] == .changed ? .decayedAndChanged : .decayed
        }
    }

    /// How far the bits of an element moved, if by so little that it may be decay.
    @inline(__always)
    private static func step(_ word: Word, _ base: Word) -> Int16? {
        let distance = base &- word
        return distance <= 4096 ? Int16(-Int(distance)) : nil
    }

    /// Whether nearly all elements of a run came a little nearer to zero.
    private static func shrinks(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int
    ) -> Bool {
        var misses = 0
        for index in 0..<count where step(words[index], base[index]) ?? 0 == 0 {
            misses += 1
            // A row with gradients misses every other time, so this ends soon.
            if misses > 2 + count / 32 { return false }
        }
        return true
    }

    /// The step that most elements take whose mantissas begin with the same bits (the majority vote of
    /// R. Boyer and J S. Moore).
    private static func vote(
        _ runs: [Run],
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        _ kind: ElementKind
    ) -> [Int16] {
        let bits = WeightDecay.indexBitCount(of: kind)
        let shift = Word(truncatingIfNeeded: kind.mantissaBitCount - bits)
        let mask: Word = 1 << Word(truncatingIfNeeded: bits) - 1
        var votes = [Int16](repeating: 0, count: 1 << bits)
        var counts = [Int](repeating: 0, count: 1 << bits)
        for run in runs {
            for index in run.start..<run.start + run.count {
                guard let step = step(words[index], base[index]) else { continue }
                let bin = Int(truncatingIfNeeded: base[index] >> shift & mask)
                if counts[bin] == 0 { votes[bin] = step }
                counts[bin] += votes[bin] == step ? 1 : -1
            }
        }
        return votes
    }

    /// Whether the votes tell most elements of a run.
    private static func follows(
        _ votes: [Int16],
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        _ count: Int,
        _ kind: ElementKind
    ) -> Bool {
        let bits = WeightDecay.indexBitCount(of: kind)
        let shift = Word(truncatingIfNeeded: kind.mantissaBitCount - bits)
        let mask: Word = 1 << Word(truncatingIfNeeded: bits) - 1
        var hits = 0
        for index in 0..<count {
            let bin = Int(truncatingIfNeeded: base[index] >> shift & mask)
            if base[index] &+ Word(truncatingIfNeeded: votes[bin]) == words[index] { hits += 1 }
        }
        return hits * 2 > count
    }
}
