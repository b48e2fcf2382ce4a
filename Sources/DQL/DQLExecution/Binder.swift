import Catalog
import DQLSyntax
import Networks

/// Gives the names of a query their meaning: the third step from a text to a listing.
///
/// Saved queries and queries in parentheses become sources of the variables that stand for them.
struct Binder {
    let archive: ArchiveFacts

    /// The saved queries that are being bound, outermost first.
    private(set) var path: [String] = []
    private var depth = 0

    /// The text that is being bound; nil for the one that was compiled.
    var origin: DQLError.Origin?
    /// The variables of the query that is being bound.
    var variables: [BoundVariable] = []
    /// Whether the first unknown name in a condition declares the only variable.
    var declaresOnUse = false
    var checks = ArchiveChecks()
    /// The saved queries that are reached, with their texts.
    private(set) var dependencies: [String: [UInt8]] = [:]

    init(archive: ArchiveFacts, name: String?) {
        self.archive = archive
        if let name { path.append(name) }
    }

    /// Binds a query and everything that it selects from.
    ///
    /// - Throws: ``DQLError`` for the first name without a meaning.
    mutating func bind(_ query: Query) throws -> BoundQuery {
        guard depth < Parser.depthMax else {
            throw error(.limit, "The queries nest more than \(Parser.depthMax) deep.", at: nil)
        }
        depth += 1
        // Names of the outer query mean nothing in the inner one.
        let outer = (variables, declaresOnUse)
        variables = []
        declaresOnUse = false
        defer {
            depth -= 1
            (variables, declaresOnUse) = outer
        }
        switch query {
        case .select(let select): return .select(try bind(select))
        case .derive(let derive): return .derive(try bind(derive))
        case .evaluate(let evaluate): return .evaluate(try bind(evaluate))
        }
    }

    private mutating func bind(_ query: SelectQuery) throws -> BoundSelect {
        try declareVariables(of: query)
        let columns = try boundColumns(query.selection)
        if case .count(let counted?) = query.selection { _ = try variable(counted) }
        let condition = try query.condition.map { try bind($0) }
        var ordering: [(value: BoundValue, isDescending: Bool)] = []
        for term in query.ordering {
            ordering.append((try value(term.operand), term.isDescending))
        }
        if variables.isEmpty { try declare("m", .table(.versions)) }
        var bound = BoundSelect(variables: [], condition: condition, ordering: ordering, syntax: query)
        bound.limit = query.limit
        if let columns { bound.output = try output(columns, query.selection) }
        bound.selected = Array(Set(columns?.compactMap(\.variable) ?? [])).sorted()
        bound.variables = variables
        return bound
    }

    /// A column and the variable that it is of.
    private struct BoundItem {
        var column: BoundSelect.Column
        var variable: Int?
        var isVariable: Bool
    }

    private mutating func boundColumns(_ selection: Selection) throws -> [BoundItem]? {
        guard case .items(let items) = selection else { return nil }
        var bound: [BoundItem] = []
        for item in items {
            let value = try value(item.operand)
            var variable: Int?
            if case .attribute(let index, _) = value { variable = index }
            var isVariable = false
            if case .path(let path) = item.operand.kind { isVariable = path.steps.isEmpty }
            let heading = item.heading?.name ?? "\(item.operand)"
            bound.append(
                BoundItem(
                    column: .init(heading: heading, value: value),
                    variable: variable,
                    isVariable: isVariable
                )
            )
        }
        return bound
    }

    private func output(
        _ items: [BoundItem],
        _ selection: Selection
    ) throws -> BoundSelect.Output {
        if items.count == 1, items[0].isVariable, let variable = items[0].variable {
            return .entities(variable: variable)
        }
        return .columns(items.map(\.column))
    }

    // MARK: Derivation and evaluation

