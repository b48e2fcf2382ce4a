/// Finds the name that somebody meant.
public enum NameSuggestion {
    /// Longer names are not guessed: the work is the product of the lengths.
    private static let lengthMax = 100

    /// The sentence that suggests the nearest of some names; nil if none is near.
    public static func hint(for name: String, among names: some Sequence<String>) -> String? {
        nearest(to: name, among: names).map { "did you mean '\($0)'?" }
    }

    /// The name with the fewest differences from another, if they are few.
    ///
    /// Upper and lower case are the same here. Of several equally near names the first in order
    /// is meant, so that the answer is the same every time.
    public static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().unicodeScalars)
        guard wanted.count <= lengthMax else { return nil }
        let distanceMax = max(1, wanted.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in names {
            let letters = Array(candidate.lowercased().unicodeScalars.prefix(lengthMax + 1))
            guard abs(letters.count - wanted.count) <= distanceMax else { continue }
            let distance = distance(wanted, letters)
            guard distance <= distanceMax, distance < max(wanted.count, 1) else { continue }
            if let best, (best.distance, best.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// The Levenshtein distance: how many letters are to be inserted, removed or replaced; two
    /// neighbours that changed places count as one slip, the commonest in typing.
    private static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for (index, letter) in first.enumerated() {
            var row = [index + 1]
            for (column, other) in second.enumerated() {
                let replaced = last[column] + (letter == other ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, row[column] + 1)
                if index > 0, column > 0, letter == second[column - 1], other == first[index - 1] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[second.count]
    }
}
