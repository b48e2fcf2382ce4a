/// The answer of a query: a table, and the versions in it.
public struct QueryAnswer: Hashable, Sendable {
    /// A version of the answer, with the name that its link has in a listing.
    public struct Link: Hashable, Sendable {
        /// `lenet@v3`, or `01-lenet@v3` in an ordered answer; a slash in the model's name is `+`.
        public let name: String
        /// The model.
        public let model: String
        /// The number of the version.
        public let number: Int
    }

    /// The names of the columns.
    public let columns: [String]
    /// A value for every column.
    public let rows: [[DQLValue]]
    /// The versions, in the order of the rows; none for a count.
    public let links: [Link]
    /// How the query was run.
    public let explanation: String

    /// The table: a header, a line a row, fields between tabs; a missing value is an empty field.
    public var tsv: String {
        ([columns] + rows.map { $0.map(Self.field) })
            .map { $0.map(Self.escaped).joined(separator: "\t") + "\n" }.joined()
    }

    /// The table as a JSON list of objects; a missing value is null.
    public var json: String {
        guard !rows.isEmpty else { return "[]\n" }
        let objects = rows.map { row in
            let members = zip(columns, row).map { "\(Self.quoted($0)): \(Self.json($1))" }
            return "  {" + members.joined(separator: ", ") + "}"
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }

    static func number(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func field(_ value: DQLValue) -> String {
        switch value {
        case .missing: ""
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): number(value)
        case .text(let text): text
        case .list(let items): items.joined(separator: ",")
        }
    }

    private static func escaped(_ text: String) -> String {
        guard text.contains(where: { "\t\n\r\\".contains($0) || $0 == "\r\n" }) else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t")
            .replacing("\r", with: "\\r").replacing("\n", with: "\\n")
    }

    private static func json(_ value: DQLValue) -> String {
        switch value {
        case .missing: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): value.isFinite ? number(value) : "null"
        case .text(let text): quoted(text)
        case .list(let items): "[" + items.map(quoted).joined(separator: ", ") + "]"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
