import Catalog
import DQLSyntax
import Networks

extension Binder {
    /// Finds what a value means.
    mutating func value(_ operand: Operand) throws -> BoundValue {
        switch operand.kind {
        case .literal(let literal): return .literal(DQLValue(literal))
        case .path(let path): return try value(path)
        case .function(let name, let path): return try value(of: name, path)
        }
    }

    /// Finds what a path means.
    ///
    /// - Parameter isNode: Whether `m["conv1"]` alone is a selector and not a measurement.
    mutating func value(_ path: AttributePath) throws -> BoundValue {
        let index = try variable(
            path.variable,
            hint: path.steps.isEmpty ? "a text stands in double quotes" : nil
        )
        let attribute = try attribute(path)
        note(attribute, at: path.range)
        return .attribute(variable: index, slot: variables[index].slot(of: attribute))
    }

    /// Remembers a name that only the archive knows.
    private mutating func note(_ attribute: Attribute, at range: SourceRange) {
        switch attribute {
        case .hyperparameter, .measurement:
            checks.uses.append(.init(attribute: attribute, range: range, origin: origin))
        default: break
        }
    }

    private mutating func value(of name: Identifier, _ path: AttributePath) throws -> BoundValue {
        let index = try variable(path.variable)
        let attribute: Attribute
        switch (name.name.lowercased(), try attributeOrSelection(path)) {
        case ("min", .attribute(.measurement(let metric, .latest))):
            attribute = .measurement(metric, .minimum)
        case ("max", .attribute(.measurement(let metric, .latest))):
            attribute = .measurement(metric, .maximum)
        case ("first", .attribute(.measurement(let metric, .latest))):
            attribute = .measurement(metric, .first)
        case ("last", .attribute(.measurement(let metric, .latest))):
            attribute = .measurement(metric, .latest)
        case ("count", .attribute(.measurement(let pattern, .latest))):
            attribute = .nodes(
                NodeSelection(pattern: try self.pattern(pattern, at: path.range)), .count
            )
        case ("count", .selection(let selection)): attribute = .nodes(selection, .count)
        case ("min", .attribute(.nodes(let selection, let fact))) where fact.kind == .number:
            attribute = .extreme(.nodes(selection, fact), isMaximum: false)
        case ("max", .attribute(.nodes(let selection, let fact))) where fact.kind == .number:
            attribute = .extreme(.nodes(selection, fact), isMaximum: true)
        case ("min", _), ("max", _), ("first", _), ("last", _):
            throw error(
                .typeMismatch,
                "'\(name.name)' is of a measurement, as in \(name.name)(\(path.variable.name)[\"loss\"]).",
                at: path.range
            )
        case ("count", _):
            throw error(
                .typeMismatch,
                "'count' is of nodes, as in count(\(path.variable.name)[\"conv*\"]).",
                at: path.range
            )
        default:
            let names = ["min", "max", "first", "last", "count"]
            throw error(
                .unknownName,
                "There is no function '\(name.name)'.",
                at: name.range,
                hint: NameSuggestion.hint(for: name.name, among: names)
                    ?? "functions are \(names.joined(separator: ", "))"
            )
        }
        note(attribute, at: path.range)
        return .attribute(variable: index, slot: variables[index].slot(of: attribute))
    }

    // MARK: Attributes

    /// What a path may be.
    private enum PathMeaning {
        case attribute(Attribute)
        case selection(NodeSelection)
    }

    /// Finds what a path means that must be a value.
    func attribute(_ path: AttributePath) throws -> Attribute {
        switch try attributeOrSelection(path) {
        case .attribute(let attribute): return attribute
        case .selection:
            throw error(
                .typeMismatch,
                "'\(path)' is nodes of a network; say what of them, such as '\(path).norm', "
                    + "or test them with 'has'.",
                at: path.range
            )
        }
    }

    private func attributeOrSelection(_ path: AttributePath) throws -> PathMeaning {
        if path.iteration != nil, !Self.isElementAlone(path) {
            throw error(
                .typeMismatch,
                "Only a measurement such as \(path.variable.name)[\"loss\"] has an iteration.",
                at: path.range
            )
        }
        switch path.steps.first {
        case nil: return .attribute(.reference)
        case .element(let name) where path.steps.count == 1:
            let reading = path.iteration.map(Attribute.Reading.at) ?? .latest
            return .attribute(.measurement(name.name, reading))
        case .element: return try nodes(path)
        case .member(let name) where name.name == "config":
            return .attribute(.hyperparameter(try hyperparameterName(path)))
        case .member(let name) where name.name == "nodes": return try nodes(path)
        case .member(let name):
            guard let attribute = Attribute.byName[name.name] else {
                throw error(
                    .unknownName,
                    "Versions have no attribute '\(name.name)'.",
                    at: name.range,
                    hint: attributeHint(name.name, of: path.variable.name)
                )
            }
            guard path.steps.count == 1 else {
                throw error(
                    .unknownName,
                    "'\(path.variable.name).\(name.name)' has no parts.",
                    at: path.range
                )
            }
            return .attribute(attribute)
        }
    }

    /// Whether a path is `m["loss"]`.
    static func isElementAlone(_ path: AttributePath) -> Bool {
        guard path.steps.count == 1, case .element = path.steps[0] else { return false }
        return true
    }

