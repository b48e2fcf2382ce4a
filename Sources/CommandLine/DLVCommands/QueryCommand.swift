import Archive
import ArgumentParser
import DQLExecution
import DQLSyntax
import Foundation

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Runs a DQL query, written or saved.",
        discussion: """
            Examples:
              dlv query 'select m where m.name like "lenet%" and m["accuracy"] > 0.99'
              dlv query 'select m.name, m["loss"] order by m["loss"] limit 3'
              dlv query best          the saved query of that name: query/best.dql in a mount

            The answer is a table with tabs; --json prints a list of objects.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Flag(help: "Show how the query is run, not its answer.")
    var explain = false

    @Argument(help: "The query, or the name of a saved one.")
    var query: String

    @Option(help: "Stop after this many seconds.")
    var seconds: Double = QueryLimits.commandLine.seconds

    @Option(help: "Refuse an answer of more rows.")
    var rows: Int = QueryLimits.commandLine.rowCount

    @Option(help: "Refuse to try more combinations where no equality joins the variables.")
    var combinations: Int = QueryLimits.commandLine.combinationCount

    func run() throws {
        let facts = ArchiveFacts(try archive.open(readOnly: true), readsFiles: true)
        let (text, name) = try text(facts)
        var limits = QueryLimits.commandLine
        limits.seconds = seconds
        limits.rowCount = rows
        limits.combinationCount = combinations
        do {
            let answer = try DQLQuery(text, name: name, archive: facts).run(limits: limits)
            if explain {
                print(answer.explanation, terminator: "")
            } else {
                FileHandle.standardOutput.write(Data(output.json ? answer.json() : answer.tsv()))
            }
        } catch let error as DQLError {
            FileHandle.standardError.write(Data(error.rendered(source: text, name: name).utf8))
            throw ExitCode.failure
        }
    }

    /// The text of the query, and its name if it is a saved one or a file.
    private func text(_ facts: ArchiveFacts) throws -> (text: [UInt8], name: String?) {
        if query.hasSuffix(".dql") {
            guard let text = FileManager.default.contents(atPath: query) else {
                throw ArchiveError(.notFound, "There is no file '\(query)'.")
            }
            let file = query.split(separator: "/").last.map(String.init) ?? query
            return ([UInt8](text), String(file.dropLast(4)))
        }
        let isName = query.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
        guard isName else { return (Array(query.utf8), nil) }
        if let text = try facts.savedQuery(named: query) { return (text, query) }
        let near = NameSuggestion.hint(for: query, among: try facts.savedQueryNames())
        throw ArchiveError(
            .notFound,
            "There is no saved query '\(query)'." + (near.map { " \($0.prefix(1).uppercased())\($0.dropFirst())" } ?? "")
        )
    }
}
