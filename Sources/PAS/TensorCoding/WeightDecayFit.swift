/// Finds the rows of a segment that change by the decay of weights, and the steps of it.
final class WeightDecayFit<Word: FixedWidthInteger & UnsignedInteger> {
    /// The base with the rows that decay replaced by what decay makes of them; nil if none decays.
    let decayedBase: UnsafePointer<Word>?

    /// What decay does to the bits; empty if no rows decay.
    private let steps: [Int16]
    /// The rows that decay.
    private let decayed: [Int]

    /// Looks for rows that decay.
    init(
        _ words: UnsafePointer<Word>,
        _ base: UnsafePointer<Word>,
        count: Int,
        rows: SegmentRows,
        kind: ElementKind
    ) {
        decayedBase = nil
        steps = []
        decayed = []
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
}
