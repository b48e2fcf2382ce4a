import ModelFormats

/// A JSON value that tells whole numbers from others and keeps the order of members.
indirect enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([Member])

    /// A name and a value of an object.
    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONValue

        init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The value of a member; of a repeated one the last.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    var text: String? { if case .text(let value) = self { value } else { nil } }
    var list: [JSONValue]? { if case .list(let values) = self { values } else { nil } }
    var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }

    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The text on one line.
    var rendered: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): value.isFinite ? "\(value)" : "null"
        case .text(let value): JSONString.quoted(value)
        case .list(let values): "[\(values.map(\.rendered).joined(separator: ", "))]"
        case .object(let members):
            "{"
                + members.map { "\(JSONString.quoted($0.name)): \($0.value.rendered)" }
                .joined(separator: ", ") + "}"
        }
    }
}
