/// Finds the word that somebody may have meant.
public enum Spelling {
    /// The nearest of some words, if one is near: about a third of its letters may be wrong, at most three.
    public static func nearest(to word: String, among words: some Sequence<String>) -> String? {
        let folded = Array(word.lowercased())
        guard folded.count <= 100 else { return nil }
        let candidates = words.map { ($0, distance(folded, Array($0.lowercased().prefix(100)))) }
        let best = candidates.min { ($0.1, $0.0) < ($1.1, $1.0) }
        guard let best, best.1 <= min(3, (folded.count + 2) / 3) else { return nil }
        return best.0
    }

    /// The number of letters to insert, delete or replace (Levenshtein 1966).
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
