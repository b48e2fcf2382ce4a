import Catalog

/// Decides which snapshot every weight file of a commit belongs to.
///
/// What the user said comes first, then iterations in the paths; files without one make a snapshot
/// of their own that is numbered after all others and flagged, since nothing told its iteration.
struct SnapshotAssigner {
    /// A snapshot before it has its place among the others.
    private struct Key: Hashable, Comparable {
        let iteration: Int64
        let label: String

        static func < (left: Key, right: Key) -> Bool {
            (left.iteration, left.label) < (right.iteration, right.label)
        }
    }

    /// The snapshots, ascending, and for each file the ordinal of its snapshot.
    struct Assignment {
        let snapshots: [SnapshotRecord]
        let ordinals: [Int?]
    }

    /// Assigns snapshots.
    ///
    /// - Parameters:
    ///   - files: Paths below `files/` and source paths, in order.
    ///   - isMember: Whether each file belongs to a snapshot: weights and optimizer state.
    ///   - named: What the user said, with absolute paths.
    /// - Throws: ``ArchiveError`` if the user named a path that holds no weight file.
    static func assign(
        files: [(path: String, source: String)],
        isMember: [Bool],
        named: [CommitRequest.SnapshotAssignment]
    ) throws -> Assignment {
        var keys = [Key?](repeating: nil, count: files.count)
        for assignment in named {
            let matching = files.indices.filter { index in
                isMember[index]
                    && (files[index].source == assignment.path
                        || files[index].source.hasPrefix(assignment.path + "/"))
            }
            guard !matching.isEmpty else {
                throw ArchiveError(
                    .invalid,
                    "'--snapshot \(assignment.iteration)=\(assignment.path)' names no weight file "
                        + "of this commit."
                )
            }
            for index in matching {
                keys[index] = Key(iteration: assignment.iteration, label: assignment.label)
            }
        }
        findIterations(files.map(\.path), isMember: isMember, keys: &keys)
        return order(keys, isMember: isMember)
    }

    private static func findIterations(_ paths: [String], isMember: [Bool], keys: inout [Key?]) {
        let open = paths.indices.filter { isMember[$0] && keys[$0] == nil }
        let matches = open.map { ($0, IterationPattern.match(paths[$0])) }
        var stems: [String: Set<Int64>] = [:]
        for case (_, let match?) in matches { stems[match.stem, default: []].insert(match.iteration) }
        // Several series in one commit (`base_01`, `ema_01`) are told apart by their stems.
        let series = Set(
            matches.compactMap { _, match in
                match.flatMap { $0.isExplicit || stems[$0.stem, default: []].count > 1 ? $0 : nil }
            }.filter { !$0.isExplicit }.map(\.stem)
        )
        for case (let index, let match?) in matches {
            guard match.isExplicit || series.contains(match.stem) else { continue }
            let label = match.isExplicit || series.count < 2 ? "" : self.label(of: match.stem)
            keys[index] = Key(iteration: match.iteration, label: label)
        }
    }

    private static func label(of stem: String) -> String {
        let name = stem.split(separator: "/").last.map(String.init) ?? stem
        let trimmed = name.trimmingSuffix { "_-=.".contains($0) }
        return String(trimmed.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func order(_ keys: [Key?], isMember: [Bool]) -> Assignment {
        var distinct = Set(keys.compactMap { $0 })
        var numbered: Key?
        if zip(keys, isMember).contains(where: { $0 == nil && $1 }) {
            let next = (distinct.map(\.iteration).max() ?? -1) + 1
            let key = Key(iteration: next, label: "")
            numbered = key
            distinct.insert(key)
        }
        let ordered = distinct.sorted()
        var ordinals: [Key: Int] = [:]
        for (ordinal, key) in ordered.enumerated() { ordinals[key] = ordinal }
        return Assignment(
            snapshots: ordered.enumerated().map { ordinal, key in
                SnapshotRecord(
                    ordinal: ordinal,
                    iteration: key.iteration,
                    label: key.label,
                    isNumbered: key == numbered
                )
            },
            ordinals: zip(keys, isMember).map { key, member in
                member ? (key ?? numbered).flatMap { ordinals[$0] } : nil
            }
        )
    }
}

extension String {
    /// The string without the characters at its end that satisfy a predicate.
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}
