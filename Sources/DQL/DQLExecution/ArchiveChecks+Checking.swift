import Catalog
import DQLSyntax

extension ArchiveChecks {
    /// Refuses hyperparameters and measurements that no version has, and comparisons of a
    /// hyperparameter with a constant that none of its values is like.
    ///
    /// An archive without versions has no names, so that every query runs on it and finds nothing.
    func check(_ catalog: Catalog) throws {
        for use in uses {
            switch use.attribute {
            case .hyperparameter(let name):
                if use.kind != nil { try checkKind(use, name, catalog) }
                guard try !catalog.hasHyperparameter(name) else { continue }
                try refuse(use, "hyperparameter", name, catalog.hyperparameterNames(), catalog)
            case .measurement(let name, _):
                guard try !catalog.hasMeasurement(name) else { continue }
                try refuse(use, "measurement", name, catalog.measurementNames(), catalog)
            default: continue
            }
        }
    }

    private func refuse(
        _ use: Use,
        _ what: String,
        _ name: String,
        _ known: Set<String>,
        _ catalog: Catalog
    ) throws {
        guard try !catalog.modelNames().isEmpty else { return }
        throw DQLError(
            .unknownName,
            "No version has a \(what) '\(name)'.",
            at: use.range,
            hint: NameSuggestion.hint(for: name, among: known) ?? Self.list(known, what),
            origin: use.origin
        )
    }

    private static func list(_ names: Set<String>, _ what: String) -> String {
        let shown = names.sorted().prefix(8).joined(separator: ", ")
        return names.isEmpty
            ? "the archive has no \(what)s"
            : "\(what)s are \(shown)\(names.count > 8 ? ", …" : "")"
    }

    private func checkKind(_ use: Use, _ name: String, _ catalog: Catalog) throws {
        guard let kind = use.kind,
            let example = try catalog.hyperparameter(name, isNever: kind.json)
        else { return }
        let value = DQLValue(json: example.value)
        throw DQLError(
            .typeMismatch,
            "The hyperparameter '\(name)' holds \(value.kind?.name ?? "nothing"), such as "
                + "\(AnswerText.plain(value)) in \(example.reference), "
                + "and cannot be compared with \(kind.name).",
            at: use.range,
            origin: use.origin
        )
    }

    /// What is worth knowing of tags that no version has: they are values, so it is no error.
    func tagNotes(_ catalog: Catalog) throws -> [String] {
        guard !tags.isEmpty else { return [] }
        let known = try catalog.tagNames()
        return tags.subtracting(known).sorted().map { tag in
            let hint = NameSuggestion.hint(for: tag, among: known).map { "; \($0)" } ?? ""
            return "no version has the tag '\(tag)'\(hint)"
        }
    }
}

extension ValueKind {
    /// The types in JSON that values of the kind may have; a list counts by its elements.
    fileprivate var json: [String] {
        switch self {
        case .boolean: ["true", "false", "array"]
        case .number: ["integer", "real", "array"]
        default: ["text", "array", "object"]
        }
    }
}
