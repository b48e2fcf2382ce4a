/// A message in protobuf's text format, such as a Caffe prototxt: fields in their order, of names that
/// need not be known (forks add their own, and readers are to skip them).
struct TextMessage: Hashable, Sendable {
    /// A field: `name: value` or `name { … }`.
    struct Field: Hashable, Sendable {
        let name: String
        let value: Value
    }

    /// What a field holds.
    indirect enum Value: Hashable, Sendable {
        /// A number, a word, or a text in quotes.
        case scalar(String)
        case message(TextMessage)
    }

    var fields: [Field] = []

    init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The values of a field that may be repeated.
    func scalars(_ name: String) -> [String] {
        fields.compactMap { field in
            guard field.name == name, case .scalar(let text) = field.value else { return nil }
            return text
        }
    }

    /// The value of a field; the last one counts, as protobuf says.
    func scalar(_ name: String) -> String? { scalars(name).last }

    /// The messages of a field that may be repeated.
    func messages(_ name: String) -> [TextMessage] {
        fields.compactMap { field in
            guard field.name == name, case .message(let message) = field.value else { return nil }
            return message
        }
    }

    /// The message of a field; several ones merge, as protobuf says.
    func message(_ name: String) -> TextMessage? {
        let all = messages(name)
        return all.isEmpty ? nil : TextMessage(all.flatMap(\.fields))
    }

    /// The whole numbers of a field; none if one of them is no whole number.
    func integers(_ name: String) -> [Int] {
        let texts = scalars(name)
        let numbers = texts.compactMap { Int($0) }
        return numbers.count == texts.count ? numbers : []
    }

    /// The whole number of a field.
    func integer(_ name: String) -> Int? { scalar(name).flatMap { Int($0) } }

    /// The number of a field.
    func number(_ name: String) -> Double? { scalar(name).flatMap { Double($0) } }

    /// The truth value of a field; protobuf reads `true`, `t` and `1`.
    func boolean(_ name: String) -> Bool? {
        switch scalar(name) {
        case "true", "True", "t", "1": true
        case "false", "False", "f", "0": false
        default: nil
        }
    }
}
