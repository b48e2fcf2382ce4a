/// The rules for names in `query/`.
enum QueryName {
    static let suffix = Array(".dql".utf8)

    /// What a file of a name is.
    enum Kind: Hashable {
        /// A saved query, by its name without `.dql`.
        case query(String)
        /// An editor's file: kept in memory.
        case scratch
        /// A name that ends in `.dql` but cannot be a query's.
        case invalid
    }

    /// The kind of a file by its name.
    ///
    /// A query's name is a letter or digit, then letters, digits, `_` and `-`. Hidden files that end in
    /// `.dql` are editors' own.
    static func kind(of name: [UInt8]) -> Kind {
        guard name.suffix(suffix.count) == suffix[...], name.first != UInt8(ascii: ".") else {
            return .scratch
        }
        let stem = name.dropLast(suffix.count)
        return isQueryName(Array(stem)) ? .query(String(decoding: stem, as: UTF8.self)) : .invalid
    }

    /// Whether bytes can be the name of a query, without `.dql`.
    static func isQueryName(_ name: [UInt8]) -> Bool {
        guard let first = name.first, isAlphanumeric(first), name.count <= 200 else { return false }
        return name.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
