/// The time that a prefix of an ISO 8601 time in UTC covers: `2015-11` is a whole month.
struct TimeSpan: Hashable {
    /// The first millisecond since 1970 in it.
    let start: Int64

    /// The first millisecond behind it.
    let end: Int64

    /// Reads `2015`, `2015-11`, `2015-11-22`, `2015-11-22T10`, `…:30`, `…:59`, `….123`, `…Z`.
    init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        if bytes.count > 11, bytes.last == UInt8(ascii: "Z") { bytes.removeLast() }
        guard let fields = Self.fields(bytes), let year = fields.first else { return nil }
        func field(_ index: Int, _ missing: Int64) -> Int64 {
            index < fields.count ? fields[index] : missing
        }
        let month = field(1, 1)
        guard (1...12).contains(month),
            (1...Self.dayCount(month, year)).contains(field(2, 1)),
            field(3, 0) < 24, field(4, 0) < 60, field(5, 0) < 60
        else { return nil }
        let days = Self.days(year, month, field(2, 1))
        let seconds = ((days * 24 + field(3, 0)) * 60 + field(4, 0)) * 60 + field(5, 0)
        start = seconds * 1000 + field(6, 0)
        end =
            switch fields.count {
            case 1: Self.days(year + 1, 1, 1) * 86_400_000
            case 2 where month == 12: Self.days(year + 1, 1, 1) * 86_400_000
            case 2: Self.days(year, month + 1, 1) * 86_400_000
            case 3: start + 86_400_000
            case 4: start + 3_600_000
            case 5: start + 60_000
            case 6: start + 1000
            default: start + 1
            }
    }

    /// How a time stands to the span: before it, in it, or behind it.
    func order(of time: Int64) -> ValueOrder {
        time < start ? .ascending : (time < end ? .same : .descending)
    }

    /// The numbers of a time, as many as are written; nil if it is not one.
    private static func fields(_ bytes: ArraySlice<UInt8>) -> [Int64]? {
        let widths = [4, 2, 2, 2, 2, 2, 3]
        let separators = ["", "-", "-", "Tt ", ":", ":", "."]
        var fields: [Int64] = []
        var rest = bytes
        while !rest.isEmpty {
            guard fields.count < widths.count else { return nil }
            if !fields.isEmpty {
                guard separators[fields.count].utf8.contains(rest.removeFirst()) else { return nil }
            }
            let digits = rest.prefix(widths[fields.count])
            guard digits.count == widths[fields.count],
                digits.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            fields.append(digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) })
            rest = rest.dropFirst(digits.count)
        }
        return fields.isEmpty ? nil : fields
    }

    private static func dayCount(_ month: Int64, _ year: Int64) -> Int64 {
        let next = month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1)
        return next - days(year, month, 1)
    }

    /// The days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant,
    /// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`, for years from 0).
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // The year begins in March, so that the leap day is its last.
        let shifted = month <= 2 ? year + 399 : year + 400
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return (era - 1) * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    /// A time as `2015-11-22T10:30:59Z`.
    ///
    /// - Parameter milliseconds: Since 1970; what is below a second is cut off.
    static func text(_ milliseconds: Int64) -> String {
        let seconds = Int64((Double(milliseconds) / 1000).rounded(.down))
        let time = (seconds % 86_400 + 86_400) % 86_400
        // The inverse of `days`, from the same source (`civil_from_days`).
        let shifted = (seconds - time) / 86_400 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T"
            + padded(time / 3600, 2) + ":" + padded(time / 60 % 60, 2) + ":"
            + padded(time % 60, 2) + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