    /// The key behind `config`; keys with points are written as they are.
    private func hyperparameterName(_ path: AttributePath) throws -> String {
        guard path.steps.count > 1 else {
            throw error(
                .syntax,
                "'\(path)' needs the name of a hyperparameter.",
                at: path.range,
                hint: "for example '\(path).lr'"
            )
        }
        return path.steps.dropFirst().map { step in
            switch step {
            case .member(let name), .element(let name): name.name
            }
        }.joined(separator: ".")
    }

    /// What somebody may have meant: an attribute, or a hyperparameter or measurement of that name.
    private func attributeHint(_ name: String, of variable: String) -> String {
        // Whatever the archive cannot tell is only missing in the hint.
        if (try? archive.catalog.hasHyperparameter(name)) == true {
            return "did you mean '\(variable).config.\(name)'?"
        }
        if (try? archive.catalog.hasMeasurement(name)) == true {
            return "did you mean '\(variable)[\"\(name)\"]'?"
        }
        let names = Attribute.names + ["config", "nodes"]
        return NameSuggestion.hint(for: name, among: names)
            ?? "attributes are \(names.joined(separator: ", "))"
    }

    // MARK: Nodes

    /// Reads `m["conv*"].next.prev` and what may stand behind it.
    private func nodes(_ path: AttributePath) throws -> PathMeaning {
        var selection: NodeSelection
        switch path.steps[0] {
        case .element(let name):
            selection = NodeSelection(pattern: try pattern(name.name, at: name.range))
        case .member(let name):
            selection = NodeSelection(pattern: try pattern("*", at: name.range))
        }
        for (place, step) in path.steps.enumerated().dropFirst() {
            guard case .member(let name) = step else {
                throw error(.syntax, "A name such as '.next' is expected here.", at: path.range)
            }
            if let direction = NodeSelection.Step(rawValue: name.name) {
                selection.steps.append(direction)
                continue
            }
            guard place == path.steps.count - 1 else {
                throw error(
                    .unknownName,
                    "Only .next and .prev lead on from nodes, not '.\(name.name)'.",
                    at: name.range,
                    hint: NameSuggestion.hint(for: name.name, among: ["next", "prev"])
                )
            }
            return .attribute(.nodes(selection, try fact(name)))
        }
        return .selection(selection)
    }

    /// Finds what is asked of nodes.
    private func fact(_ name: Identifier) throws -> NodeFact {
        if let fact = NodeFact.byName[name.name] { return fact }
        let attributes = Set(OperatorSignature.all.flatMap { $0.parameters.map(\.name) })
        if attributes.contains(name.name) { return .attribute(name.name) }
        let names = ["next", "prev"] + NodeFact.byName.keys.sorted() + attributes.sorted()
        throw error(
            .unknownName,
            "Nodes have no attribute '\(name.name)'.",
            at: name.range,
            hint: NameSuggestion.hint(for: name.name, among: names)
                ?? "attributes are \(NodeFact.byName.keys.sorted().joined(separator: ", ")) "
                + "and those of operators, such as kernel"
        )
    }

    /// Compiles the pattern of a selector.
    func pattern(_ text: String, at range: SourceRange) throws -> NodePattern {
        do throws(NetworkError) {
            return try NodePattern(text)
        } catch {
            // The offset is that in the text; escapes and the quote before it shift it.
            let place = error.offset.map { range.start + 1 + $0 } ?? range.start
            let start = min(place, max(range.start, range.end - 1))
            throw self.error(.syntax, error.message, at: SourceRange(start, max(start + 1, range.end)))
        }
    }

    /// Finds the nodes that a path means.
    func selection(_ path: AttributePath) throws -> NodeSelection {
        if path.steps.isEmpty {
            throw error(
                .typeMismatch,
                "Expected nodes such as \(path.variable.name)[\"conv*\"], found a variable.",
                at: path.range
            )
        }
        if Self.isElementAlone(path), path.iteration == nil, case .element(let name) = path.steps[0] {
            return NodeSelection(pattern: try pattern(name.name, at: name.range))
        }
        if case .selection(let selection) = try attributeOrSelection(path) { return selection }
        throw error(
            .typeMismatch,
            "Expected nodes such as \(path.variable.name)[\"conv*\"], found '\(path)'.",
            at: path.range
        )
    }

    /// Gives a template its meaning.
    func template(_ syntax: Template, captures: Set<Int>) throws -> NodeTemplate {
        let arguments = syntax.arguments.map { argument in
            let values = argument.values.map { AttributeValue($0.value) }
            return NodeTemplate.Argument(
                name: argument.name?.name,
                values.count == 1 ? values[0] : .list(values)
            )
        }
        let template: NodeTemplate
        do throws(NetworkError) {
            template = try NodeTemplate(Operator(syntax.name.name), arguments)
        } catch {
            let names = OperatorSignature.all.map(\.name)
            throw self.error(
                .unknownName,
                error.message,
                at: syntax.range,
                hint: NameSuggestion.hint(for: syntax.name.name.uppercased(), among: names)
            )
        }
        if let missing = template.captureReferences.subtracting(captures).min() {
            throw error(
                .unknownName,
                "Nothing captures $\(missing).",
                at: syntax.range,
                hint: "a wildcard is captured by writing ($\(missing)) behind it: conv*($\(missing))"
            )
        }
        return template
    }
}

extension AttributeValue {
    /// The value of a constant.
    init(_ value: Literal.Value) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(Int(clamping: value))
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        }
    }
}

extension DQLValue {
    /// The value of a constant.
    init(_ literal: Literal.Value) {
        switch literal {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        }
    }
}
