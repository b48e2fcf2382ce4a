import Archive
import ModelFormats

extension QueryAnswer {
    /// The table as tab-separated values: a line of headings, then a line a row.
    ///
    /// A missing value is empty; tab, newline, carriage return and backslash are written `\t`, `\n`,
    /// `\r`, `\\`; the elements of a list stand with commas between them.
    public func tsv() -> [UInt8] {
        var bytes: [UInt8] = []
        for row in [columns.map(DQLValue.text)] + rows {
            for (index, value) in row.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: "\t")) }
                AnswerText.appendEscaped(AnswerText.plain(value), to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// The table as a JSON array with an object a row; a missing value is null.
    public func json() -> [UInt8] {
        var bytes: [UInt8] = Array("[".utf8)
        let keys = columns.map { "\(JSONString.quoted($0)): ".utf8 }
        for (index, row) in rows.enumerated() {
            bytes += (index == 0 ? "\n  {" : ",\n  {").utf8
            for (column, value) in row.enumerated() {
                if column > 0 { bytes += ", ".utf8 }
                bytes += keys[column]
                AnswerText.appendJSON(value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += (rows.isEmpty ? "]\n" : "\n]\n").utf8
        return bytes
    }
}

extension QueryAnswer {
    /// The networks that could not be made, as tab-separated values: a line each.
    public func droppedTSV() -> [UInt8] {
        let table = QueryAnswer(
            columns: ["source", "node", "reason"],
            rows: dropped.map { [.text($0.source), .text($0.node), .text($0.reason)] }
        )
        return table.tsv()
    }
}

/// How values are written in tables and messages.
enum AnswerText {
    /// A value as it stands in a cell, nothing escaped.
    static func plain(_ value: DQLValue) -> String {
        switch value {
        case .missing: ""
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): value.isNaN ? "" : JSONText.shortest(value)
        case .text(let text): text
        case .list(let values): values.map(plain).joined(separator: ",")
        }
    }

    static func appendEscaped(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\t"): bytes += "\\t".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\r"): bytes += "\\r".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            default: bytes.append(byte)
            }
        }
    }

    static func appendJSON(_ value: DQLValue, to bytes: inout [UInt8]) {
        switch value {
        case .missing: bytes += "null".utf8
        case .boolean, .integer: bytes += plain(value).utf8
        // JSON has neither NaN nor infinities.
        case .number(let number): bytes += (number.isFinite ? plain(value) : "null").utf8
        case .text(let text): JSONString.append(text, to: &bytes)
        case .list(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in values.enumerated() {
                if index > 0 { bytes += ", ".utf8 }
                appendJSON(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }
}
