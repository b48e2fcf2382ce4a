/// How the model of a segment is written; the raw values are in the packs and never change.
///
/// A model has numbers that are written as they are, and symbols: classes of rows, masks of columns, residuals of
/// scales and of frequencies.
///
///     coded    all of it by the adaptive range coder
///     framed   the symbols of each ``ModelChannel`` in a zstd frame, the rest by the range coder
///
/// The range coder learns from few symbols, bit by bit, which is slow: of a matrix of 1024 rows and columns it takes
/// 200 bytes less of 1.7 MB, and a model 240 us instead of 140, where the elements take 950.
public enum ModelLayout: UInt8, Hashable, Sendable, CaseIterable {
    case coded = 0
    case framed = 1

    /// The layout that suits so many elements.
    init(forElements count: Int) {
        self = count < 1 << 18 ? .coded : .framed
    }
}

/// The kinds of symbols, in the order of their frames.
enum ModelChannel: Int, CaseIterable {
    /// Classes of rows.
    case rows
    /// Whether columns change.
    case columns
    /// What scales differ by from those before.
    case scales
    /// What levels of frequencies differ by from those that are expected.
    case levels
}
