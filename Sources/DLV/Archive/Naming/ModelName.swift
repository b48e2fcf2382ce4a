/// The rules for names of models and tags (design of the archive, "Naming a thing").
public enum ModelName {
    /// The longest name of a model or tag, in bytes.
    static let byteCountMax = 100

    /// Checks the name of a model.
    ///
    /// - Throws: ``ArchiveError`` with the rule that the name breaks.
    public static func check(_ name: String) throws {
        try checkCharacters(name, of: "model", allowingSlash: true)
        for part in name.split(separator: "/", omittingEmptySubsequences: false) {
            try checkPart(part, of: name)
        }
    }

    /// Checks the name of a tag.
    ///
    /// - Throws: ``ArchiveError`` with the rule that the name breaks.
    public static func checkTag(_ name: String) throws {
        try checkCharacters(name, of: "tag", allowingSlash: false)
        try checkPart(name[...], of: name)
    }

    private static func checkCharacters(
        _ name: String,
        of what: String,
        allowingSlash: Bool
    ) throws {
        guard !name.isEmpty, name.utf8.count <= byteCountMax else {
            throw ArchiveError(
                .invalid,
                "The \(what) name '\(name)' must have 1 to \(byteCountMax) bytes."
            )
        }
        for character in name.unicodeScalars {
            let isAllowed =
                character.isASCII
                && (character.properties.isAlphabetic || ("0"..."9").contains(character)
                    || "._-".unicodeScalars.contains(character)
                    || (allowingSlash && character == "/"))
            guard isAllowed else {
                throw ArchiveError(
                    .invalid,
                    "The \(what) name '\(name)' holds '\(character)'; letters, digits, '.', '_'"
                        + (allowingSlash ? ", '-' and '/' are allowed." : " and '-' are allowed.")
                )
            }
        }
    }

    private static func checkPart(_ part: Substring, of name: String) throws {
        func refuse(_ reason: String) -> ArchiveError {
            ArchiveError(.invalid, "The name '\(name)' cannot be used: \(reason).")
        }
        if part.isEmpty { throw refuse("a part of it is empty") }
        if part == ".." { throw refuse("'..' would leave the folder") }
        if part.hasPrefix(".") { throw refuse("'\(part)' begins with a dot") }
        if part == "latest" { throw refuse("'latest' always names the newest version") }
        if isVersionNumber(part) { throw refuse("'\(part)' looks like a version number") }
    }

    /// Whether a word is `v` and digits, as version numbers are written.
    static func isVersionNumber(_ word: Substring) -> Bool {
        word.count > 1 && word.first == "v" && word.dropFirst().allSatisfy { ("0"..."9").contains($0) }
    }
}
