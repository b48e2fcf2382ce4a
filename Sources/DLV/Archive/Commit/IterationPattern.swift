/// Finds the training iteration that a file's path carries.
///
/// A word that trainers use, followed by a number, counts wherever it stands: `iter_10000`,
/// `checkpoint-500`, `step=1000`, `epoch_3`, `global_step250`, `ckpt-7`. A number at the end of the
/// name alone, as in `base_03`, counts only where several files share what is before it.
enum IterationPattern {
    private static let words = [
        "iteration", "iter", "checkpoint", "global_step", "globalstep", "step", "epoch", "ckpt",
    ]

    /// What a path says of its iteration.
    struct Match: Hashable {
        let iteration: Int64
        /// What stands before the number: equal for the files of one series.
        let stem: String
        /// Whether a trainer's word stands before the number.
        let isExplicit: Bool
    }

    /// Looks at the parts of a path, the last one first.
    static func match(_ path: String) -> Match? {
        let parts = path.split(separator: "/")
        for (depth, part) in parts.enumerated().reversed() {
            let isFile = depth == parts.count - 1
            let word = (isFile ? withoutSuffix(part) : part).lowercased()
            if let found = explicitMatch(word) { return found }
        }
        guard let file = parts.last else { return nil }
        return trailingMatch(withoutSuffix(file).lowercased(), folder: parts.dropLast())
    }

    private static func withoutSuffix(_ name: Substring) -> Substring {
        // Only a suffix of letters goes: in `loss=0.25` the dot is part of a number.
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        let suffix = name[name.index(after: dot)...]
        return suffix.first?.isLetter == true ? name[..<dot] : name
    }

    private static func explicitMatch(_ word: String) -> Match? {
        let characters = Array(word.utf8)
        var best: (start: Int, match: Match)?
        for key in words {
            let pattern = Array(key.utf8)
            guard characters.count > pattern.count else { continue }
            for start in 0..<(characters.count - pattern.count)
            where characters[start..<start + pattern.count].elementsEqual(pattern) {
                let before = start == 0 ? nil : characters[start - 1]
                guard before.map(isLetter) != true else { continue }
                var index = start + pattern.count
                if index < characters.count, "_-=".utf8.contains(characters[index]) { index += 1 }
                let digits = characters[index...].prefix(while: isDigit)
                guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { continue }
                let after = index + digits.count
                guard after == characters.count || !isLetter(characters[after]) else { continue }
                let stem = String(decoding: characters[..<start], as: UTF8.self) + key
                if best.map({ $0.start > start }) ?? true {
                    best = (start, Match(iteration: number, stem: stem, isExplicit: true))
                }
            }
        }
        return best?.match
    }

    private static func trailingMatch(_ word: String, folder: ArraySlice<Substring>) -> Match? {
        let characters = Array(word.utf8)
        let digits = characters.reversed().prefix(while: isDigit).reversed()
        let stem = characters.dropLast(digits.count)
        guard let separator = stem.last, "_-=.".utf8.contains(separator),
            let number = Int64(String(decoding: Array(digits), as: UTF8.self))
        else { return nil }
        // A shard, `model-00001-of-00002`, is no checkpoint.
        guard !stem.reversed().starts(with: "-of-".utf8.reversed()) else { return nil }
        let place = (folder + [Substring(String(decoding: stem, as: UTF8.self))])
        return Match(
            iteration: number,
            stem: place.joined(separator: "/"),
            isExplicit: false
        )
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
    }
}
