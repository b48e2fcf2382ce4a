extension AttributePath: CustomStringConvertible {
    /// The path in double quotes where a name is no word.
    public var description: String {
        var text = variable.name
        for step in steps {
            switch step {
            case .member(let name): text += ".\(name.name)"
            case .element(let name): text += "[\(Literal.quoted(name.name))]"
            }
        }
        return iteration.map { "\(text) at \($0)" } ?? text
    }
}

extension Literal: CustomStringConvertible {
    /// The constant as it is written.
    public var description: String { value.description }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension Literal.Value: CustomStringConvertible {
    /// The value as it is written.
    public var description: String {
        switch self {
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): Literal.quoted(value)
        }
    }
}

extension Operand: CustomStringConvertible {
    /// The value as it is written.
    public var description: String {
        switch kind {
        case .path(let path): path.description
        case .literal(let literal): literal.description
        case .function(let name, let path): "\(name.name)(\(path))"
        }
    }
}

extension Template: CustomStringConvertible {
    /// The template as it is written.
    public var description: String {
        guard !arguments.isEmpty else { return name.name }
        return "\(name.name)(\(arguments.map(\.description).joined(separator: ", ")))"
    }
}

extension Template.Argument: CustomStringConvertible {
    /// The argument as it is written.
    public var description: String {
        let texts = values.map(\.description)
        let value = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
        return name.map { "\($0.name)=\(value)" } ?? value
    }
}

extension Condition: CustomStringConvertible {
    /// The condition with parentheses only where they are needed.
    public var description: String {
        switch self {
        case .all(let operands): operands.map(\.grouped).joined(separator: " and ")
        case .any(let operands): operands.map(\.grouped).joined(separator: " or ")
        case .not(let operand): "not \(operand.grouped)"
        case .comparison(let left, let comparison, let right):
            "\(left) \(comparison.rawValue) \(right)"
        case .like(let operand, let pattern): "\(operand) like \(pattern)"
        case .isOneOf(let operand, let literals):
            "\(operand) in (\(literals.map(\.description).joined(separator: ", ")))"
        case .contains(let list, let element): "\(element) in \(list)"
        case .between(let operand, let low, let high): "\(operand) between \(low) and \(high)"
        case .isMissing(let operand): "\(operand) is missing"
        case .has(let path, let template): "\(path) has \(template)"
        case .holds(let path): path.description
        }
    }

    /// Chains within chains keep their parentheses, so that the tree is the same when read again.
    private var grouped: String {
        switch self {
        case .all, .any: "(\(self))"
        default: description
        }
    }
}
