public import Catalog
import ParameterStore

/// What a user writes to name a version or a snapshot.
///
/// `NAME` is the newest version, `NAME@v3` one by number, `NAME@TAG` one by tag, and
/// `NAME@v3:10000` or `NAME@v3:10000-ema` a snapshot.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// How the version is chosen.
    public enum Selection: Hashable, Sendable {
        /// The newest version of the model.
        case newest
        /// The version of a number.
        case number(Int)
        /// The version that carries a tag.
        case tag(String)
    }

    /// The name of the model.
    public let model: String

    /// How the version is chosen.
    public let selection: Selection

    /// The name of the snapshot, if one is named: the iteration, and a label after `-`.
    public let snapshot: String?

    /// Reads a reference.
    ///
    /// - Parameter text: What the user wrote.
    /// - Throws: ``ArchiveError`` if it is not of the form above.
    public init(_ text: String) throws {
        var rest = text[...]
        if let colon = rest.lastIndex(of: ":") {
            let name = rest[rest.index(after: colon)...]
            guard let first = name.first, ("0"..."9").contains(first) else {
                throw ArchiveError(
                    .invalid,
                    "'\(text)' names no snapshot after ':'; write NAME@v3:ITERATION."
                )
            }
            snapshot = String(name)
            rest = rest[..<colon]
        } else {
            snapshot = nil
        }
        if let at = rest.firstIndex(of: "@") {
            let selector = rest[rest.index(after: at)...]
            if selector == "latest" {
                selection = .newest
            } else if ModelName.isVersionNumber(selector), let number = Int(selector.dropFirst()) {
                selection = .number(number)
            } else {
                try ModelName.checkTag(String(selector))
                selection = .tag(String(selector))
            }
            rest = rest[..<at]
        } else {
            selection = .newest
        }
        model = String(rest)
        try ModelName.check(model)
    }

    /// The reference as users write it.
    public var description: String {
        let version =
            switch selection {
            case .newest: ""
            case .number(let number): "@v\(number)"
            case .tag(let tag): "@\(tag)"
            }
        return model + version + (snapshot.map { ":\($0)" } ?? "")
    }
}

extension ModelArchive {
    /// The version that a reference names.
    ///
    /// - Throws: ``ArchiveError`` if there is none, with what there is instead.
    public func version(_ reference: Reference) throws -> VersionRecord {
        guard let model = try catalog.model(named: reference.model) else {
            throw ArchiveError(.notFound, try missingModel(reference.model))
        }
        let found: VersionRecord?
        switch reference.selection {
        case .newest: found = try catalog.newestVersion(of: model.name)
        case .number(let number): found = try catalog.version(of: model.name, number: number)
        case .tag(let tag): found = try catalog.version(of: model.name, tag: tag)
        }
        guard let found else {
            let tags = try catalog.tags(of: model.id).map(\.name)
            let known = tags.isEmpty ? "" : " Its tags are \(tags.joined(separator: ", "))."
            throw ArchiveError(
                .notFound,
                "There is no version '\(reference)'; 'dlv list \(model.name)' shows all.\(known)"
            )
        }
        guard found.removalTime == nil else {
            throw ArchiveError(.notFound, "'\(found.reference)' was removed.")
        }
        return found
    }

    /// The snapshot of a version that a reference names; the latest if it names none.
    public func snapshot(
        _ reference: Reference,
        of version: VersionRecord
    ) throws -> SnapshotRecord? {
        let snapshots = try catalog.snapshots(of: version.id)
        guard let name = reference.snapshot else { return snapshots.last }
        guard let found = snapshots.first(where: { $0.name == name }) else {
            let known = snapshots.suffix(10).map(\.name).joined(separator: ", ")
            throw ArchiveError(
                .notFound,
                "'\(version.reference)' has no snapshot '\(name)'; it has \(known)."
            )
        }
        return found
    }

    private func missingModel(_ name: String) throws -> String {
        let names = try catalog.modelNames()
        guard !names.isEmpty else { return "The archive holds no model '\(name)'; it is empty." }
        let folded = name.lowercased()
        let near = names.filter { $0.lowercased().contains(folded) || folded.contains($0.lowercased()) }
        let hint = near.isEmpty ? "'dlv list' shows all" : "did you mean '\(near[0])'"
        return "The archive holds no model '\(name)'; \(hint)\(near.isEmpty ? "." : "?")"
    }
}
