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

    /// A command line is not bound to what a mount may take.
    private static let limits = QueryLimits(duration: .seconds(600), rowCount: .max)

    func run() throws {
        let source = ArchiveVersionSource(try archive.open(readOnly: true))
        let isName = query.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
        let saved = isName ? source.savedQuery(named: query) : nil
        guard !isName || saved != nil else {
            let names = try source.savedQueryNames()
            let near = Spelling.nearest(to: query, among: names).map { " Did you mean '\($0)'?" }
            throw ArchiveError(.notFound, "There is no saved query '\(query)'.\(near ?? "")")
        }
        let text = saved ?? Array(query.utf8)
        do {
            let compiled = try DQLQuery(
                compiling: text,
                named: saved == nil ? nil : query,
                source: source
            )
            let answer = try compiled.run(source: source, limits: Self.limits)
            print(explain ? answer.explanation : output.json ? answer.json : answer.tsv, terminator: "")
        } catch let error as DQLError {
            let name = saved == nil ? "query" : "\(query).dql"
            FileHandle.standardError.write(Data(error.rendered(in: text, name: name).utf8))
            throw ExitCode.failure
        }
    }
}
