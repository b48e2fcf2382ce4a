import Foundation

/// Reads what a training run measured from its log: CSV, TSV or JSON lines.
///
/// A column named `iteration`, `iter`, `step`, `global_step` or `epoch` gives the iteration, the
/// first of these that is there; without one the rows are numbered from 0. Every other column that
/// holds numbers is a measurement. Columns of text are left out.
public struct MeasurementLog: Sendable {
    /// One number of the log.
    public struct Entry: Hashable, Sendable {
        /// What was measured.
        public var name: String
        /// When.
        public var iteration: Int64
        /// How much; NaN where the log says so.
        public var value: Double

        /// Creates an entry.
        public init(name: String, iteration: Int64, value: Double) {
            self.name = name
            self.iteration = iteration
            self.value = value
        }
    }

    private static let iterationNames = ["iteration", "iter", "step", "global_step", "epoch"]

    /// Reads a log file.
    ///
    /// - Parameter path: Where it is; `.jsonl` or a first line that begins with `{` is JSON lines,
    ///   a `[` is a JSON list of objects, a tab in the first line makes it TSV, else it is CSV.
    /// - Throws: ``ArchiveError`` naming the line that cannot be read.
    public static func read(_ path: String) throws -> [Entry] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ArchiveError(.notFound, "Cannot read the measurements in '\(path)'.")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ArchiveError(.badInput, "The measurements in '\(path)' are not UTF-8 text.")
        }
        let rows: [[(String, String)]]
        let start = text.first { !$0.isWhitespace }
        if start == "[" {
            rows = try jsonList(data, path: path)
        } else if start == "{" {
            rows = try jsonLines(text, path: path)
        } else {
            rows = try table(text, path: path)
        }
        return try entries(of: rows, path: path)
    }

    private static func entries(of rows: [[(String, String)]], path: String) throws -> [Entry] {
        let names = Set(rows.joined().map(\.0))
        let key = iterationNames.first { names.contains($0) }
        var entries: [Entry] = []
        for (index, row) in rows.enumerated() {
            var iteration = Int64(index)
            if let key {
                guard let text = row.first(where: { $0.0 == key })?.1 else { continue }
                guard let number = Double(text), let exact = Int64(exactly: number.rounded()) else {
                    throw ArchiveError(
                        .badInput,
                        "'\(path)', row \(index + 1): '\(text)' is no iteration."
                    )
                }
                iteration = exact
            }
            for (name, text) in row where name != key && !name.isEmpty {
                if let value = Double(text.trimmingCharacters(in: .whitespaces)) {
                    entries.append(Entry(name: name, iteration: iteration, value: value))
                }
            }
        }
        return entries
    }

    private static func table(_ text: String, path: String) throws -> [[(String, String)]] {
        let lines = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
        guard let first = lines.first else { return [] }
        let separator: Character = first.contains("\t") ? "\t" : ","
        let header = fields(of: first, separator: separator)
        return try lines.dropFirst().enumerated().map { index, line in
            let values = fields(of: line, separator: separator)
            guard values.count == header.count else {
                throw ArchiveError(
                    .badInput,
                    "'\(path)', line \(index + 2) has \(values.count) fields, but the header "
                        + "names \(header.count)."
                )
            }
            return Array(zip(header, values))
        }
    }

    /// The fields of a line of CSV (RFC 4180 without line breaks inside quotes) or TSV.
    private static func fields(of line: Substring, separator: Character) -> [String] {
        guard separator == ",", line.contains("\"") else {
            return line.split(separator: separator, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var previous: Character?
        for character in line {
            switch character {
            case "\"":
                if !isQuoted, previous == "\"" { field.append("\"") }
                isQuoted.toggle()
            case separator where !isQuoted:
                fields.append(field)
                field = ""
            default: field.append(character)
            }
            previous = character
        }
        return fields + [field]
    }

    private static func jsonLines(_ text: String, path: String) throws -> [[(String, String)]] {
        let lines = text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
        return try lines.enumerated().map { index, line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let members = object as? [String: Any] else {
                throw ArchiveError(.badInput, "'\(path)', line \(index + 1) is no JSON object.")
            }
            return fields(of: members)
        }
    }

    private static func jsonList(_ data: Data, path: String) throws -> [[(String, String)]] {
        let value = try? JSONSerialization.jsonObject(with: data)
        guard let objects = value as? [[String: Any]] else {
            throw ArchiveError(.badInput, "'\(path)' is no JSON list of objects.")
        }
        return objects.map(fields)
    }

    private static func fields(of members: [String: Any]) -> [(String, String)] {
        members.sorted { $0.key < $1.key }.compactMap { key, value in
            switch value {
            case let text as String: (key, text)
            case let number as NSNumber: (key, number.stringValue)
            default: nil
            }
        }
    }
}
