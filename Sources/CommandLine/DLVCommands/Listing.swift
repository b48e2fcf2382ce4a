/// Prints rows in columns that are as wide as their longest entry.
struct Listing {
    private var rows: [[String]] = []
    private let rightAligned: Set<Int>

    /// Starts a listing.
    ///
    /// - Parameters:
    ///   - header: The words above the columns.
    ///   - rightAligned: The columns that hold numbers.
    init(_ header: [String], rightAligned: Set<Int> = []) {
        rows = [header]
        self.rightAligned = rightAligned
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    func print() {
        var widths = [Int](repeating: 0, count: rows[0].count)
        for row in rows {
            for (column, text) in row.enumerated() { widths[column] = max(widths[column], text.count) }
        }
        for row in rows {
            let cells = row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return rightAligned.contains(column) ? padding + text : text + padding
            }
            let line = cells.joined(separator: "  ")
            Swift.print(line.trimmingSpacesAtEnd)
        }
    }
}

extension String {
    fileprivate var trimmingSpacesAtEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// A number of bytes for people: `1.5 MB`, in powers of a thousand.
func byteText(_ byteCount: Int) -> String {
    var value = Double(byteCount)
    var unit = 0
    let units = ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5, unit + 1 < units.count {
        value /= 1000
        unit += 1
    }
    guard unit > 0 else { return "\(byteCount) B" }
    let tenths = Int((value * 10).rounded())
    return value < 99.95 ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(Int(value.rounded())) \(units[unit])"
}

/// A count with its noun: `1 file`, `3 files`.
func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}
