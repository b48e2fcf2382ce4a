import DQLSyntax

extension ArchiveFacts {
    /// The network of a name such as `lenet@v3~query3` or `lenet@v3~query3~2`: what the saved query
    /// behind the tilde makes of the version before it.
    ///
    /// - Returns: Nil if the name has no tilde.
    /// - Throws: ``DQLSyntax/DQLError`` if there is no such query, if it fails, or if it makes no network
    ///   of that name.
    public func madeNetwork(named name: String) throws -> MadeNetwork? {
        let parts = name.split(separator: "~", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2 else { return nil }
        guard let text = try savedQuery(named: parts[1]) else {
            throw DQLError(
                .unknownName,
                "There is no saved query '\(parts[1])', so no network '\(name)'.",
                hint: NameSuggestion.hint(for: parts[1], among: try savedQueryNames())
            )
        }
        let answer: QueryAnswer
        do {
            answer = try DQLQuery(text, name: parts[1], archive: self).run(limits: .commandLine)
        } catch let error as DQLError {
            throw error.located(in: .init(name: parts[1], text: text))
        }
        if let made = answer.networks.first(where: { $0.name == name }) { return made }
        let dropped = answer.dropped.first { $0.source == parts[0] }
        throw DQLError(
            .unknownName,
            "The query '\(parts[1])' makes no network '\(name)'."
                + (dropped.map { " It was dropped: \($0.reason)" } ?? ""),
            hint: NameSuggestion.hint(for: name, among: answer.networks.map(\.name))
        )
    }
}
