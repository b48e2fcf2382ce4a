import Catalog
import DQLSyntax

extension Binder {
    /// Finds what the variables of a query stand for: those behind `from`, then those that are
    /// selected; where neither names one, the first that a condition uses.
    mutating func declareVariables(of query: SelectQuery) throws {
        var waiting: [BoundVariable.Source] = []
        for source in query.sources {
            let bound = try boundSource(source)
            if let name = source.variable {
                try declare(name.name, bound, at: name.range)
            } else {
                waiting.append(bound)
            }
        }
        for name in Self.selectedNames(query.selection)
        where !variables.contains(where: { $0.name == name.name }) {
            guard query.sources.isEmpty || !waiting.isEmpty else {
                throw unknownVariable(name)
            }
            try declare(name.name, waiting.isEmpty ? .table(.versions) : waiting.removeFirst())
        }
        guard !waiting.isEmpty || (query.sources.isEmpty && variables.isEmpty) else { return }
        guard waiting.count <= 1, variables.isEmpty else {
            throw error(
                .unknownName,
                "A source needs a variable behind it, as in: from \"best\" b.",
                at: query.sources.first { $0.variable == nil }?.range
            )
        }
        // 'select count from "best" where x.version = 1': whatever name comes first.
        if let source = waiting.first {
            let used = query.condition.flatMap(Self.firstVariable) ?? "m"
            try declare(used, source)
        } else {
            declaresOnUse = true
        }
    }

    /// Adds a variable.
    mutating func declare(
        _ name: String,
        _ source: BoundVariable.Source,
        at range: SourceRange? = nil
    ) throws {
        guard !variables.contains(where: { $0.name == name }) else {
            throw error(.unknownName, "There are two variables '\(name)'.", at: range)
        }
        variables.append(BoundVariable(name: name, source: source))
    }

    /// The place of a variable.
    mutating func variable(_ name: Identifier, hint: String? = nil) throws -> Int {
        if let index = variables.firstIndex(where: { $0.name == name.name }) { return index }
        if declaresOnUse, variables.isEmpty {
            try declare(name.name, .table(.versions))
            return 0
        }
        throw unknownVariable(name, hint: hint)
    }

    private func unknownVariable(_ name: Identifier, hint: String? = nil) -> DQLError {
        let names = variables.map(\.name)
        let isMissing = ["null", "none", "nan"].contains(name.name.lowercased())
        return error(
            .unknownName,
            "The query has no variable '\(name.name)'.",
            at: name.range,
            hint: isMissing
                ? "write 'is missing'"
                : hint ?? NameSuggestion.hint(for: name.name, among: names)
                    ?? (names.count == 1
                        ? "its variable is '\(names[0])'"
                        : "its variables are \(names.joined(separator: ", "))")
        )
    }

    /// Binds what stands behind `from`.
    mutating func boundSource(_ source: QuerySource) throws -> BoundVariable.Source {
        let query: BoundQuery
        var savedName: String?
        switch source.kind {
        case .versions: return .table(.versions)
        case .snapshots: return .table(.snapshots)
        case .nested(let nested): query = try bind(nested)
        case .saved(let name):
            query = try bindSaved(name, at: source.range)
            savedName = Self.canonicalName(name)
        }
        switch query {
        case .derive: break
        case .evaluate:
            throw error(
                .typeMismatch,
                "What 'evaluate' trains has to be committed before it can be selected from.",
                at: source.range
            )
        case .select(let select):
            if case .count = select.output {
                throw error(
                    .typeMismatch,
                    "A query with 'count' answers a number; there are no versions to select from.",
                    at: source.range
                )
            }
            guard select.selected.count == 1 else {
                throw error(
                    .typeMismatch,
                    "The query selects of several variables; select from one that selects one.",
                    at: source.range
                )
            }
        }
        return .query(query, savedName: savedName)
    }

    private static func selectedNames(_ selection: Selection) -> [Identifier] {
        switch selection {
        case .count(let name): name.map { [$0] } ?? []
        case .items(let items):
            items.compactMap { item in
                switch item.operand.kind {
                case .literal: nil
                case .path(let path), .function(_, let path): path.variable
                }
            }
        }
    }

    private static func firstVariable(in condition: Condition) -> String? {
        func name(_ operand: Operand) -> String? {
            switch operand.kind {
            case .literal: nil
            case .path(let path), .function(_, let path): path.variable.name
            }
        }
        switch condition {
        case .all(let operands), .any(let operands):
            return operands.lazy.compactMap(firstVariable).first
        case .not(let operand): return firstVariable(in: operand)
        case .comparison(let left, _, let right), .contains(let left, let right):
            return name(left) ?? name(right)
        case .like(let operand, _), .isOneOf(let operand, _), .between(let operand, _, _),
            .isMissing(let operand):
            return name(operand)
        case .has(let path, _), .holds(let path): return path.variable.name
        }
    }
}