    private mutating func bind(_ query: DeriveQuery) throws -> BoundDerivation {
        let source = try boundSource(query.source)
        let name = query.source.variable?.name ?? Self.firstVariable(of: query) ?? "m"
        try declare(name, source)
        let condition = try query.condition.map { try bind($0) }
        var mutations: [BoundMutation] = []
        for mutation in query.mutations { mutations.append(try bind(mutation, of: query)) }
        try checkCompleteness(mutations, of: query)
        let select = SelectQuery(
            selection: .count(nil), sources: [query.source], condition: query.condition,
            ordering: [], limit: nil
        )
        return BoundDerivation(
            kind: query.kind,
            source: BoundSelect(
                variables: variables, condition: condition, output: .entities(variable: 0),
                selected: [0], syntax: select
            ),
            mutations: mutations,
            queryName: path.last,
            syntax: query,
            origin: origin
        )
    }

    /// The variable that selectors of a mutation are of, where the source has none of its own.
    private static func firstVariable(of query: DeriveQuery) -> String? {
        for mutation in query.mutations {
            switch mutation.action {
            case .input(let path), .output(let path): return path.variable.name
            default: return mutation.target.variable.name
            }
        }
        return nil
    }

    private mutating func bind(_ query: EvaluateQuery) throws -> BoundEvaluation {
        let source = try query.source.map { try boundSource($0) } ?? .table(.versions)
        try declare(query.source?.variable?.name ?? query.variable.name, source)
        if query.variable.name != variables[0].name { _ = try variable(query.variable) }
        let condition = try query.condition.map { try bind($0) }
        var dimensions: [BoundDimension] = []
        for dimension in query.dimensions { dimensions.append(try bind(dimension)) }
        for rule in query.rules { try check(rule) }
        let select = SelectQuery(
            selection: .count(nil), sources: query.source.map { [$0] } ?? [],
            condition: query.condition, ordering: [], limit: nil
        )
        return BoundEvaluation(
            source: BoundSelect(
                variables: variables, condition: condition, output: .entities(variable: 0),
                selected: [0], syntax: select
            ),
            dimensions: dimensions,
            syntax: query
        )
    }

    // MARK: Saved queries

    /// Binds a saved query that another selects from.
    mutating func bindSaved(_ name: String, at range: SourceRange) throws -> BoundQuery {
        let key = Self.canonicalName(name)
        if let start = path.firstIndex(of: key) {
            let cycle = (path[start...] + [key]).map { "'\($0)'" }.joined(separator: " from ")
            throw error(.recursion, "The query selects from itself: \(cycle).", at: range)
        }
        let text = try savedText(key, at: range)
        dependencies[key] = text
        let outer = origin
        origin = DQLError.Origin(name: key, text: text)
        path.append(key)
        defer {
            origin = outer
            path.removeLast()
        }
        let statement: Statement
        do throws(DQLError) {
            statement = try Parser.parse(text)
        } catch {
            throw error.located(in: origin)
        }
        return try bind(statement.query)
    }

    /// `best.dql` is the file that holds the query `best`; a text with a slash is a file's path.
    static func canonicalName(_ name: String) -> String {
        guard !name.contains("/"), name.hasSuffix(".dql") else { return name }
        return String(name.dropLast(4))
    }

    private func savedText(_ name: String, at range: SourceRange) throws -> [UInt8] {
        if name.contains("/"), !archive.readsFiles {
            throw error(
                .unavailable,
                "In a mount, queries are named, not read from files.",
                at: range,
                hint: "copy the file into query/ and write its name: from \"\(Self.fileStem(name))\""
            )
        }
        if let text = try archive.savedQuery(named: name) { return text }
        // The names serve the hint alone; without them the error is the same.
        let names = (try? archive.savedQueryNames()) ?? []
        throw error(
            .unknownName,
            name.contains("/")
                ? "There is no file '\(name)' that could be read as a query."
                : "There is no saved query '\(name)'.",
            at: range,
            hint: NameSuggestion.hint(for: name, among: names)
        )
    }

    private static func fileStem(_ path: String) -> String {
        canonicalName(String(path.split(separator: "/").last ?? ""))
    }

    /// Makes the error for a place in the text that is being bound.
    func error(
        _ code: DQLError.Code,
        _ message: String,
        at range: SourceRange?,
        hint: String? = nil
    ) -> DQLError {
        DQLError(code, message, at: range, hint: hint, origin: origin)
    }
}
