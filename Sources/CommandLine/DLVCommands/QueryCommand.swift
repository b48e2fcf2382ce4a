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
            A query selects versions or snapshots, or makes networks of theirs. The answer is a table with \
            tabs; --json prints a list of objects. In a mount the same query is a file, query/best.dql, \
            and its answer the directory query/best/.

            Examples, of versions:
              dlv query 'select m where m.name like "lenet%" and m["accuracy"] > 0.99'
              dlv query 'select m.name, min(m["loss"]) as best order by min(m["loss"]) limit 3'
              dlv query 'select count where m.creation_time > "2026-11" and not m.finite'
            Snapshots:
              dlv query 'select s from snapshots s order by s["accuracy"] desc limit 1'
            Lineage; layers whose bytes did not change:
              dlv query 'select m1, m2 where m1.parent = m2 and m1["conv1"] = m2["conv1"]'
            Layers by name (* ? [1,3]), neighbours, operators, and what their weights are like:
              dlv query 'select m where m["conv[1,3,5]"].next has POOL("MAX")'
              dlv query 'select m.name, m["conv*"].norm where max(m["*"].norm) > 100'
            Networks made of others, named SOURCE@vN~QUERY:
              dlv query 'slice n from m mutate n.input = m["conv1"] and n.output = m["fc7"]'
              dlv query 'construct n from m where m["conv*($1)"].next has POOL("AVG")
                         mutate m["conv*($1)"].insert = RELU("relu$1")'
            Saved queries, also as sources, and files:
              dlv query best
              dlv query 'select m from "best" m limit 3'
              dlv query dir/best.dql

            Attributes: name version creation_time message id tags parents children ancestors descendants \
            iteration label parameters bytes stored_bytes dtypes finite operators layers; config.KEY for \
            hyperparameters; m["NAME"] for measurements (at N, min, max, first, last). A layer has name \
            operator parameters bytes shape dtype minimum maximum mean norm zeros nans infinities finite \
            content and what its operator has, such as kernel.
            Conditions: = != < <= > >= like in between, is missing, and or not. What is missing is neither \
            true nor false, as in SQL. --explain, or 'explain' in front of a query, shows how it is run.
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Flag(help: "Show how the query is run, not its answer.")
    var explain = false

    @Argument(help: "The query, the name of a saved one, or a file whose name ends in .dql.")
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
            for note in answer.notes { StandardError.note(note) }
            if explain {
                print(answer.explanation, terminator: "")
            } else {
                FileHandle.standardOutput.write(Data(output.json ? answer.json() : answer.tsv()))
            }
        } catch let error as DQLError {
            StandardError.write(error.rendered(source: text, name: name))
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
