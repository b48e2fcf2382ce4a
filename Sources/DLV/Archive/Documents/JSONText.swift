import Foundation
import ModelFormats

/// A JSON value that keeps the order of its members, so that the same facts give the same bytes.
public indirect enum JSONText: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONText])
    case object([Member])
    /// A value that is JSON text already.
    case raw(String)

    /// A name and a value of an object.
    public struct Member: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The value.
        public let value: JSONText

        /// Creates a member.
        public init(_ name: String, _ value: JSONText) {
            self.name = name
            self.value = value
        }
    }

    /// The text, indented by two spaces a level and ended by a newline.
    public func rendered() -> String {
        var text = ""
        write(to: &text, indentation: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indentation: Int) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? Self.shortest(value) : "null"
        case .string(let value): text += JSONString.quoted(value)
        case .raw(let value): text += value
        case .array(let values):
            Self.write("[", values.map { (nil, $0) }, "]", to: &text, indentation)
        case .object(let members):
            Self.write("{", members.map { ($0.name, $0.value) }, "}", to: &text, indentation)
        }
    }

    private static func write(
        _ opening: String,
        _ members: [(name: String?, value: JSONText)],
        _ closing: String,
        to text: inout String,
        _ indentation: Int
    ) {
        text += opening
        for (index, member) in members.enumerated() {
            text += index == 0 ? "\n" : ",\n"
            text += String(repeating: " ", count: indentation + 2)
            if let name = member.name { text += JSONString.quoted(name) + ": " }
            member.value.write(to: &text, indentation: indentation + 2)
        }
        if !members.isEmpty { text += "\n" + String(repeating: " ", count: indentation) }
        text += closing
    }

    /// The shortest text that reads back as the same number, without a trailing `.0`.
    public static func shortest(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The value that a user meant on the command line: JSON if it reads as a number, a truth
    /// value, null, a list or an object, else the text itself.
    public static func fromCommandLine(_ text: String) -> JSONText {
        if let integer = Int64(text) { return .integer(integer) }
        if let number = Double(text), number.isFinite, text.first?.isLetter == false {
            return .number(number)
        }
        switch text {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default: break
        }
        if text.hasPrefix("[") || text.hasPrefix("{"),
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil
        {
            return .raw(text)
        }
        return .string(text)
    }

    /// The value on one line, as the catalog keeps hyperparameters.
    public var compact: String {
        switch self {
        case .array, .object: rendered().split(separator: "\n").joined(separator: " ")
        default: String(rendered().dropLast())
        }
    }
}

/// A time of the catalog as text.
public enum Timestamp {
    /// ISO 8601 in UTC with seconds: `2026-11-23T10:00:00Z`.
    ///
    /// - Parameter milliseconds: Since 1970.
    public static func text(_ milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        return date.formatted(.iso8601)
    }
}
